"""Who is not signed in costs a row for a session and a call to the e-ID: how often one address may begin, and how many are on their way at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.http import HttpRequest

from aurora.journeys.sign_in import SignInFailed
from aurora.portal.auth import remember
from consent.counting import count_of
from consent.errors import AuroraError
from consent.oauth.limits import address_of

WINDOW = 60
PATIENCE_SECONDS = 1.0
# Long enough for signing in at the e-ID; a session that nobody comes back to is purged soon.
SESSION_SECONDS = 30 * 60
_ways = threading.BoundedSemaphore(settings.AURORA_SIGN_INS_AT_ONCE)


class TooManyBegun(AuroraError):
    """An address begins too often. `retry_after` in seconds."""

    code = "too_many_sign_ins"
    sentence = "Signing in was begun too often from this network."
    status = 429
    retryable = True

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__()


def admit(request: HttpRequest) -> None:
    """Count one beginning of the request's address. Raises `TooManyBegun`, and `RedisError` while the cache is away."""
    begun = count_of("sign-ins", address_of(request), WINDOW)
    if begun.number > settings.AURORA_SIGN_INS_A_MINUTE:
        raise TooManyBegun(begun.left)


@contextmanager
def leaving() -> Iterator[None]:
    """Around the call to the e-ID. However slow it is, it holds some of this process's threads only. Raises `SignInFailed` when they stay busy."""
    # A call takes some hundredths of a second: who waits as long as this waits for an e-ID that does not answer.
    if not _ways.acquire(timeout=PATIENCE_SECONDS):
        raise SignInFailed(code="busy")
    try:
        yield
    finally:
        _ways.release()


def note(request: HttpRequest, **values: object) -> None:
    """Keep in the session what a visitor comes back with; a session of somebody who is not signed in lasts half an hour."""
    if not request.user.is_authenticated:
        request.session.set_expiry(SESSION_SECONDS)
    remember(request, **values)
