"""Whom an erasure concerns besides the citizen: agencies that had read what is erased. What they may still hold, that they are told, and the citizen too."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aurora.erasures.models import Erasure
from aurora.journeys import tell_agencies
from aurora.journeys._log import log
from aurora.messages import outbox
from aurora.messages.models import MessageKind
from consent.ledger import queries as ledger
from consent.ledger.events import Event
from consent.models import ConsentRecord
from consent.rules import AURORA, CITIZEN
from consent.webhooks.models import Delivery

DELETED, KEPT, LATE, ASKED, UNREACHED, UNTOLD = "deleted", "kept", "late", "asked", "unreached", "untold"


@dataclass(frozen=True)
class Held:
    """What one agency had read and may hold still. `state`: `deleted` or `kept` (some of it, by a law) as it says, `late`, `asked`, `unreached`, `untold`.

    `kept`: category and legal basis, as the agency gave them.
    """

    agency: str
    categories: tuple[str, ...]
    last_read_at: str
    state: str
    told_at: str | None = None
    confirm_by: str | None = None
    confirmed_at: str | None = None
    kept: tuple[dict[str, Any], ...] = ()

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def held(*, citizen_id: UUID, categories: frozenset[str] | None, now: datetime) -> tuple[Held, ...]:
    """Each agency that has ever read one of the categories (None: any), by name. In the citizen's scope."""
    reads: dict[str, tuple[set[str], datetime]] = {}
    entries = ledger.visible(citizen_id).filter(event=Event.AGENCY_READ).values_list("actor", "categories", "at")
    for actor, read, at in entries.iterator():
        if found := set(read) if categories is None else set(read) & categories:
            known, last = reads.get(actor, (set(), at))
            reads[actor] = known | found, max(last, at)
    newest: dict[str, Delivery] = {}
    asked = Delivery.objects.filter(citizen_id=citizen_id, confirm_by__isnull=False).select_related("client__agency").order_by("created_at")
    for delivery in asked:
        code = delivery.client.agency.code
        if code in reads and reads[code][0] & set(delivery.categories):
            newest[code] = delivery
    return tuple(_held(code, *reads[code], newest.get(code), now) for code in sorted(reads))


def _held(code: str, categories: set[str], last: datetime, delivery: Delivery | None, now: datetime) -> Held:
    common = (code, tuple(sorted(categories)), last.isoformat())
    if delivery is None:
        return Held(*common, state=UNTOLD)
    state = ASKED
    if delivery.confirmed_at is not None:
        state = KEPT if delivery.kept or delivery.deleted_at is None else DELETED
    elif delivery.state == Delivery.State.FAILED:
        state = UNREACHED
    elif delivery.confirm_by is not None and delivery.confirm_by <= now:
        state = LATE
    return Held(*common, state, _iso(delivery.delivered_at), _iso(delivery.confirm_by), _iso(delivery.confirmed_at), tuple(delivery.kept))


def announce(*, citizen_id: UUID, categories: frozenset[str] | None, now: datetime) -> int:
    """Tell each agency that may still read and did. How many notices. In the citizen's scope, once an erasure."""
    rests: dict[UUID, set[str]] = {}
    for consents, read in ledger.visible(citizen_id).filter(event=Event.AGENCY_READ).values_list("consent_ids", "categories").iterator():
        for consent in consents:
            rests.setdefault(consent, set()).update(set(read) if categories is None else set(read) & categories)
    theirs = ConsentRecord.objects.filter(citizen_id=citizen_id, pk__in=[pk for pk, read in rests.items() if read], state="given")
    number = 0
    for record in theirs.exclude(recipient__code=AURORA).select_related("recipient").order_by("pk"):
        number += tell_agencies.announce_erased(record, categories=sorted(rests[record.pk]), now=now)
    return number


def log_done(row: Erasure, *, categories: frozenset[str] | None, now: datetime) -> None:
    """The citizen's log says what was erased, and so does a message."""
    assert row.citizen_id is not None
    log(
        citizen_id=row.citizen_id, event=Event.DATA_ERASED, actor=CITIZEN, categories=sorted(categories or ()),
        source=row.code if row.scope == Erasure.Scope.SOURCE else None,
        details={"erasure": str(row.pk), **{f"{name}_erased": number for name, number in row.counts.items()}}, at=now,
    )  # fmt: skip
    about = {"erasure": row.pk, "path": f"erasures/{row.pk}/"}
    outbox.queue(citizen_id=row.citizen_id, kind=MessageKind.ERASURE_DONE, about=about, now=now)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
