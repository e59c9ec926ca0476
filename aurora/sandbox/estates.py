"""Estates as the population register knows them: who died, when, and which personas administer what they left.

The dead person is a household of the extract, chosen by query as the personas are. The e-ID still knows them: a register learns of a death first,
and whoever holds their means of identification can still come by, which is what Aurora has to turn away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from aurora.sandbox import national_id, people
from aurora.sandbox.config import Persona
from recommender.training import households

CATEGORY = "population.estate"


@dataclass(frozen=True)
class Estate:
    """What somebody left: `administrators` are the roles of personas by key."""

    index: int
    died: date
    administrators: Mapping[str, str]


@cache
def estates() -> tuple[Estate, ...]:
    """One: a single person of more than 80, whose estate Frans shares in and Dagny was appointed to administer."""
    index = next((i for i in range(households.count()) if _alone_and_old(i)), None)
    return (Estate(index, date(2025, 11, 3), {"frans": "shareholder", "dagny": "administrator"}),) if index is not None else ()


def _alone_and_old(index: int) -> bool:
    facts = households.facts_of(index)
    person, household = facts["population.person"], facts["population.household"]
    return bool(int(person["age"]) > 80 and household["household_size"] == 1)


def facts_of(household: int, personas: Iterable[Persona]) -> Mapping[str, Any]:
    """What the register answers to anybody: the estates that they administer, which are none for most."""
    known = tuple(personas)
    keys = {p.key for p in known if p.index == household}
    mine = [(estate, role) for estate in estates() for key, role in estate.administrators.items() if key in keys]
    return {
        "estates": [
            {
                "national_id": national_id.make(estate.index),
                "name": people.person(estate.index, known).name,
                "died": estate.died.isoformat(),
                "role": role,
                "from": estate.died.isoformat(),
            }
            for estate, role in mine
        ]
    }


def for_demo() -> list[dict[str, Any]]:
    """The dead for `.aurora/demo.json`: name, identifier, day of death, and whose estate it is to administer. They can sign in until that is told."""
    return [
        {
            "name": people.person(estate.index).name,
            "identifier": national_id.make(estate.index),
            "died": estate.died.isoformat(),
            "administrators": dict(estate.administrators),
        }
        for estate in estates()
    ]
