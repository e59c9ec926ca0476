"""What is made up of each household's first adult: illnesses, measurements, procedures, and how the health centre has them on file.

Drawn from the household's number, always the same; age, marital status and region are the extract's. The codes (ICD-10, LOINC, SNOMED CT, UCUM) are
real, the people are not: nothing here says anything about anybody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

from aurora.sandbox import people
from aurora.sandbox.config import Persona
from aurora.sandbox.hospital import assessments
from recommender.training import households

MUNICIPALITIES = ("091", "049", "092", "837", "853", "564", "297", "179", "398", "609", "905", "167", "405", "698", "638")
# An old address: one in eight has not told the health centre of a move.
_NOT_TOLD = 0.12
_FEMALE = {"aino", "cecilia", "dagny", "gunvor"}
_MALE = {"bertil", "eero", "frans", "henrik"}


@dataclass(frozen=True)
class Illness:
    """`years`: since so many years ago; `lasted`: days until it was over, 0 for one that holds. `kind`: confirmed, or what is left out."""

    code: str
    text: str
    years: float
    lasted: int = 0
    kind: str = "confirmed"


@dataclass(frozen=True)
class Done:
    """A procedure, in SNOMED CT."""

    code: str
    text: str
    years: float


@dataclass(frozen=True)
class Person:
    """`base` holds the middle of each measurement by LOINC code, around which the single ones are drawn."""

    household: int
    female: bool
    age: int
    marital: str
    region: str
    municipality: str
    illnesses: tuple[Illness, ...]
    procedures: tuple[Done, ...]
    base: dict[str, float]
    smoking: str
    visits: int


_HYPERTENSION = ("I10", "Essential (primary) hypertension")
_DIABETES = ("E11.9", "Type 2 diabetes mellitus without complications")
_LIPIDS = ("E78.0", "Pure hypercholesterolaemia")
# code, text, at age 40, more for each ten years, since years, lasted days
_ILLNESSES = (
    (*_HYPERTENSION, 0.12, 0.13, 9, 0),
    (*_DIABETES, 0.03, 0.05, 6, 0),
    (*_LIPIDS, 0.07, 0.07, 7, 0),
    ("J45.9", "Asthma, unspecified", 0.09, 0.0, 15, 0),
    ("G43.9", "Migraine, unspecified", 0.10, -0.02, 12, 0),
    ("M54.5", "Low back pain", 0.16, 0.02, 3, 120),
    ("K21.9", "Gastro-oesophageal reflux disease without oesophagitis", 0.07, 0.02, 5, 0),
    ("M17.9", "Gonarthrosis, unspecified", 0.02, 0.06, 5, 0),
    ("J20.9", "Acute bronchitis, unspecified", 0.22, 0.0, 1.6, 19),
    ("S93.4", "Sprain and strain of ankle", 0.12, -0.02, 4, 40),
    ("N30.0", "Acute cystitis", 0.10, 0.01, 2.3, 9),
)
_PROCEDURES = (
    ("80146002", "Appendectomy", 0.07, 17),
    ("73761001", "Colonoscopy", 0.02, 3),
    ("173422009", "Tonsillectomy", 0.08, 25),
    ("54885007", "Extraction of cataract", 0.0, 2),
    ("11466000", "Caesarean section", 0.0, 4),
)
_PERSONAS: dict[str, tuple[tuple[Illness, ...], tuple[Done, ...]]] = {
    # A young mother: asthma, a gestational diabetes that is over, a suspicion that was refuted and a note on the wrong record.
    "aino": (
        (
            Illness("J45.9", "Asthma, unspecified", 13.4),
            Illness("O24.4", "Diabetes mellitus arising in pregnancy", 3.1, 190),
            Illness("J03.9", "Acute tonsillitis, unspecified", 1.2, 11),
            Illness("I20.9", "Angina pectoris, unspecified", 0.9, 0, "refuted"),
            Illness("M10.9", "Gout, unspecified", 0.8, 0, "entered-in-error"),
        ),
        (Done("11466000", "Caesarean section", 2.6), Done("173422009", "Tonsillectomy", 14.0)),
    ),
    "bertil": (
        (
            Illness(*_HYPERTENSION, 18.2),
            Illness(*_DIABETES, 9.6),
            Illness(*_LIPIDS, 11.0),
            Illness("M16.1", "Other primary coxarthrosis", 2.2),
            Illness("J18.9", "Pneumonia, unspecified", 4.4, 34),
            Illness("C61", "Malignant neoplasm of prostate", 1.4, 0, "provisional"),
        ),
        (Done("73761001", "Colonoscopy", 5.3), Done("54885007", "Extraction of cataract", 1.9)),
    ),
}  # fmt: skip


def person(household: int, personas: Iterable[Persona] = ()) -> Person:
    """What the health centre has on file of a household's first adult."""
    return _person(household, next((p.key for p in personas if p.index == household), ""))


