"""Aurora as it runs, but for two things.

The agency that is measured may call oftener in a minute than the limits allow. And a connection to the database is kept for good, not for a
minute, as is the peers': the processor time of the process behind it is measured.
"""

from aurora.settings import *  # noqa: F403
from aurora.settings import DATABASES, REST_FRAMEWORK

REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"client": "100000000/min"}}
AURORA_OAUTH_CALLS_A_MINUTE = {"address": 100_000_000, "client": 100_000_000}
DATABASES["default"]["CONN_MAX_AGE"] = None
