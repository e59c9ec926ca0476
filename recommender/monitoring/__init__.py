"""How a model does for whom, and whether the world is still the one that it learnt from. Pure but for the table of reports; knows no citizen.

`docs/decisions/monitoring.md` says what is measured and why so; `docs/operations/monitoring.md` what to do about an alarm.
"""
