"""Telling agencies that a consent has ended: what is due to whom, in the form of Standard Webhooks, and what the agency says it did.

Rows and their moves, the text and its signature. Sending is `aurora.journeys.tell_agencies`; who may call the feed, `aurora.api` sees to.
"""
