"""The children of the sandbox's personas, as the population register knows them: who is whose guardian, from when, until when.

Children are no households of the extract, so they have identifiers above its numbers, and the agencies hold nothing about them. They can sign in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from aurora.sandbox import national_id
from aurora.sandbox.config import Persona

CATEGORY = "population.guardianship"


@dataclass(frozen=True)
class Ward:
    """A child: `index` is the number in the identifier, `guardians` are keys of personas; the family name is the first one's."""

    index: int
    given_name: str
    born: date
    guardians: tuple[str, ...]


# Aino's is eight, and hers alone; Cecilia and Henrik have one together; Gunvor's is old enough to withdraw consents alone.
WARDS = (
    Ward(900_001, "Onni", date(2018, 3, 14), ("aino",)),
    Ward(900_002, "Hilda", date(2014, 9, 2), ("cecilia", "henrik")),
    Ward(900_003, "Sulo", date(2010, 5, 30), ("gunvor",)),
)


def find(index: int) -> Ward | None:
    """The child with this number, or None."""
    return next((ward for ward in WARDS if ward.index == index), None)


def name_of(ward: Ward, personas: Iterable[Persona]) -> str:
    """The given name, and the family name of the first guardian."""
    guardian = next((p for p in personas if p.key == ward.guardians[0]), None)
    return f"{ward.given_name} {guardian.name.split()[-1]}" if guardian else ward.given_name


def facts_of(household: int, personas: Iterable[Persona]) -> Mapping[str, Any]:
    """What the register answers to anybody: the children whose guardian they are, which are none for most."""
    known = tuple(personas)
    keys = {p.key for p in known if p.index == household}
    mine = [ward for ward in WARDS if keys & set(ward.guardians)]
    return {
        "children": [
            {
                "national_id": national_id.make(ward.index),
                "name": name_of(ward, known),
                "born": ward.born.isoformat(),
                "from": ward.born.isoformat(),
            }
            for ward in mine
        ]
    }


def for_demo(personas: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The children for `.aurora/demo.json`: name, identifier, and whose they are."""
    known = {p["key"]: Persona(p["key"], p["index"], p["name"], p["about"]) for p in personas}
    return [
        {
            "name": name_of(ward, known.values()),
            "identifier": national_id.make(ward.index),
            "born": ward.born.isoformat(),
            "guardians": list(ward.guardians),
        }
        for ward in WARDS
    ]
