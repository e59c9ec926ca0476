"""A citizen asks a source to correct a fact about them (GDPR art. 16), and takes it back; or a guardian does, for a child.

A guardian sees and moves on what guardians asked, never what the child did, as with concerns. Attorneys and estates have no such deed.
docs/decisions/facts.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from aurora.corrections import requests
from aurora.corrections.models import Correction
from aurora.corrections.requests import Asked, TooManyOpen
from aurora.identity.vault import VaultClosed
from aurora.journeys import tell_agencies
from aurora.journeys._door import open_door
from aurora.journeys._log import log
from aurora.twin import disputes, typed
from aurora.twin import queries as twin
from aurora.twin.values import FactView
from consent import acting, mandates, queries
from consent.acting import Acting
from consent.errors import InvalidInput, NotFound
from consent.ledger.events import Event
from consent.models import DataCategoryVersion
from consent.oauth.models import Client
from consent.rules import AURORA, CITIZEN, AccessRequest
from consent.rules.mandates import Deed
from consent.scope import citizen_scope
from consent.webhooks.models import Delivery

__all__ = ["Asked", "Doubted", "TooManyOpen", "answering", "ask", "close", "exported", "look", "may_ask", "mine", "one"]
OWN_DATA = "own-data"
Kind = Delivery.Kind


@dataclass(frozen=True)
class Doubted:
    """The fact that a request would be about, the version of its category, and the request that is open about it already, if one is."""

    fact: FactView
    version: DataCategoryVersion
    standing: Correction | None = field(default=None)


def answering() -> frozenset[str]:
    """The sources that can be asked: agencies in use that have a client here to answer with. One query.

    What the citizen said, and what models made, is corrected otherwise.
    """
    found = Client.objects.filter(active=True, agency__active=True).values_list("agency__code", flat=True)
    return frozenset(found) - {CITIZEN, AURORA}


def may_ask() -> bool:
    """Whether who is here may ask at all: the citizen, or a guardian for them."""
    doing = acting.current()
    return doing is None or mandates.allowed(doing.mandate, Deed.CONCERN, now=timezone.now()) is None


def look(*, citizen_id: UUID, fact_id: UUID, now: datetime) -> Doubted:
    """The fact that a request would be about: `fact_id`, or what its source says now in place of that one. An access, and logged.

    Raises `NotFound` for a fact that is not held, or that nobody answers for.
    """
    with citizen_scope(citizen_id):
        mandates.confirm(citizen_id=citizen_id, now=now, deed=Deed.CONCERN)
        place = twin.stands_for(citizen_id=citizen_id, fact_id=fact_id)
    if place is None or place.source not in answering():
        raise NotFound()
    request = AccessRequest(citizen_id, CITIZEN, OWN_DATA, frozenset({place.category}))
    with open_door(request, granted=Event.OWN_DATA_VIEWED, refused=Event.OWN_DATA_REFUSED, now=now) as opened:
        fact = next((f for f in opened.facts if f.id == place.fact_id and f.derived_by is None), None)
        if fact is None:
            raise NotFound()
        about = {"category": place.category, "mark": place.mark, "source": place.source}
        open_ = requests.of_citizen(citizen_id=citizen_id).filter(**about, state=Correction.State.OPEN)
        [version] = queries.current_categories([place.category])
        return Doubted(fact, version, open_.first())


def ask(*, citizen_id: UUID, fact_id: UUID, right: Any, why: str, language: str, now: datetime) -> UUID:
    """A new request; its id. `right`: what the citizen says is right, of the fact's own type.

    Raises `NotFound`, `MandateRefused`, `InvalidInput` (`right`, `why`), `Conflict` where one is open, `TooManyOpen`.
    """
    doubted = look(citizen_id=citizen_id, fact_id=fact_id, now=now)
    fact = doubted.fact
    if not typed.fits(fact.category, doubted.version.version, fact.key, right):
        raise InvalidInput({"right": "right_wrong"})
    if right == fact.value:
        raise InvalidInput({"right": "right_same"})
    with citizen_scope(citizen_id):
        doing = mandates.confirm(citizen_id=citizen_id, now=now, deed=Deed.CONCERN)
        asked = requests.ask(
            fact=fact, citizen_id=citizen_id, right=right, why=why, language=language, now=now,
            mandate_id=doing.mandate.id if doing else None, guardian=_guardian(doing),
        )  # fmt: skip
        _question(asked.row, is_open=True)
        tell_agencies.announce_correction(row=asked.row, kind=Kind.CORRECTION_ASKED, now=now)
        _log(asked, Event.CORRECTION_ASKED, now)
    return asked.row.pk


def close(*, citizen_id: UUID, correction_id: UUID, now: datetime) -> None:
    """Take a request back. Raises `NotFound`, `MandateRefused`, `Moved`."""
    with citizen_scope(citizen_id):
        mandates.confirm(citizen_id=citizen_id, now=now, deed=Deed.CONCERN)
        asked = requests.opened(_one(citizen_id, correction_id))
        requests.close(row=asked.row, now=now)
        _question(asked.row, is_open=False)
        tell_agencies.announce_correction(row=asked.row, kind=Kind.CORRECTION_CLOSED, now=now)
        _log(asked, Event.CORRECTION_CLOSED, now)


def mine(*, citizen_id: UUID) -> tuple[Asked, ...]:
    """All requests that who asks may see, opened, newest first. Raises `NotFound` for who acts and may see none."""
    with citizen_scope(citizen_id):
        seen = _seen(citizen_id)
        if seen is None:
            raise NotFound()
        return tuple(requests.opened(row) for row in seen)


def one(*, citizen_id: UUID, correction_id: UUID) -> Asked:
    """One request, opened. Raises `NotFound`, also for somebody else's."""
    with citizen_scope(citizen_id):
        return requests.opened(_one(citizen_id, correction_id))


