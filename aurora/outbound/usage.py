"""One signed question to the address that an agency registered for its uses: through the egress guard, no redirect followed, a bounded answer."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from aurora.outbound.guard import EgressRefused, guarded_client
from aurora.outbound.peer import failure, unreachable
from aurora.telemetry import traces
from consent.errors import AuroraError

_CODES = ("address_refused", "scheme_refused", "encoding_refused")


class NotAnswered(AuroraError):
    """No answer came that could be one. `code`: `too_many_requests`, `receiver_failed` (5xx), `redirected`, `refused` (any other status), `timeout`,
    `receiver_down`, `address_refused`, `answer_too_large`.
    """

    code = "not_answered"
    sentence = "The agency did not answer."
    status = 502
    retryable = True

    def __init__(self, code: str, *, retry_after: int = 0) -> None:
        self.retry_after = retry_after
        super().__init__(code=code)


def ask(url: str, *, body: bytes, headers: Mapping[str, str], largest: int) -> bytes:
    """The answer's body, if it is a 200. Raises `NotAnswered`."""
    kind = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "Aurora", **headers}
    try:
        with traces.calling("agency"), guarded_client(maximum_bytes=largest) as client:
            response = client.post(url, content=body, headers=kind)
    except httpx.InvalidURL:
        raise NotAnswered("address_refused") from None
    except httpx.RequestError as error:
        raise NotAnswered(_unreachable(error)) from None
    if response.status_code == 200:
        return response.content
    raise NotAnswered(_judged(response.status_code), retry_after=failure(response).retry_after)


def _judged(status: int) -> str:
    if status == 429:
        return "too_many_requests"
    if status >= 500:
        return "receiver_failed"
    return "redirected" if 300 <= status < 400 else "refused"


def _unreachable(error: httpx.RequestError) -> str:
    if isinstance(error, EgressRefused):
        if error.code in _CODES:
            return "address_refused"
        if error.code == "too_large":
            return "answer_too_large"
    return "timeout" if unreachable(error).code == "timeout" else "receiver_down"
