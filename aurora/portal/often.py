"""How often feedback may be given, by who sits there and by address. What one citizen can fill is bounded by its unique rows; this is for load."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from aurora.portal.auth import actor
from consent.counting import count_of
from consent.errors import AuroraError
from consent.oauth.limits import address_of

MINUTE, DAY = 60, 24 * 60 * 60


class TooMuchFeedback(AuroraError):
    """Somebody, or an address, gives feedback too often. `retry_after` in seconds."""

    code = "too_much_feedback"
    sentence = "Feedback was given too often."
    status = 429
    retryable = True

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__()


def admit(request: HttpRequest) -> None:
    """Count one. Raises `TooMuchFeedback`, and `RedisError` while the cache is away."""
    who, limits = str(actor(request)), settings.AURORA_FEEDBACK
    _count("citizen", who, MINUTE, limits["citizen_a_minute"])
    _count("citizen", who, DAY, limits["citizen_a_day"])
    _count("address", address_of(request), MINUTE, limits["address_a_minute"])


def admit_anybody(request: HttpRequest) -> None:
    """Count one feedback on accessibility, by its address and of all together. Raises as `admit`."""
    limits = settings.AURORA_ACCESSIBILITY_FEEDBACK
    _count("accessibility", address_of(request), MINUTE, limits["address_a_minute"])
    _count("accessibility", address_of(request), DAY, limits["address_a_day"])
    _count("accessibility-of-all", "", DAY, limits["all_a_day"])


def within(request: HttpRequest) -> bool:
    """The same for what is noted by itself: past the limit it is not noted, and the page is answered."""
    try:
        admit(request)
    except TooMuchFeedback:
        return False
    return True


def _count(kind: str, who: str, window: int, most: int) -> None:
    given = count_of(f"feedback:{kind}:{window}", who, window)
    if given.number > most:
        raise TooMuchFeedback(given.left)
