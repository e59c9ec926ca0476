"""Aurora as it runs, but for one thing: the agency that is measured may call oftener in a minute than the limits allow."""

from aurora.settings import *  # noqa: F403
from aurora.settings import REST_FRAMEWORK

REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"client": "100000000/min"}}
AURORA_OAUTH_CALLS_A_MINUTE = {"address": 100_000_000, "client": 100_000_000}
