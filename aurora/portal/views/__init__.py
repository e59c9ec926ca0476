"""Views of 5 to 15 lines: read the request, call a journey or a query, present, render."""
