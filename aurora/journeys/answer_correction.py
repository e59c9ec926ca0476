"""A source reads and answers what citizens ask it to correct (GDPR art. 12(3)-(4), 16), and what follows: the fact is fetched again, and those who
had read the wrong one are told (art. 19). Who is late is told of.

The citizen's words are sealed under the citizen's own key and opened here for the source that must answer them: the database function that tells
whose a request is wants the name of who answers it, which is that of the token. The first time that it reads one is an entry in the citizen's log.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from aurora.corrections import across, requests
from aurora.corrections.models import Correction
from aurora.corrections.requests import Asked
from aurora.identity import citizens
from aurora.identity.keys import pairwise
from aurora.identity.models import Citizen
from aurora.identity.vault import VaultClosed
from aurora.journeys import tell_agencies
from aurora.journeys._log import log
from aurora.journeys._refetch import refetch
from aurora.messages import outbox
from aurora.messages.models import MessageKind
from aurora.twin import disputes
from consent.errors import NotFound
from consent.ledger import queries as ledger
from consent.ledger.events import Event
from consent.rules import AURORA
from consent.scope import citizen_scope
from consent.webhooks.models import Delivery

logger = logging.getLogger(__name__)
MOST = 50
TELL_MOST = 500
State = Correction.State


@dataclass(frozen=True)
class Received:
    """A request as its source may read it. `subject`: the citizen, under the name that this source knows. `asked` None: all that was theirs is erased."""

    row: Correction
    subject: str
    national_id: str = field(repr=False)
    asked: Asked | None = field(repr=False)


def listing(
    *, source: str, states: Iterable[str], after: UUID | None, now: datetime, most: int = MOST
) -> tuple[tuple[Received, ...], bool]:
    """Requests to one source, the oldest first, behind one of them; and whether there are more."""
    found = across.of_source(source=source, states=states, after=after, most=most + 1)
    return tuple(_received(source, correction_id, citizen_id, now) for correction_id, citizen_id in found[:most]), len(found) > most


def one(*, source: str, correction_id: UUID, now: datetime) -> Received:
    """Raises `NotFound`, also for another's to answer."""
    return _received(source, correction_id, _citizen_of(source, correction_id), now)


def answer(*, source: str, correction_id: UUID, outcome: str, text: str, now: datetime) -> Received:
    """Note the answer, tell the citizen, and see to what follows from a correction. Raises `NotFound`, `InvalidInput`, `Moved`."""
    citizen_id = _citizen_of(source, correction_id)
    with citizen_scope(citizen_id):
        asked = requests.opened(requests.one(correction_id=correction_id, citizen_id=citizen_id))
        row = asked.row
        _note_read(asked, source, now)  # who answers has read it
        requests.answer(row=row, outcome=outcome, text=text, now=now)
        disputes.question(citizen_id=citizen_id, category=row.category, mark=row.mark, source=source, is_open=False)
        about = {"correction": row.pk, "outcome": outcome}
        outbox.queue(citizen_id=citizen_id, kind=MessageKind.CORRECTION_ANSWERED, about=about, now=now)
        log(
            citizen_id=citizen_id, event=Event.CORRECTION_ANSWERED, actor=source, categories=[row.category], source=source,
            details={"correction": str(row.pk), "key": asked.key, "outcome": outcome}, at=now,
        )  # fmt: skip
        if outcome == State.CORRECTED:
            refetch(citizen_id=citizen_id, source=source, category=row.category, now=now)
            _tell_readers(asked, now)
    return _received(source, correction_id, citizen_id, now)


def sweep(*, now: datetime) -> int:
    """Tell citizens whose request was not answered in time, once. How many. One that fails does not keep the others."""
    told = 0
    for correction_id, citizen_id in across.overdue(now=now, most=TELL_MOST):
        try:
            with citizen_scope(citizen_id):
                row = requests.note_overdue(correction_id=correction_id, now=now)
                if row is not None:
                    outbox.queue(citizen_id=citizen_id, kind=MessageKind.CORRECTION_OVERDUE, about={"correction": row.pk}, now=now)
                    told += 1
        except Exception as error:
            logger.error("Correction %s: its citizen could not be told that it is overdue: %s", correction_id, type(error).__name__)
    return told


def _tell_readers(asked: Asked, now: datetime) -> None:
    """Those that read this category since what is corrected was recorded, as the citizen's own log has it."""
    row = asked.row
    reads = ledger.visible(row.citizen_id, since=row.since).filter(
        event=Event.AGENCY_READ, decision="permit", categories__contains=[row.category]
    )
    readers = set(reads.values_list("actor", flat=True)) - {row.source}
    told = tell_agencies.announce_corrected(row=row, readers=readers, now=now)
    if told:
        log(
            citizen_id=row.citizen_id, event=Event.CORRECTION_TOLD, actor=AURORA, categories=[row.category], source=row.source,
            details={"correction": str(row.pk), "key": asked.key, "told": told, "kind": Delivery.Kind.FACT_CORRECTED.value}, at=now,
        )  # fmt: skip


def _note_read(asked: Asked, source: str, now: datetime) -> None:
    row = asked.row
    if requests.note_read(row=row, now=now):
        log(
            citizen_id=row.citizen_id, event=Event.CORRECTION_READ, actor=source, categories=[row.category], source=source,
            details={"correction": str(row.pk), "key": asked.key}, at=now,
        )  # fmt: skip


def _citizen_of(source: str, correction_id: UUID) -> UUID:
    citizen_id = across.citizen_of(correction_id=correction_id, source=source)
    if citizen_id is None:
        raise NotFound()
    return citizen_id


def _received(source: str, correction_id: UUID, citizen_id: UUID, now: datetime) -> Received:
    with citizen_scope(citizen_id):
        row = requests.one(correction_id=correction_id, citizen_id=citizen_id)
        subject = pairwise(citizen_id=citizen_id, agency=source)
        try:
            asked = requests.opened(row)
        except VaultClosed:
            return Received(row, subject, "", None)
        _note_read(asked, source, now)
        return Received(row, subject, citizens.number_of(Citizen.objects.get(pk=citizen_id)), asked)