def exported(*, citizen_id: UUID) -> list[dict[str, Any]]:
    """All requests that who asks may see, with all that was said, as plain JSON. In the citizen's scope."""
    return [_exported(row) for row in _seen(citizen_id) or ()]


def _exported(row: Correction) -> dict[str, Any]:
    try:
        said = requests.opened(row)
    except VaultClosed:
        said = Asked(row, "", None, None, "")
    return {
        "id": str(row.pk),
        "source": row.source,
        "category": row.category,
        "version": row.category_version,
        "key": said.key,
        "asked_by": "guardian" if row.mandate_id else CITIZEN,
        "says": said.says,
        "right": said.right,
        "why": said.why,
        "state": row.state,
        "asked_at": row.asked_at.isoformat(),
        "due_at": row.due_at.isoformat(),
        "answered_at": row.answered_at.isoformat() if row.answered_at else None,
        "closed_at": row.closed_at.isoformat() if row.closed_at else None,
        "answer": said.answer or None,
    }


def _question(row: Correction, *, is_open: bool) -> None:
    disputes.question(citizen_id=row.citizen_id, category=row.category, mark=row.mark, source=row.source, is_open=is_open)


def _log(asked: Asked, event: Event, now: datetime) -> None:
    row = asked.row
    log(
        citizen_id=row.citizen_id, event=event, actor=CITIZEN, categories=[row.category], source=row.source,
        details={"correction": str(row.pk), "key": asked.key}, at=now,
    )  # fmt: skip


def _guardian(doing: Acting | None) -> str:
    return doing.attorney_name if doing else ""


def _seen(citizen_id: UUID) -> QuerySet[Correction] | None:
    """A child's own words are the child's: a guardian sees what was asked on a mandate. None for who acts and may see nothing."""
    found, doing = requests.of_citizen(citizen_id=citizen_id), acting.current()
    if doing is None:
        return found
    return found.filter(mandate__isnull=False) if doing.principal == citizen_id and may_ask() else None


def _one(citizen_id: UUID, correction_id: UUID) -> Correction:
    seen = _seen(citizen_id)
    row = seen.filter(pk=correction_id).first() if seen is not None else None
    if row is None:
        raise NotFound()
    return row
