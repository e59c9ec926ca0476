"""Concerns: a citizen's case about one entry of their log, and what whoever it is about answers."""
