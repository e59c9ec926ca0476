"""What the citizen is told of a break-glass request: entries in their own log, and a message at the moment at which somebody may look.

Operators stand in the entries by role and id, never by name: who is told the name of whoever looked is decided where they complain.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from aurora.identity import citizens, keys
from aurora.identity.models import Citizen
from aurora.journeys._log import log
from aurora.journeys._mandate_told import guardians_of
from aurora.messages import outbox
from aurora.messages.models import MessageKind
from consent import mandates, queries
from consent.breakglass import queries as glass
from consent.breakglass.models import Request
from consent.ledger import leaf
from consent.ledger.append import Appended
from consent.ledger.events import Event
from consent.rules import AURORA, BREAK_GLASS
from consent.scope import citizen_scope

OFFICER, AUDITOR = "privacy_officer", "auditor"


def seal_text(text: str, *, request_id: UUID, what: str) -> bytes:
    """An operator's words, for operators. `what`: `reason` or `review`."""
    return keys.seal_for_platform(text.encode(), context=_place(request_id, what))


def open_text(sealed: bytes | memoryview | None, *, request_id: UUID, what: str) -> str:
    """The reverse; "" where there is none, or none any more."""
    return keys.open_for_platform(sealed, context=_place(request_id, what)).decode() if sealed else ""


def details(row: Request, **more: Any) -> dict[str, Any]:
    """What every entry of a request says, sealed for the citizen: which request, why, whose case, who asked."""
    return {
        "request": str(row.pk),
        "reason": row.reason,
        "case": row.case,
        "operator": str(row.asked_by),
        "operator_role": OFFICER,
        **more,
    }


def told(row: Request, event: Event, *, citizen_id: UUID, now: datetime, **more: Any) -> Appended:
    """An entry of a request in its citizen's log. In their scope, in the transaction of what it tells."""
    return log(
        citizen_id=citizen_id,
        event=event,
        actor=AURORA,
        purpose=BREAK_GLASS,
        categories=row.categories,
        details=details(row, **more),
        at=now,
    )


def approved(row: Request) -> dict[str, Any]:
    """What is known from the approval on: who agreed, and until when."""
    assert row.expires_at is not None
    return {"approver": str(row.decided_by), "approver_role": OFFICER, "until": leaf.timestamp(row.expires_at), "minutes": row.minutes}


def write_to(citizen_id: UUID, row: Request, *, which: str, entry_id: UUID, now: datetime, text: str = "") -> None:
    """A message to the citizen, and to the guardians of a child; `which`: `approved` or `not_justified`. To the dead none: their log tells it.

    In the citizen's scope. Guardians' boxes come after, in the order of their ids.
    """
    if mandates.told_dead(citizen_id=citizen_id) is not None:
        return
    about = _about(row, which, text)
    outbox.queue(citizen_id=citizen_id, kind=MessageKind.BREAK_GLASS, about={**about, "entry": entry_id}, now=now)
    guardians = list(guardians_of(citizen_id, now=now))
    if guardians:
        name = citizens.name_of(Citizen.objects.get(pk=citizen_id))
        for guardian, mandate in sorted(guardians):
            with citizen_scope(guardian):
                theirs = {**about, "ward": name, "path": f"mandates/{mandate}/"}
                outbox.queue(citizen_id=guardian, kind=MessageKind.BREAK_GLASS, about=theirs, now=now)


def taken_along(*, citizen_id: UUID) -> list[dict[str, Any]]:
    """What is kept of requests about a citizen, for their download (GDPR art. 15(1)(c)). Operators by role and id. In their scope."""
    return [
        {
            "id": str(row.pk),
            "reason": row.reason,
            "text": open_text(row.text_sealed, request_id=row.pk, what="reason"),
            "case": row.case,
            "categories": list(row.categories),
            "minutes": row.minutes,
            "asked_by": {"role": OFFICER, "id": str(row.asked_by)},
            "asked_at": row.asked_at.isoformat(),
            "state": row.state,
            "decided_at": row.decided_at.isoformat() if row.decided_at else None,
            "expires_at": row.expires_at.isoformat() if row.expires_at else None,
            "ended_at": row.ended_at.isoformat() if row.ended_at else None,
            "reads": [
                {"at": one.at.isoformat(), "categories": list(one.categories), "ledger_entry": str(one.entry_id)} for one in row.reads.all()
            ],
            "verdict": row.verdict or None,
            "review": open_text(row.review_sealed, request_id=row.pk, what="review"),
        }
        for row in glass.of_citizen(citizen_id=citizen_id)
    ]


def _about(row: Request, which: str, text: str) -> Mapping[str, Any]:
    names = [dict(version.name) for version in queries.current_categories(row.categories)]
    ends = row.expires_at.isoformat() if row.expires_at else ""
    return {"glass": which, "reason": row.reason, "case": row.case, "role": OFFICER, "data": names, "ends_at": ends, "text": text}


def _place(request_id: UUID, what: str) -> bytes:
    return f"break-glass-{what}:".encode() + request_id.bytes
