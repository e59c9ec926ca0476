"""One question to a witness of the access log (C2SP tlog-witness): through the egress guard, no redirect followed, the answer bounded."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from aurora.outbound.guard import guarded_client
from aurora.outbound.peer import PeerFailed, failure, unreachable
from aurora.telemetry import traces
from consent.ledger.witness import LONGEST_ANSWER, PATH

SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it came. `retry_after` is in seconds, 0 if it named no time."""

    status: int
    content_type: str
    body: bytes
    retry_after: int = 0


def add_checkpoint(url: str, body: bytes) -> Answered:
    """Any status is an answer. Raises `PeerFailed` where none came, or one without end."""
    headers = {"Content-Type": "text/plain; charset=utf-8", "User-Agent": "Aurora"}
    try:
        with traces.calling("witness"), guarded_client(total_seconds=SECONDS, maximum_bytes=LONGEST_ANSWER) as client:
            response = client.post(f"{url}{PATH}", content=body, headers=headers)
    except httpx.RequestError as error:
        raise unreachable(error) from None
    except httpx.InvalidURL:
        raise PeerFailed("invalid_answer", retryable=False) from None
    wait = failure(response).retry_after if response.is_error else 0
    return Answered(response.status_code, response.headers.get("Content-Type", ""), response.content, wait)
