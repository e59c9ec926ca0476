"""A citizen reports a concern about an entry of their log, replies to the answer, and closes the case.

Theirs alone: who acts for them has no such deed in any mandate, and sees no case (docs/decisions/concerns.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from aurora.identity.vault import VaultClosed
from aurora.journeys import tell_agencies
from aurora.journeys._log import log
from consent import acting
from consent.concerns import cases
from consent.concerns.cases import Said, TooManyOpen
from consent.concerns.models import Concern
from consent.errors import NotFound
from consent.ledger import queries as ledger
from consent.ledger.events import Event
from consent.ledger.models import LedgerEntry
from consent.oauth.models import Client
from consent.rules import AURORA, CITIZEN
from consent.scope import citizen_scope
from consent.webhooks.models import Delivery

__all__ = ["Case", "Said", "TooManyOpen", "about_entry", "answers_for", "close", "exported", "mine", "one", "raise_", "reply"]
Kind = Delivery.Kind
PULLS = (Event.PULL_COMPLETED.value, Event.PULL_FAILED.value, Event.PULL_REFUSED.value)


@dataclass(frozen=True)
class Case:
    """A case with what was said in it, in order. `told_at`: when the agency is known to have heard of the newest that it must know."""

    row: Concern
    said: tuple[Said, ...] = field(repr=False)
    told_at: datetime | None = None


def answers_for(entry: LedgerEntry) -> str:
    """Who answers a concern about an entry: an agency's code, `aurora`, or "" where there is nobody to ask (the citizen's own deeds).

    An agency's own deed, and the source of a pull, is the agency's to answer, if it has a client here to answer with; all else, operators' deeds
    included, is that of Aurora's privacy officers.
    """
    try:
        event = Event(entry.event)
    except ValueError:
        return AURORA  # somebody has changed the entry: that is ours to explain
    if event.actor == CITIZEN or event.subject == "concern":
        return ""
    whose = (entry.source or "") if event.value in PULLS else entry.actor
    if whose in ("", AURORA) or not Client.objects.filter(agency__code=whose, active=True).exists():
        return AURORA
    return whose


def raise_(*, citizen_id: UUID, entry_id: UUID, kind: str, text: str, language: str, now: datetime) -> UUID:
    """A new case. Its id. Raises `NotFound` (a stranger's entry, and one that nobody answers for), and what `cases.raise_` raises."""
    _theirs_alone()
    with citizen_scope(citizen_id):
        entry = ledger.visible(citizen_id).filter(pk=entry_id).first()
        about = answers_for(entry) if entry is not None else ""
        if entry is None or not about:
            raise NotFound()
        case = cases.raise_(entry=entry, about=about, kind=kind, text=text, language=language, now=now)
        _tell(case, Kind.CONCERN_RAISED, now)
        _log(case, Event.CONCERN_RAISED, now, kind=kind)
    return case.pk


def reply(*, citizen_id: UUID, concern_id: UUID, text: str, seen: int, now: datetime) -> None:
    """The one reply to an answer. Raises `NotFound`, and what `cases.reply` raises."""
    _moved(citizen_id, concern_id, lambda case: cases.reply(case=case, text=text, seen=seen, now=now), Kind.CONCERN_REPLIED, now)


def close(*, citizen_id: UUID, concern_id: UUID, outcome: str, seen: int, now: datetime) -> None:
    """The end of a case. Raises `NotFound`, and what `cases.close` raises."""
    _moved(
        citizen_id, concern_id, lambda case: cases.close(case=case, outcome=outcome, seen=seen, now=now), Kind.CONCERN_CLOSED, now,
        outcome=outcome,
    )  # fmt: skip


def mine(*, citizen_id: UUID) -> tuple[Concern, ...]:
    """All of a citizen's cases, newest first."""
    _theirs_alone()
    with citizen_scope(citizen_id):
        return tuple(cases.of_citizen(citizen_id=citizen_id))


def one(*, citizen_id: UUID, concern_id: UUID) -> Case:
    """One case, opened. Raises `NotFound`, also for somebody else's."""
    _theirs_alone()
    with citizen_scope(citizen_id):
        row = cases.one(concern_id=concern_id, citizen_id=citizen_id)
        return Case(row, cases.said_in(row), _told_at(row))


def about_entry(*, citizen_id: UUID, entry_id: UUID) -> Concern | None:
    """The newest case about an entry; None if there is none, or who asks acts for the citizen. In the citizen's scope."""
    if acting.current() is not None:
        return None
    return cases.of_citizen(citizen_id=citizen_id).filter(entry_id=entry_id).first()


def exported(*, citizen_id: UUID) -> list[dict[str, Any]]:
    """All cases with all that was said, as plain JSON. In the citizen's scope."""
    return [_exported(row) for row in cases.of_citizen(citizen_id=citizen_id)]


def _exported(row: Concern) -> dict[str, Any]:
    try:
        said = cases.said_in(row)
    except VaultClosed:
        said = ()
    return {
        "id": str(row.pk),
        "ledger_entry": str(row.entry_id),
        "about": row.about,
        "kind": row.kind,
        "state": row.state,
        "outcome": row.outcome or None,
        "raised_at": row.raised_at.isoformat(),
        "due_at": row.due_at.isoformat(),
        "closed_at": row.closed_at.isoformat() if row.closed_at else None,
        "said": [
            {"by": one.row.by, "kind": one.row.kind, "at": one.row.at.isoformat(), "text": one.text, "note": one.note or None}
            for one in said
        ],
    }


def _moved(citizen_id: UUID, concern_id: UUID, move: Callable[[Concern], object], told: Kind, now: datetime, **details: str) -> None:
    _theirs_alone()
    with citizen_scope(citizen_id):
        case = cases.one(concern_id=concern_id, citizen_id=citizen_id)
        move(case)
        case.refresh_from_db()
        _tell(case, told, now)
        _log(case, Event.CONCERN_REPLIED if told is Kind.CONCERN_REPLIED else Event.CONCERN_CLOSED, now, **details)


def _tell(case: Concern, kind: Kind, now: datetime) -> None:
    if case.about != AURORA:
        tell_agencies.announce_concern(case=case, kind=kind, now=now)


def _told_at(row: Concern) -> datetime | None:
    newest = Delivery.objects.filter(concern_id=row.pk).exclude(kind=Kind.CONCERN_CLOSED).order_by("-created_at").first()
    return newest.delivered_at if newest else None


def _log(case: Concern, event: Event, now: datetime, **details: str) -> None:
    """Without categories: an attorney for some themes sees nothing of it."""
    about = {"concern": str(case.pk), "entry": str(case.entry_id), "about": case.about, **details}
    log(citizen_id=case.citizen_id, event=event, actor=CITIZEN, details=about, at=now)


def _theirs_alone() -> None:
    if acting.current() is not None:
        raise NotFound()
