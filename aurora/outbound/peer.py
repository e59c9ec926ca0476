"""One exchange with another service: a request through the guard, an answer of JSON, and every way in which that can fail."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from aurora.outbound.guard import EgressRefused, guarded_client
from consent.errors import AuroraError
from consent.oauth import strict_json

LONGEST_WAIT_SECONDS = 86_400


class PeerFailed(AuroraError):
    """The other side did not answer as its standard says. `code` is one of the pull's error codes, or `oauth_error`."""

    code = "source_down"
    sentence = "The other service does not answer as it should. Try again in a while."
    status = 502
    retryable = True

    def __init__(self, code: str = "source_down", *, retryable: bool = True, oauth_error: str = "", retry_after: int = 0) -> None:
        self.retryable = retryable
        self.oauth_error = oauth_error
        self.retry_after = retry_after
        super().__init__(code=code)


def get_json(url: str, *, token: str | None = None) -> dict[str, Any]:
    """A resource as a JSON object, protected (RFC 6750 2.1) or public. Raises `PeerFailed` with the pull's error code."""
    headers = {"Accept": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    with guarded_client() as client:
        return json_object(send(client, "GET", url, headers=headers, protected=token is not None))


def send(
    client: httpx.Client, method: str, url: str, *, protected: bool = False, also: tuple[int, ...] = (), **kwargs: Any
) -> httpx.Response:
    """One request, answered with success or with a status of `also`. Raises `PeerFailed`; `protected`: a 401 means that our token is taken no more."""
    return judged(ask(client, method, url, **kwargs), protected=protected, also=also)


def ask(client: httpx.Client, method: str, url: str, **kwargs: Any) -> httpx.Response:
    """One request, whatever its status. Raises `PeerFailed` where no answer came."""
    try:
        return client.request(method, url, **kwargs)
    except httpx.RequestError as error:
        raise unreachable(error) from None
    except httpx.InvalidURL:
        raise PeerFailed("invalid_answer", retryable=False) from None


def judged(response: httpx.Response, *, protected: bool, also: tuple[int, ...] = ()) -> httpx.Response:
    """The answer, if its status is one of success or of `also`. Raises `PeerFailed`."""
    if response.status_code in also:
        return response
    if protected and response.status_code == 401:
        raise PeerFailed("revoked", retryable=False)
    if not response.is_success:
        raise failure(response)
    return response


def unreachable(error: httpx.RequestError) -> PeerFailed:
    """What it means that no answer came."""
    if isinstance(error, EgressRefused):
        known = error.code in ("timeout", "too_large")
        return PeerFailed(error.code if known else "address_refused", retryable=error.code == "timeout")
    return PeerFailed("timeout" if isinstance(error, httpx.TimeoutException) else "source_down")


def failure(response: httpx.Response) -> PeerFailed:
    """What an answer other than success means for us, and when to come again."""
    if response.status_code == 429:
        return PeerFailed("too_many_requests", retry_after=_retry_after(response))
    if response.status_code >= 500:
        return PeerFailed("source_down", retry_after=_retry_after(response))
    return PeerFailed("invalid_answer", retryable=False)


def _retry_after(response: httpx.Response) -> int:
    """Seconds to wait, given as a number or a date (RFC 9110 10.2.3); 0 without one that can be read."""
    text = response.headers.get("Retry-After", "").strip()
    try:
        seconds = int(text) if text.isascii() and text.isdigit() else parsedate_to_datetime(text).timestamp() - time.time()
        return max(0, min(int(seconds), LONGEST_WAIT_SECONDS))
    except (ValueError, TypeError, OverflowError):
        return 0


def json_object(response: httpx.Response) -> dict[str, Any]:
    """The answer as the one JSON object that it must be. Raises `PeerFailed`."""
    return json_object_of(response.content)


def json_object_of(content: bytes, *, brackets: int | None = None) -> dict[str, Any]:
    """Bytes as the one JSON object that they must be. `brackets`: for one of many things. Raises `PeerFailed`."""
    try:
        found = strict_json.loads(content.decode(), **({} if brackets is None else {"brackets": brackets}))
    except (ValueError, RecursionError):
        raise PeerFailed("invalid_answer", retryable=False) from None
    if not isinstance(found, dict):
        raise PeerFailed("invalid_answer", retryable=False)
    return found
