"""What a notice says (Standard Webhooks: `type`, `timestamp`, `data`). Pure. No personal value: the agency knows the citizen by its own name for them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

ERASED = "data.erased"
PING = "ping"


def compose(
    *,
    event_id: UUID,
    kind: str,
    occurred_at: datetime,
    client_id: str,
    grant_id: UUID,
    subject: str,
    purpose: str,
    categories: Iterable[str],
    by: str,
    confirm_by: datetime | None,
) -> dict[str, Any]:
    """`by`: `citizen`, `operator`, `aurora` (it ran out, or the citizen has died), `recipient` or `source`. `asked` is absent when there is nothing to delete."""
    data: dict[str, Any] = {
        "event_id": str(event_id),
        "client_id": client_id,
        "grant_id": str(grant_id),
        "subject": subject,
        "purpose": purpose,
        "categories": sorted(categories),
        "ended_by": by,
    }
    if kind == ERASED:
        del data["ended_by"]  # the consent stands
    if confirm_by is not None:
        action = "delete" if kind == ERASED else "stop_and_delete"
        data["asked"] = {"action": action, "confirm_by": _time(confirm_by)}
    return {"type": kind, "timestamp": _time(occurred_at), "data": data}


def compose_concern(
    *, event_id: UUID, kind: str, occurred_at: datetime, client_id: str, subject: str, concern_id: UUID, due_at: datetime | None
) -> dict[str, Any]:
    """That there is something to read at `GET /api/v1/concerns/{concern_id}`; `answer_by` where an answer is due. No text of the citizen's."""
    data: dict[str, Any] = {
        "event_id": str(event_id),
        "client_id": client_id,
        "subject": subject,
        "concern_id": str(concern_id),
    }
    if due_at is not None:
        data["answer_by"] = _time(due_at)
    return {"type": kind, "timestamp": _time(occurred_at), "data": data}


def compose_correction(
    *,
    event_id: UUID,
    kind: str,
    occurred_at: datetime,
    client_id: str,
    subject: str,
    category: str,
    correction_id: UUID | None,
    due_at: datetime | None,
) -> dict[str, Any]:
    """Of which category: a fact's source is asked to correct it (`correction_id`, to be read over the API), or has corrected it. No value.

    Which fact of it whoever sends it adds as `key`, and this row never holds: a key can say as much as a value.
    """
    data: dict[str, Any] = {
        "event_id": str(event_id),
        "client_id": client_id,
        "subject": subject,
        "categories": [category],
    }
    if correction_id is not None:
        data["correction_id"] = str(correction_id)
    if due_at is not None:
        data["answer_by"] = _time(due_at)
    return {"type": kind, "timestamp": _time(occurred_at), "data": data}


def compose_ping(*, event_id: UUID, occurred_at: datetime, client_id: str) -> dict[str, Any]:
    """A test on somebody's wish: of nobody, and nothing is asked."""
    return {"type": PING, "timestamp": _time(occurred_at), "data": {"event_id": str(event_id), "client_id": client_id}}


def example_ping() -> dict[str, Any]:
    """One for the documentation."""
    at = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
    return compose_ping(event_id=UUID("0192f0c1-7a1b-4c3d-8e4f-000000000001"), occurred_at=at, client_id="your-client-id")


def body(payload: dict[str, Any]) -> bytes:
    """The bytes that are sent and signed: the same at every attempt."""
    return json.dumps(payload, separators=(",", ":"), sort_keys=True, ensure_ascii=True).encode()


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
