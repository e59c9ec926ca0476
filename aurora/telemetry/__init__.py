"""How Aurora itself does: signs of life of its processes, numbered requests, logs, metrics. Nothing here knows a citizen.

`hearts`, `requests`, `logs` and `metrics` import nothing of Aurora and may be used anywhere; `figures` asks the rooms and is for `manage.py metrics` alone.
"""
