"""A citizen takes a copy of their activity: an access of its own, noted before the first line leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aurora.journeys._log import confirm, log
from consent.ledger.events import Event
from consent.rules import CITIZEN
from consent.rules.mandates import Deed
from consent.scope import citizen_scope

FORMATS = ("csv", "json")
ACTIVITY = "activity"


@dataclass(frozen=True)
class Begun:
    """The entry that notes the copy, and its running number: the copy goes up to it, so that what comes in meanwhile does not move the pages."""

    entry_id: UUID
    seq: int


def begin(*, citizen_id: UUID, as_format: str, chosen: Mapping[str, str], now: datetime) -> Begun:
    """Note the copy. `chosen`: what it was narrowed to, by name; the entry keeps it sealed. Opens its own transaction.

    Raises `MandateRefused` where who acts for them may not take their data along.
    """
    if as_format not in FORMATS:
        raise ValueError(f"no format of a copy: {as_format!r}")
    with citizen_scope(citizen_id, durable=True):
        confirm(citizen_id=citizen_id, now=now, deed=Deed.EXPORT)
        made = log(
            citizen_id=citizen_id,
            event=Event.OWN_DATA_EXPORTED,
            actor=CITIZEN,
            details={"what": ACTIVITY, "format": as_format, **{f"only_{name}": value for name, value in sorted(chosen.items()) if value}},
            at=now,
        )
    return Begun(made.entry_id, made.seq)


def goes_on(*, citizen_id: UUID, now: datetime) -> None:
    """Before each further piece of the copy, in the transaction that reads it, in the citizen's scope: who acts for them may still take it along.

    Raises `MandateRefused`: then the copy breaks off.
    """
    confirm(citizen_id=citizen_id, now=now, deed=Deed.EXPORT)
