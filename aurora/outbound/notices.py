"""One signed notice to an address that an agency registered: through the egress guard, no redirect followed, the answer's body not read."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from aurora.outbound.guard import EgressRefused, guarded_client
from aurora.outbound.peer import failure, unreachable
from aurora.telemetry import traces
from consent.errors import AuroraError


class NotTaken(AuroraError):
    """The receiver did not take it. `permanent`: it says that it never will (410), or the address is one that we never call.

    `answered`: the status that it answered, None if it did not.
    """

    code = "not_taken"
    sentence = "The agency did not take the notice."
    status = 502
    retryable = True

    def __init__(self, code: str, *, permanent: bool = False, retry_after: int = 0, answered: int | None = None) -> None:
        self.permanent = permanent
        self.answered = answered
        self.retry_after = retry_after
        super().__init__(code=code)


def post(url: str, *, body: bytes, headers: Mapping[str, str]) -> int:
    """Deliver, and say with which status it was taken; or raise `NotTaken`. Any 2xx is a yes, anything else a no, a redirect too (Standard Webhooks, "Delivery success and failure").

    `code`: `gone` (410), `too_many_requests`, `receiver_failed` (5xx), `redirected`, `refused` (any other status), `timeout`,
    `receiver_down`, `address_refused`.
    """
    kind = {"Content-Type": "application/json", "User-Agent": "Aurora", **headers}
    try:
        with traces.calling("agency"), guarded_client() as client, client.stream("POST", url, content=body, headers=kind) as response:
            _judge(response)
            return response.status_code
    except httpx.InvalidURL:
        raise NotTaken("address_refused") from None
    except httpx.RequestError as error:
        raise NotTaken(_unreachable(error)) from None


def _judge(response: httpx.Response) -> None:
    status = response.status_code
    if response.is_success:
        return
    if status == 410:
        raise NotTaken("gone", permanent=True, answered=status)
    code = "too_many_requests" if status == 429 else "receiver_failed" if status >= 500 else "redirected" if status < 400 else "refused"
    raise NotTaken(code, retry_after=failure(response).retry_after, answered=status)


def _unreachable(error: httpx.RequestError) -> str:
    # A name may lead elsewhere tomorrow: an address that is refused today is tried again, as a server that is down is.
    if isinstance(error, EgressRefused) and error.code in ("address_refused", "scheme_refused", "encoding_refused"):
        return "address_refused"
    return "timeout" if unreachable(error).code == "timeout" else "receiver_down"
