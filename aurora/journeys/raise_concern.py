"""A citizen reports a concern about an entry of their log, replies to the answer, and closes the case; or a guardian does, for a child.

A guardian sees and moves on what guardians reported, never what the child did. Attorneys and estates have no such deed, and see no case
(docs/decisions/concerns.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from aurora.identity.vault import VaultClosed
from aurora.journeys import tell_agencies
from aurora.journeys._log import log
from consent import acting, mandates
from consent.acting import MandateRefused
from consent.concerns import cases
from consent.concerns.cases import Guardian, Said, TooManyOpen
from consent.concerns.models import Concern
from consent.errors import NotFound
from consent.ledger import queries as ledger
from consent.ledger.events import Event
from consent.ledger.models import LedgerEntry
from consent.oauth.models import Client
from consent.rules import AURORA, CITIZEN
from consent.rules.mandates import Deed, MandateFault
from consent.scope import citizen_scope
from consent.webhooks.models import Delivery

__all__ = [
    "Case", "Guardian", "Said", "TooManyOpen", "about_entry", "answers_for", "close", "exported", "may_ask", "mine", "name_of", "one", "raise_", "reply",
]  # fmt: skip
Kind = Delivery.Kind
PULLS = (Event.PULL_COMPLETED.value, Event.PULL_FAILED.value, Event.PULL_REFUSED.value)


@dataclass(frozen=True)
class Case:
    """A case with what was said in it, in order. `told_at`: when the agency is known to have heard of the newest that it must know."""

    row: Concern
    said: tuple[Said, ...] = field(repr=False)
    told_at: datetime | None = None
    may_move: bool = True
    """False: a guardian reported it, and the child who looks is too young to go on with it alone."""


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
    """A new case. Its id. Raises `NotFound` (a stranger's entry, and one that nobody answers for), `MandateRefused`, and what `cases.raise_` raises."""
    with citizen_scope(citizen_id):
        guardian = _guardian(citizen_id, now)
        entry = ledger.visible(citizen_id).filter(pk=entry_id).first()
        about = answers_for(entry) if entry is not None else ""
        if entry is None or not about:
            raise NotFound()
        case = cases.raise_(entry=entry, about=about, kind=kind, text=text, language=language, now=now, guardian=guardian)
        _tell(case, Kind.CONCERN_RAISED, now)
        _log(case, Event.CONCERN_RAISED, now, kind=kind)
    return case.pk


def reply(*, citizen_id: UUID, concern_id: UUID, text: str, seen: int, now: datetime) -> None:
    """The one reply to an answer. Raises `NotFound`, `MandateRefused`, and what `cases.reply` raises."""
    _moved(
        citizen_id, concern_id, lambda case, guardian: cases.reply(case=case, text=text, seen=seen, now=now, guardian=guardian),
        Kind.CONCERN_REPLIED, now,
    )  # fmt: skip


def close(*, citizen_id: UUID, concern_id: UUID, outcome: str, seen: int, now: datetime) -> None:
    """The end of a case. Raises `NotFound`, `MandateRefused`, and what `cases.close` raises."""
    _moved(
        citizen_id, concern_id, lambda case, _: cases.close(case=case, outcome=outcome, seen=seen, now=now), Kind.CONCERN_CLOSED, now,
        outcome=outcome,
    )  # fmt: skip


def mine(*, citizen_id: UUID) -> tuple[Concern, ...]:
    """All of a citizen's cases that who asks may see, newest first. Raises `NotFound` for who acts and may see none."""
    with citizen_scope(citizen_id):
        seen = _seen(citizen_id)
        if seen is None:
            raise NotFound()
        return tuple(seen)


def one(*, citizen_id: UUID, concern_id: UUID) -> Case:
    """One case, opened. Raises `NotFound`, also for somebody else's."""
    with citizen_scope(citizen_id):
        row = _one(citizen_id, concern_id)
        return Case(row, cases.said_in(row), _told_at(row), _own_fault(row, timezone.now()) is None)


def about_entry(*, citizen_id: UUID, entry_id: UUID) -> Concern | None:
    """The newest case about an entry that who asks may see, if there is one. In the citizen's scope."""
    seen = _seen(citizen_id)
    return seen.filter(entry_id=entry_id).first() if seen is not None else None


def may_ask() -> bool:
    """Whether who is here may report a concern at all: the citizen, or a guardian for them."""
    doing = acting.current()
    return doing is None or mandates.allowed(doing.mandate, Deed.CONCERN, now=timezone.now()) is None


def exported(*, citizen_id: UUID) -> list[dict[str, Any]]:
    """All cases that who asks may see, with all that was said, as plain JSON. In the citizen's scope."""
    return [_exported(row) for row in _seen(citizen_id) or ()]


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
        "reported_by": "guardian" if row.mandate_id else CITIZEN,
        "state": row.state,
        "outcome": row.outcome or None,
        "raised_at": row.raised_at.isoformat(),
        "due_at": row.due_at.isoformat(),
        "closed_at": row.closed_at.isoformat() if row.closed_at else None,
        "said": [
            {
                "by": one.row.by,
                "kind": one.row.kind,
                "at": one.row.at.isoformat(),
                "text": one.text,
                "note": one.note or None,
                "guardian": name_of(one.guardian) if one.guardian else None,
            }
            for one in said
        ],
    }


def name_of(guardian: Guardian) -> str:
    """As who asks may read it: the child and that guardian; another guardian reads "" (docs/decisions/mandates.md)."""
    doing = acting.current()
    return guardian.name if doing is None or doing.attorney == guardian.id else ""


def _moved(
    citizen_id: UUID, concern_id: UUID, move: Callable[[Concern, Guardian | None], object], told: Kind, now: datetime, **details: str
) -> None:
    with citizen_scope(citizen_id):
        guardian = _guardian(citizen_id, now)
        case = _one(citizen_id, concern_id)
        if fault := _own_fault(case, now):
            raise MandateRefused(fault)
        move(case, guardian)
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


def _guardian(citizen_id: UUID, now: datetime) -> Guardian | None:
    """Who decides for the citizen in this request, their mandate locked; None: the citizen. Raises `MandateRefused`."""
    doing = mandates.confirm(citizen_id=citizen_id, now=now, deed=Deed.CONCERN)
    return Guardian(doing.mandate.id, doing.attorney, doing.attorney_name) if doing else None


def _seen(citizen_id: UUID) -> QuerySet[Concern] | None:
    """A child's own words are the child's: a guardian sees what was reported on a mandate. None for who acts and may see nothing."""
    found, doing = cases.of_citizen(citizen_id=citizen_id), acting.current()
    if doing is None:
        return found
    return found.filter(mandate__isnull=False) if doing.principal == citizen_id and may_ask() else None


def _one(citizen_id: UUID, concern_id: UUID) -> Concern:
    seen = _seen(citizen_id)
    row = seen.filter(pk=concern_id).first() if seen is not None else None
    if row is None:
        raise NotFound()
    return row


def _own_fault(row: Concern, now: datetime) -> MandateFault | None:
    """Why the child, if it is the child who is here, may not go on with what a guardian reported."""
    if row.mandate_id is None or acting.current() is not None:
        return None
    return mandates.own_fault(citizen_id=row.citizen_id, deed=Deed.CONCERN, now=now)
