"""What the hospital's surgeons noted of the sandbox's citizens before a joint replacement. Synthetic: drawn from the household's number, always the same.

Age is the register's. Not everybody has been assessed: the older, the more often. Some assessments lack a value, since somebody's blood was not taken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from statistics import NormalDist
from typing import Any

from aurora.sandbox.config import Persona
from recommender.training import households

CATEGORY = "hospital.surgery"

# By age: below this, how many of a hundred have been assessed.
_ASSESSED = ((40, 10), (60, 50), (200, 90))
_NOT_MEASURED = 0.04  # share without a haemoglobin

# The personas' own. A value of None: not noted. What is not said here is drawn as for anybody.
_WELL = {"asa_class": 2, "smoker": False, "rheumatoid_arthritis": False, "earlier_joint_infection": False}
_PERSONAS: Mapping[str, Mapping[str, Any] | None] = {
    "aino": None,
    "bertil": {**_WELL, "joint": "hip", "operation": "primary", "sex": "male", "bmi": 28.4, "asa_class": 3, "haemoglobin": 138, "diabetes": True},
    "cecilia": None,
    # An infected replacement that must be done again: about as high as the model's risks go.
    "dagny": {
        **_WELL, "joint": "hip", "operation": "revision", "sex": "female", "bmi": 33.9, "asa_class": 3, "haemoglobin": 118, "diabetes": False,
        "earlier_joint_infection": True,
    },
    "eero": None,
    "frans": {**_WELL, "joint": "knee", "operation": "primary", "sex": "male", "bmi": 27.1, "haemoglobin": 151, "diabetes": False},
    # Her blood was not taken, and his body mass index is beyond what the model has learned from: it must say so and give no number.
    "gunvor": {**_WELL, "joint": "knee", "operation": "primary", "sex": "female", "bmi": 30.2, "haemoglobin": None, "diabetes": False},
    "henrik": {**_WELL, "joint": "hip", "operation": "primary", "sex": "male", "bmi": 58.3, "haemoglobin": 149, "diabetes": True},
}  # fmt: skip


def facts_of(household: int, personas: Iterable[Persona] = ()) -> dict[str, Any] | None:
    """The assessment of a household's first adult, or None if there is none. A value that was not noted is absent."""
    key = next((p.key for p in personas if p.index == household), "")
    if key in _PERSONAS:
        own = _PERSONAS[key]
    else:
        own = {} if _is_assessed(household) else None
    if own is None:
        return None
    return {name: value for name, value in {**_drawn(household), **own}.items() if value is not None}


def _is_assessed(household: int) -> bool:
    age = _age(household)
    return 100 * uniform(household, "assessed") < next(share for below, share in _ASSESSED if age < below)


def _drawn(household: int) -> dict[str, Any]:
    age, sex = _age(household), "female" if uniform(household, "sex") < 0.58 else "male"
    bmi = round(min(54.0, max(17.0, _normal(household, "bmi", 28.6, 5.0))), 1)
    burden = (age >= 70) + (bmi >= 35) + (uniform(household, "ill") < 0.25)
    measured = uniform(household, "blood") >= _NOT_MEASURED
    return {
        "joint": "hip" if uniform(household, "joint") < 0.45 else "knee",
        "operation": "revision" if uniform(household, "operation") < 0.1 else "primary",
        "age": age,
        "sex": sex,
        "bmi": bmi,
        "asa_class": 1 + min(3, burden + (uniform(household, "asa") < 0.6)),
        "haemoglobin": round(min(185.0, max(85.0, _normal(household, "hb", 134 if sex == "female" else 146, 12)))) if measured else None,
        "smoker": uniform(household, "smoker") < 0.12,
        "diabetes": uniform(household, "diabetes") < 0.14 + 0.12 * (bmi >= 33),
        "rheumatoid_arthritis": uniform(household, "ra") < 0.03,
        "earlier_joint_infection": uniform(household, "infection") < 0.01,
    }


def _age(household: int) -> int:
    return int(households.facts_of(household)["population.person"]["age"])


def uniform(household: int, salt: str) -> float:
    """A number in (0, 1) that only household and salt decide."""
    drawn = int.from_bytes(hashlib.sha256(f"hospital {salt} {household}".encode()).digest()[:8], "big")
    return (drawn + 0.5) / 2**64


def _normal(household: int, salt: str, mean: float, deviation: float) -> float:
    return NormalDist(mean, deviation).inv_cdf(uniform(household, salt))
