"""Both sides of a mandate are told what becomes of it: an entry in each one's own log, a message to whoever did not do it themself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from aurora.identity import citizens, vault
from aurora.identity.models import Citizen
from aurora.journeys._log import log_each
from aurora.messages import outbox
from aurora.messages.models import MessageKind
from consent import mandates
from consent.days import last_day
from consent.ledger.events import Event
from consent.models import Mandate, MandateEvent, MandateEventKind
from consent.rules import AURORA, CITIZEN
from consent.scope import citizen_scope

INVITED = b"mandate-invited"
CHANGES = {
    Event.MANDATE_ACCEPTED: "accepted",
    Event.MANDATE_DECLINED: "declined",
    Event.MANDATE_REVOKED: "revoked",
    Event.MANDATE_CONFIRMED: "confirmed",
    Event.MANDATE_REGISTERED: "registered",
    Event.MANDATE_FROZEN: "frozen",
    Event.MANDATE_ENDED: "ended",
}


def name_in_scope(citizen_id: UUID) -> str:
    """A citizen's name, for the other side of a mandate of theirs: whoever asks has shown that they are a party to it."""
    with citizen_scope(citizen_id):
        return citizens.name_of(Citizen.objects.get(pk=citizen_id))


def invited(row: Mandate) -> str:
    """Whom an offer was made to, in the principal's own words."""
    with citizen_scope(row.principal_id):
        return vault.open_sealed(row.invited_sealed or b"", citizen_id=row.principal_id, context=INVITED).decode()


def was_accepted(row: Mandate) -> bool:
    """Whether the one whom an offer names has said yes to it, even if it has ended since."""
    with citizen_scope(row.principal_id):
        return MandateEvent.objects.filter(mandate=row, kind=MandateEventKind.ACCEPTED).exists()


def guardians_of(citizen_id: UUID, *, now: datetime) -> Iterator[tuple[UUID, UUID]]:
    """(guardian, mandate) of who may act for a child now. In the child's scope."""
    standing = Mandate.objects.filter(principal_id=citizen_id, kind=Mandate.Kind.GUARDIAN, state=Mandate.State.STANDING, freezes_at__gt=now)
    for row in standing:
        if row.attorney_id is not None and mandates.has_basis(row, now=now):
            yield row.attorney_id, row.pk


def tell(
    rows: Iterable[Mandate],
    event: Event,
    *,
    now: datetime,
    by: UUID | None = None,
    then: Iterable[tuple[Iterable[Mandate], Event]] = (),
    also: Iterable[tuple[UUID, dict[str, Any]]] = (),
) -> None:
    """Log and message, in the transaction that changed the rows. `by`: who did it, if a person did.

    `then`: rows that something else happened to at the same moment; `also`: further entries of it. All logs are written in one order.
    An offer that ends before anybody was found to address it to is its principal's alone.
    """
    happened = [(row, event) for row in rows] + [(row, other) for rows_, other in then for row in rows_]
    log_each([*also, *((one, _entry(row, what, by, now)) for row, what in happened for one in _sides(row))])
    told = [(one, other, row, what) for row, what in happened for one, other in _pairs(row, what) if one != by]
    for one, other, row, what in sorted(told, key=lambda t: (t[0], t[2].pk)):
        about = {
            "mandate": row.pk, "who": invited(row) if what is Event.MANDATE_DECLINED else name_in_scope(other),
            "change": _change(row, what, other, by), **_last(row, what), "side": "principal" if one == row.principal_id else "attorney",
            "path": f"mandates/{row.pk}/",
        }  # fmt: skip
        with citizen_scope(one):
            outbox.queue(citizen_id=one, kind=MessageKind.MANDATE_CHANGED, about=about, now=now)


def _change(row: Mandate, what: Event, other: UUID, by: UUID | None) -> str:
    """The code of a change as `aurora.ui.letters.mandate_changed` has it: finer where it matters who did it, or that somebody is dead."""
    change = CHANGES[what]
    if _last(row, what):
        return f"{change}:until"
    if row.kind == Mandate.Kind.ESTATE:
        return f"{change}:estate"
    return f"{change}:by" if what is Event.MANDATE_REVOKED and by == other else change


def _last(row: Mandate, what: Event) -> dict[str, str]:
    """The last day of a guardian's right that ends before the child turns 18."""
    sooner = row.kind == Mandate.Kind.GUARDIAN and row.expires_at and row.freezes_at and row.expires_at < row.freezes_at
    return {"until": last_day(row.expires_at).isoformat()} if sooner and row.expires_at and what is Event.MANDATE_REGISTERED else {}


def _sides(row: Mandate) -> list[UUID]:
    return [row.principal_id] if row.attorney_id is None else [row.principal_id, row.attorney_id]


def _pairs(row: Mandate, what: Event) -> list[tuple[UUID, UUID]]:
    """(who is told, the other). The dead are sent nothing: their log tells those who administer the estate.

    Of an offer that nobody accepted its principal is told a no, and nothing else: an end would tell that the person is known here, and their name.
    Whom it was made to is told that it was taken back; that its time is over, the offer said.
    """
    if row.attorney_id is None:
        return []
    mine, theirs = (row.principal_id, row.attorney_id), (row.attorney_id, row.principal_id)
    if row.kind == Mandate.Kind.ESTATE:
        return [theirs]
    if what is Event.MANDATE_DECLINED:
        return [mine]
    if row.kind == Mandate.Kind.POWER_OF_ATTORNEY and not was_accepted(row):
        return [theirs] if what is Event.MANDATE_REVOKED else []
    return [mine, theirs]


def tell_offered(row: Mandate, *, to: UUID, by: UUID, now: datetime) -> None:
    """An entry for whoever made the offer or received it. Only the receiver is sent a message: they have not seen it yet."""
    log_each([(to, _entry(row, Event.MANDATE_OFFERED, by, now))])
    if to == row.attorney_id:
        about = {"mandate": row.pk, "who": name_in_scope(row.principal_id), "path": f"mandates/{row.pk}/"}
        with citizen_scope(to):
            outbox.queue(citizen_id=to, kind=MessageKind.MANDATE_OFFERED, about=about, now=now)


def offered(row: Mandate, *, by: UUID, now: datetime) -> tuple[UUID, dict[str, Any]]:
    """The principal's entry of an offer."""
    return row.principal_id, _entry(row, Event.MANDATE_OFFERED, by, now)


def _entry(row: Mandate, event: Event, by: UUID | None, now: datetime) -> dict[str, Any]:
    details: dict[str, Any] = {"mandate": str(row.pk), "mandate_kind": row.kind, "themes": sorted(row.themes)}
    if by is not None:
        details["by"] = str(by)
    return {"event": event, "actor": CITIZEN if event.actor == "citizen" else AURORA, "details": details, "at": now}