@cache
def _person(household: int, key: str) -> Person:
    facts = households.facts_of(household)["population.person"]
    age, female = int(facts["age"]), _is_female(household, key)
    illnesses, procedures = _PERSONAS.get(key) or (_illnesses(household, age), _procedures(household, age, female))
    held = {one.code for one in illnesses if not one.lasted and one.kind == "confirmed"}
    region = str(facts["region"])
    return Person(
        household, female, age, str(facts["marital_status"]),
        _former(household, region) if key == "aino" or (not key and uniform(household, "moved") < _NOT_TOLD) else region,
        MUNICIPALITIES[int(uniform(household, "town") * len(MUNICIPALITIES))],
        illnesses, procedures, _base(household, age, female, held), _smoking(household, key), 3 + int(uniform(household, "visits") * 4),
    )  # fmt: skip


def born(household: int) -> str:
    return people.birthdate_of(household).isoformat()


def _former(household: int, region: str) -> str:
    """Another region of the same country: an address of before a move."""
    known = int(region[1:])
    other = 1 + (known + int(uniform(household, "former") * 49)) % 51
    return f"R{other if other != known else 1 + known % 51:02d}"


def _is_female(household: int, key: str) -> bool:
    return key in _FEMALE or (key not in _MALE and assessments.uniform(household, "sex") < 0.58)


def _illnesses(household: int, age: int) -> tuple[Illness, ...]:
    return tuple(
        Illness(code, text, round(min(years * (0.4 + uniform(household, f"since {code}")), max(0.5, age - 4)), 2), lasted)
        for code, text, share, more, years, lasted in _ILLNESSES
        if uniform(household, code) < share + more * (age - 40) / 10
    )


def _procedures(household: int, age: int, female: bool) -> tuple[Done, ...]:
    def share(code: str, usual: float) -> float:
        if code == "11466000":
            return 0.12 if female and 24 <= age <= 50 else 0.0
        return {"73761001": usual + 0.1 * (age >= 50), "54885007": 0.25 * (age >= 70)}.get(code, usual)

    return tuple(
        Done(code, text, round(min(years * (0.5 + uniform(household, f"done {code}")), max(0.5, age - 3)), 2))
        for code, text, usual, years in _PROCEDURES
        if uniform(household, f"proc {code}") < share(code, usual)
    )


def _base(household: int, age: int, female: bool, held: set[str]) -> dict[str, float]:
    """Middles by LOINC code, in the unit that the record notes them in."""
    high, sugar, fat = "I10" in held, "E11.9" in held, "E78.0" in held
    height = normal(household, "height", 166 if female else 179, 6.5)
    bmi = min(46.0, max(18.0, normal(household, "bmi", 26.4 + 2.5 * sugar, 4.2)))
    return {
        "8480-6": normal(household, "sys", 118 + 0.35 * max(0, age - 40) + 14 * high, 8),
        "8462-4": normal(household, "dia", 76 + 6 * high, 6),
        "8867-4": normal(household, "pulse", 70, 8),
        "8302-2": height,
        "29463-7": bmi * (height / 100) ** 2,
        "39156-5": bmi,
        "718-7": normal(household, "hb", 134 if female else 149, 9),
        "59261-8": normal(household, "hba1c", 36 + 16 * sugar, 3.0),
        "14647-2": normal(household, "chol", 4.9 + 0.9 * fat, 0.6),
        "22748-8": normal(household, "ldl", 2.8 + 0.9 * fat, 0.5),
        "14646-4": normal(household, "hdl", 1.6 if female else 1.35, 0.25),
        "98979-8": min(120.0, normal(household, "egfr", 112 - 0.75 * max(0, age - 30), 8)),
    }


def _smoking(household: int, key: str) -> str:
    drawn = uniform(household, "smoking")
    if key == "aino":
        return "never"
    return "current" if drawn < 0.14 else "former" if drawn < 0.38 else "never"


def uniform(household: int, salt: str) -> float:
    """A number in (0, 1) that only household and salt decide."""
    drawn = int.from_bytes(hashlib.sha256(f"health {salt} {household}".encode()).digest()[:8], "big")
    return (drawn + 0.5) / 2**64


def normal(household: int, salt: str, mean: float, deviation: float) -> float:
    return NormalDist(mean, deviation).inv_cdf(uniform(household, salt))
