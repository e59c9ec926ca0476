"""Feedback on accessibility: what anybody said of Aurora's pages, and what became of it. Of nobody's data, and of no citizen."""
