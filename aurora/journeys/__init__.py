"""The story, one module a step. Screens, API and workers call these, and nothing else may give, withdraw, write facts or append to the log.

sign_in, connect_source, pull, suggest, own_data, export, request_access, agency_read, withdraw; `_door` is the one way to the twin.
"""
