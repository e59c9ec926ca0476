"""Guardians and their children, as the population register has them: never by anybody's declaration.

A guardian's fetch of `population.guardianship` hands its answer here. Of the children nothing is kept in the guardian's twin but how many they are: the
child's identifier finds or makes the child's own citizen row, and the mandate says the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from aurora.identity import citizens
from aurora.identity.eid import Identified
from aurora.identity.models import Citizen
from aurora.journeys._mandate_told import tell
from consent import mandate_changes, mandates
from consent.days import end_of, start_of
from consent.ledger.events import Event
from consent.models import Mandate
from consent.rules.mandates import eighteenth_birthday
from consent.scope import citizen_scope

CATEGORY = "population.guardianship"
PURPOSE = "acting-for-child"
HANDED_OVER = "children"
COUNTED = "number_of_children"


@dataclass(frozen=True)
class Ward:
    """A child in the register's answer: who they are and from when until when they are in this person's care."""

    national_id: str = field(repr=False)
    name: str = field(repr=False)
    born: date = field(repr=False)
    begins: date
    ends: date | None

    def may_be_acted_for(self, *, now: datetime) -> bool:
        adult = start_of(eighteenth_birthday(self.born))
        return now < adult and (self.ends is None or now < end_of(self.ends)) and (self.ends is None or self.begins <= self.ends)


def read(facts: Mapping[str, Any]) -> tuple[list[Ward], dict[str, Any]]:
    """The children of an answer that its schema has passed, and what of it the twin may keep."""
    children = [
        Ward(c["national_id"], c["name"], date.fromisoformat(c["born"]), date.fromisoformat(c["from"]), _day(c.get("until")))
        for c in facts.get(HANDED_OVER, [])
    ]
    return children, {COUNTED: len(children)}


def keep(
    *, guardian_id: UUID, children: Iterable[Ward], source: str, pull_id: UUID, now: datetime,
    also: Iterable[tuple[UUID, dict[str, Any]]] = (),
) -> None:  # fmt: skip
    """Make the mandates what the register says: new ones, changed dates, ended ones. In the guardian's scope, in the pull's last transaction.

    Both sides of each change are told; `also` are entries of the same moment (the pull's own), logged with them in one order.
    """
    begun, kept = [], set()
    language = Citizen.objects.values_list("language", flat=True).get(pk=guardian_id)  # until a child chooses their own
    for ward in children:
        if not ward.may_be_acted_for(now=now):
            continue
        child = _citizen(ward, language, now)
        if child == guardian_id:
            continue
        with citizen_scope(child):
            row, new = mandate_changes.register(
                principal_id=child,
                attorney_id=guardian_id,
                begins=start_of(ward.begins),
                ends=end_of(ward.ends) if ward.ends else None,
                adult=start_of(eighteenth_birthday(ward.born)),
                evidence={"from": "register", "source": source, "pull": str(pull_id)},
                now=now,
            )
        kept.add(row.pk)
        begun += [row] if new else []
    ended = [gone for row in _registered(guardian_id, source) if row.pk not in kept for gone in _end(row, now)]
    # In one go, so that all logs of this transaction are written in one order.
    tell(begun, Event.MANDATE_REGISTERED, now=now, then=[(ended, Event.MANDATE_ENDED)], also=also)


def _citizen(ward: Ward, language: str, now: datetime) -> UUID:
    """A child who signs in later is this same citizen: they are found by the same identifier at the same e-ID."""
    identified = Identified(issuer=citizens.national_issuer(), national_id=ward.national_id, name=ward.name)
    return citizens.find_or_create(identified=identified, language=language, now=now).pk


def _registered(guardian_id: UUID, source: str) -> list[Mandate]:
    mine = mandates.of_party(citizen_id=guardian_id).filter(attorney_id=guardian_id, kind=Mandate.Kind.GUARDIAN)
    return list(mine.filter(state__in=[Mandate.State.STANDING, Mandate.State.FROZEN], evidence__source=source))


def _end(row: Mandate, now: datetime) -> list[Mandate]:
    """A frozen one stays as it is: it waits for the grown child, whom no register has children of."""
    if row.freezes_at is not None and row.freezes_at <= now:
        return []
    with citizen_scope(row.principal_id):
        return mandate_changes.end_registered(mandate_id=row.pk, now=now)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text is not None else None
