"""Estates of the dead and those who administer them, as the population register has them: never by anybody's declaration.

An administrator's fetch of `population.estate` hands its answer here. Of the dead nothing is kept in the administrator's twin but how many estates
there are. Whoever was no citizen here leaves nothing here to administer: no row is made for the dead.
From then on the dead person signs in no more, no mail goes out to them, nobody acts on powers of attorney of theirs, and what agencies were
allowed ends (`end_consents.end_of_the_dead`). What they allowed Aurora stands until the estate ends it, with what was fetched by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from aurora.identity import citizens
from aurora.journeys._mandate_told import tell
from aurora.journeys._registered import Changes, end_each, last_day, registered
from aurora.journeys._wake import send
from aurora.messages import address
from consent import mandate_changes, mandates
from consent.days import day_of, end_of, start_of
from consent.errors import NotFound
from consent.ledger.events import Event
from consent.models import Mandate
from consent.scope import citizen_scope

CATEGORY = "population.estate"
PURPOSE = "administering-estate"
HANDED_OVER = "estates"
COUNTED = "number_of_estates"


@dataclass(frozen=True)
class Estate:
    """A dead person in the register's answer, and from when until when this person administers their estate, in which role."""

    national_id: str = field(repr=False)
    name: str = field(repr=False)
    died: date = field(repr=False)
    role: str
    begins: date
    ends: date | None

    def is_administered(self, *, now: datetime) -> bool:
        begins = max(self.begins, self.died)
        return self.died <= day_of(now) and (self.ends is None or (begins <= self.ends and now < end_of(self.ends)))


def read(facts: Mapping[str, Any]) -> tuple[list[Estate], dict[str, Any]]:
    """The estates of an answer that its schema has passed, and what of it the twin may keep."""
    estates = [
        Estate(
            e["national_id"], e["name"], date.fromisoformat(e["died"]), e["role"], date.fromisoformat(e["from"]), last_day(e.get("until"))
        )
        for e in facts.get(HANDED_OVER, [])
    ]
    return estates, {COUNTED: len(estates)}


def changes(*, administrator_id: UUID, estates: Iterable[Estate], evidence: dict[str, Any], now: datetime) -> Changes:
    """Make the mandates what the register says. In the administrator's scope; see `registers.keep`."""
    begun, ended, kept = [], [], set()
    for estate in estates:
        dead = citizens.find(national_id=estate.national_id) if estate.is_administered(now=now) else None
        if dead is None or dead == administrator_id:
            continue
        with citizen_scope(dead):
            if not mandates.estates_of(dead).exists():
                ended += _leave(dead, now)
            row, new = mandate_changes.register(
                principal_id=dead,
                attorney_id=administrator_id,
                kind=Mandate.Kind.ESTATE,
                begins=start_of(max(estate.begins, estate.died)),
                ends=end_of(estate.ends) if estate.ends else None,
                evidence=evidence | {"role": estate.role},
                now=now,
            )
        kept.add(row.pk)
        begun += [row] if new else []
    gone = [row for row in registered(administrator_id, Mandate.Kind.ESTATE, evidence["source"]) if row.pk not in kept]
    return Changes(begun, ended + end_each(gone, now))


def _leave(dead: UUID, now: datetime) -> list[Mandate]:
    """The first news of a death: no mail, and no mandate that they gave or held (Contracts Act, 21 §: their attorney gives way to the estate)."""
    address.remove(citizen_id=dead, now=now)
    transaction.on_commit(partial(send, "aurora.end_consents"), robust=True)
    return end_each(mandates.of_party(citizen_id=dead).filter(state__in=mandates.OPEN), now)


def correct(*, national_id: str, case: str, now: datetime) -> int:
    """A living person was told dead: an operator undoes it. They can sign in again; what has ended stays ended. How many mandates of estates ended.

    Raises `NotFound` when no register has told here that this person is dead.
    """
    citizen = citizens.find(national_id=national_id)
    if citizen is None:
        raise NotFound()
    with citizen_scope(citizen):
        if not mandates.estates_of(citizen).exists():
            raise NotFound()
        ended = mandate_changes.not_dead(principal_id=citizen, case=case, now=now)
        tell(ended, Event.MANDATE_ENDED, now=now)
    return len(ended)
