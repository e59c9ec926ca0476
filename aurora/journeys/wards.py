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
from aurora.journeys._registered import Changes, end_each, last_day, registered
from consent import mandate_changes, mandates
from consent.days import end_of, start_of
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
        Ward(c["national_id"], c["name"], date.fromisoformat(c["born"]), date.fromisoformat(c["from"]), last_day(c.get("until")))
        for c in facts.get(HANDED_OVER, [])
    ]
    return children, {COUNTED: len(children)}


def changes(*, guardian_id: UUID, children: Iterable[Ward], evidence: dict[str, Any], now: datetime) -> Changes:
    """Make the mandates what the register says: new ones, changed dates, ended ones. In the guardian's scope; see `registers.keep`."""
    begun, kept = [], set()
    language = Citizen.objects.values_list("language", flat=True).get(pk=guardian_id)  # until a child chooses their own
    for ward in children:
        if not ward.may_be_acted_for(now=now):
            continue
        child = _citizen(ward, language, now)
        if child == guardian_id:
            continue
        with citizen_scope(child):
            if mandates.estates_of(child).exists():
                continue  # they have died: the estate has come after the guardians
            row, new = mandate_changes.register(
                principal_id=child,
                attorney_id=guardian_id,
                kind=Mandate.Kind.GUARDIAN,
                begins=start_of(ward.begins),
                ends=end_of(ward.ends) if ward.ends else None,
                adult=start_of(eighteenth_birthday(ward.born)),
                evidence=evidence,
                now=now,
            )
        kept.add(row.pk)
        begun += [row] if new else []
    gone = [row for row in registered(guardian_id, Mandate.Kind.GUARDIAN, evidence["source"]) if row.pk not in kept]
    # A frozen one stays as it is: it waits for the grown child, whom no register has children of.
    return Changes(begun, end_each([row for row in gone if row.freezes_at is None or row.freezes_at > now], now))


def _citizen(ward: Ward, language: str, now: datetime) -> UUID:
    """A child who signs in later is this same citizen: they are found by the same identifier at the same e-ID."""
    identified = Identified(issuer=citizens.national_issuer(), national_id=ward.national_id, name=ward.name)
    return citizens.find_or_create(identified=identified, language=language, now=now).pk
