"""Copies of all that Aurora holds of a citizen, to take along (GDPR art. 15 and 20): the row, the sealed file, and what opens it.

What is in a copy, `aurora.journeys` says. docs/citizen/export.md is its format, docs/decisions/export.md why.
"""
