"""The sandbox's citizens: every household of the extract has one, with an identifier, a name and a date of birth.

Names and birthdays are made up from the household's number, always the same ones; ages are the extract's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from aurora.sandbox import national_id, wards
from aurora.sandbox.config import Persona
from recommender.training import households

# The day for which ages hold. Fixed, because a date of birth must not move with the calendar.
AGES_AS_OF = date(2026, 7, 1)

GIVEN_NAMES = tuple(
    [
        "Aada",
        "Aksel",
        "Alma",
        "Anders",
        "Anja",
        "Arvid",
        "Asta",
        "Axel",
        "Birgit",
        "Björn",
        "Brita",
        "Casper",
        "Edith",
        "Eino",
        "Elias",
        "Elina",
        "Elsa",
        "Emil",
        "Erik",
        "Ester",
        "Eva",
        "Filip",
        "Frida",
        "Greta",
        "Gustav",
        "Hanna",
        "Hannes",
        "Harald",
        "Hedda",
        "Heikki",
        "Henrik",
        "Hilda",
        "Hilma",
        "Ida",
        "Iida",
        "Inga",
        "Ingrid",
        "Isak",
        "Ivar",
        "Jenny",
        "Johan",
        "Jonna",
        "Kaarina",
        "Kaisa",
        "Karin",
        "Kerttu",
        "Knut",
        "Lauri",
        "Leena",
        "Leo",
        "Linnea",
        "Liv",
        "Lotta",
        "Maija",
        "Malin",
        "Marit",
        "Martta",
        "Matti",
        "Mikael",
        "Nanna",
        "Nils",
        "Noora",
        "Oda",
        "Olavi",
        "Olga",
        "Oskar",
        "Otto",
        "Paavo",
        "Petra",
        "Ragnar",
        "Reijo",
        "Rolf",
        "Rut",
        "Saga",
        "Saima",
        "Selma",
        "Signe",
        "Sigrid",
        "Siiri",
        "Sofia",
        "Solveig",
        "Stina",
        "Sulo",
        "Sven",
        "Taimi",
        "Tove",
        "Tuure",
        "Tyra",
        "Ulla",
        "Urho",
        "Valter",
        "Veikko",
        "Venla",
        "Vera",
        "Viggo",
        "Vilma",
        "Yngve",
        "Yrjö",
        "Åke",
        "Åsa",
    ]
)
FAMILY_NAMES = tuple(
    [
        "Ahlgren",
        "Ahola",
        "Aspelund",
        "Backlund",
        "Berggren",
        "Björkman",
        "Dahlberg",
        "Ekholm",
        "Ekström",
        "Engblom",
        "Forsman",
        "Granlund",
        "Grönvall",
        "Haapala",
        "Hagman",
        "Hakala",
        "Hedlund",
        "Heino",
        "Holmgren",
        "Ilves",
        "Jokela",
        "Kallio",
        "Kivelä",
        "Koskela",
        "Kvist",
        "Laakso",
        "Lehtinen",
        "Leino",
        "Lindholm",
        "Lindroos",
        "Lundqvist",
        "Malm",
        "Mattila",
        "Mäkelä",
        "Niemi",
        "Norrgård",
        "Nyberg",
        "Nyholm",
        "Ojala",
        "Palmgren",
        "Peltola",
        "Rantala",
        "Ranta",
        "Rehn",
        "Rosenlund",
        "Saarela",
        "Salmela",
        "Sandell",
        "Selin",
        "Sjöberg",
        "Soini",
        "Stenberg",
        "Strand",
        "Sundell",
        "Söderholm",
        "Tammela",
        "Tuomela",
        "Uusitalo",
        "Wahlroos",
        "Westerlund",
        "Vainio",
        "Viita",
        "Wikström",
        "Virta",
        "Åberg",
        "Åkerlund",
        "Öhman",
        "Österlund",
    ]
)


@dataclass(frozen=True)
class Person:
    """A citizen: `index` is the household, `birthdate` fits the household's age on `AGES_AS_OF`."""

    index: int
    name: str
    birthdate: date

    @property
    def national_id(self) -> str:
        return national_id.make(self.index)


def find(identifier: str, personas: Iterable[Persona] = ()) -> Person | None:
    """The citizen with this national identifier, or None; personas keep the names that they were given."""
    index = national_id.parse(identifier)
    known = index is not None and (index < households.count() or wards.find(index) is not None)
    return person(index, personas) if index is not None and known else None


def person(index: int, personas: Iterable[Persona] = ()) -> Person:
    """The citizen of household `index`, or the child of that number."""
    if ward := wards.find(index):
        return Person(index, wards.name_of(ward, personas), ward.born)
    given = {persona.index: persona.name for persona in personas}
    return Person(index, given.get(index) or name_of(index), birthdate_of(index))


def name_of(index: int) -> str:
    return f"{_pick(GIVEN_NAMES, index, 'given')} {family_name_of(index)}"


def family_name_of(index: int) -> str:
    return _pick(FAMILY_NAMES, index, "family")


def birthdate_of(index: int) -> date:
    """A day of the year drawn from the number, in the year that makes the age right on `AGES_AS_OF`."""
    age = int(households.facts_of(index)["population.person"]["age"])
    month, day = 1 + _draw(index, "month") % 12, 1 + _draw(index, "day") % 28
    had_birthday = (month, day) <= (AGES_AS_OF.month, AGES_AS_OF.day)
    return date(AGES_AS_OF.year - age - (0 if had_birthday else 1), month, day)


def _draw(index: int, salt: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{salt} {index}".encode()).digest()[:8], "big")


def _pick(words: tuple[str, ...], index: int, salt: str) -> str:
    return words[_draw(index, salt) % len(words)]
