"""The personas that the sign-in page offers: the first household of the extract that meets each description.

They are chosen by query, not by number, so another extract gives other people in the same situations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from aurora.sandbox import vocabulary
from aurora.sandbox.config import Persona
from aurora.sandbox.errors import SandboxError
from aurora.sandbox.people import family_name_of
from recommender.training import households

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Role:
    """A given name, one line on the situation by language, and the condition on the household's facts."""

    key: str
    given_name: str
    about: Mapping[str, str]
    fits: Callable[[Facts], bool]


@cache
def choose() -> tuple[Persona, ...]:
    """One household a role, the first that fits and is not taken; SandboxError if the extract has none."""
    left, chosen = list(ROLES), dict[str, Persona]()
    for index in range(households.count()):
        facts = {key: value for group in households.facts_of(index).values() for key, value in group.items()}
        role = next((role for role in left if role.fits(facts)), None)
        if role is not None:
            left.remove(role)
            name = f"{role.given_name} {family_name_of(index)}"
            chosen[role.key] = Persona(role.key, index, name, role.about)
        if not left:
            return tuple(chosen[role.key] for role in ROLES)
    raise SandboxError("no_persona", f"The extract holds no household for the persona {left[0].key}.")


def _receives(facts: Facts) -> int:
    programmes = vocabulary.categories()["social.programmes"].schema["properties"]
    return sum(bool(facts.get(name)) for name in programmes)


def _young_family(f: Facts) -> bool:
    """A couple of 24 to 36, two children or more, one under six, a low income, at most one benefit."""
    return bool(
        f["marital_status"] == "married" and 24 <= f["age"] <= 36 and f.get("spouse_age", 0) >= 21
        and f["children_under_18"] >= 2 and f["children_under_6"] >= 1 and 12_000 <= f["wages"] <= 30_000
        and _receives(f) <= 1
    )  # fmt: skip


def _pensioner_couple(f: Facts) -> bool:
    return bool(
        f["marital_status"] == "married" and f["age"] >= 68 and f.get("spouse_age", 0) >= 65
        and f["public_pension"] >= 8_000 and f["wages"] == 0 and f["children_under_18"] == 0
        and f["medical_expenses"] >= 3_000
    )  # fmt: skip


def _single_parent(f: Facts) -> bool:
    return bool(
        f["marital_status"] == "single_parent" and 25 <= f["age"] <= 45 and f["children_under_18"] >= 2
        and 8_000 <= f["wages"] <= 28_000 and f["child_care_costs"] > 0
    )  # fmt: skip


def _disabled(f: Facts) -> bool:
    return bool(f["visual_impairment"]) and 25 <= f["age"] <= 60 and f["wages"] < 25_000


def _student(f: Facts) -> bool:
    return bool(
        f["marital_status"] == "single" and 19 <= f["age"] <= 27 and f["student_loan_interest"] > 0
        and f["wages"] <= 18_000 and f["household_size"] == 1
    )  # fmt: skip


def _farmer(f: Facts) -> bool:
    return bool(30 <= f["age"] <= 64 and f["farm_income"] >= 10_000 and f["farm_income"] > f["wages"])


def _unemployed(f: Facts) -> bool:
    return bool(30 <= f["age"] <= 58 and f["unemployment_benefit"] >= 4_000 and f["wages"] <= 15_000 and f["public_pension"] == 0)


def _well_off(f: Facts) -> bool:
    return bool(40 <= f["age"] <= 62 and f["wages"] >= 180_000 and f["home_loan_interest"] > 0 and _receives(f) == 0)


ROLES = (
    Role("aino", "Aino", {
        "fi": "Nuori perhe, jossa on pieniä lapsia ja pienet tulot",
        "sv": "Ung familj med små barn och små inkomster",
        "en": "Young family with small children and a low income",
    }, _young_family),
    Role("bertil", "Bertil", {
        "fi": "Eläkeläinen, joka asuu puolisonsa kanssa ja jolla on paljon sairauskuluja",
        "sv": "Gift pensionär som bor med sin partner och har höga sjukvårdskostnader",
        "en": "Retired, lives with his spouse, high medical expenses",
    }, _pensioner_couple),
    Role("cecilia", "Cecilia", {
        "fi": "Yksinhuoltaja, joka käy työssä ja maksaa lastenhoidosta",
        "sv": "Ensamförsörjare som arbetar och betalar för barnomsorg",
        "en": "Single parent who works and pays for child care",
    }, _single_parent),
    Role("dagny", "Dagny", {
        "fi": "Työikäinen, jolla on näkövamma",
        "sv": "I arbetsför ålder, har en synnedsättning",
        "en": "Of working age, with a visual impairment",
    }, _disabled),
    Role("eero", "Eero", {
        "fi": "Opiskelija, joka asuu yksin ja maksaa opintolainan korkoja",
        "sv": "Studerande som bor ensam och betalar ränta på ett studielån",
        "en": "Student who lives alone and pays interest on a student loan",
    }, _student),
    Role("frans", "Frans", {
        "fi": "Maanviljelijä",
        "sv": "Jordbrukare",
        "en": "Farmer",
    }, _farmer),
    Role("gunvor", "Gunvor", {
        "fi": "Jäi työttömäksi ja saa työttömyysturvaa",
        "sv": "Har blivit arbetslös och får utkomstskydd för arbetslösa",
        "en": "Lost her job and receives unemployment benefit",
    }, _unemployed),
    Role("henrik", "Henrik", {
        "fi": "Hyvätuloinen asunnonomistaja",
        "sv": "Bostadsägare med hög inkomst",
        "en": "Home owner with a high income",
    }, _well_off),
)  # fmt: skip
