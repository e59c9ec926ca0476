"""The facts that the recommender knows: key, kind and bounds.

A key is `category.key`, for example `tax.income.wages`. The list mirrors the JSON Schemas of the platform's vocabulary
(`consent/vocabulary/categories`); this package does not read those files, a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TypeAlias

FactValue: TypeAlias = int | bool | str


class Kind(Enum):
    """What a value is, and so which Python type, unit and wording it has."""

    AMOUNT = "amount"  # int, crowns a year
    COUNT = "count"  # int, persons
    AGE = "age"  # int, years
    FLAG = "flag"  # bool
    CHOICE = "choice"  # str, one of `choices`
    REGION = "region"  # str, R00 to R99
    METER = "meter"  # int, 0 (very badly) to 10 (very well), in the citizen's own view
    MUNICIPALITY = "municipality"  # str, three digits


# The vocabulary sets no upper bound on amounts. This one keeps sums of them inside CEL's 64-bit integers.
LARGEST_AMOUNT = 10**15


@dataclass(frozen=True, slots=True)
class FactDefinition:
    """One fact: `minimum` and `maximum` are inclusive and apply to numbers only."""

    key: str
    kind: Kind
    minimum: int = 0
    maximum: int = LARGEST_AMOUNT
    choices: tuple[str, ...] = ()

    @property
    def category(self) -> str:
        """The data category, for example `tax.income`."""
        return self.key.rpartition(".")[0]

    @property
    def name(self) -> str:
        """The key inside its category, for example `wages`."""
        return self.key.rpartition(".")[2]


def _amount(key: str, minimum: int = 0) -> FactDefinition:
    return FactDefinition(key, Kind.AMOUNT, minimum=minimum)


def _age(key: str) -> FactDefinition:
    return FactDefinition(key, Kind.AGE, maximum=120)


def _household(category: str) -> tuple[FactDefinition, ...]:
    counts = (
        "household_size",
        "children_under_6",
        "children_under_13",
        "children_under_18",
        "young_adults_18_20",
        "adults_21_and_over",
        "elderly_dependants",
    )
    return (*(FactDefinition(f"{category}.{name}", Kind.COUNT, maximum=40) for name in counts), _age(f"{category}.spouse_age"))


MARITAL_STATUSES = ("single", "married", "single_parent")
PROGRAMMES = (
    "food_assistance",
    "housing_assistance",
    "supplementary_income",
    "family_cash_assistance",
    "veterans_benefits",
    "mother_and_child_nutrition",
    "health_care_assistance",
    "senior_health_insurance",
)
PROGRAMME_CATEGORY = "social.programmes"
# Said by the citizen, not by an agency.
SITUATION_CATEGORY = "life.situation"
HOME_CATEGORY = "life.home"
# The same facts as the register's `population.household`: features and rules read them under the register's names, whoever says them.
HOUSEHOLD_CATEGORY = "life.household"
DECLARED_CATEGORIES = (SITUATION_CATEGORY, HOME_CATEGORY, HOUSEHOLD_CATEGORY)
# The ten of the 3x10D life-situation meter, in the order of the labelled services.
METERS = (
    "health",
    "resilience",
    "housing",
    "working_studying",
    "family",
    "friends",
    "finance",
    "improvement_of_strengths",
    "self_esteem",
    "life_satisfaction",
)
BEST = 10

_DEFINITIONS = (
    _age("population.person.age"),
    FactDefinition("population.person.marital_status", Kind.CHOICE, choices=MARITAL_STATUSES),
    FactDefinition("population.person.region", Kind.REGION),
    *_household("population.household"),
    _amount("tax.income.wages"),
    _amount("tax.income.self_employment", -LARGEST_AMOUNT),
    _amount("tax.income.farm_income", -LARGEST_AMOUNT),
    _amount("tax.income.interest"),
    _amount("tax.income.dividends"),
    _amount("tax.income.private_pension"),
    _amount("tax.income.maintenance_received"),
    _amount("tax.housing.home_loan_interest"),
    _amount("tax.housing.property_tax"),
    _amount("tax.deductions.child_care_costs"),
    _amount("tax.deductions.student_loan_interest"),
    _amount("tax.deductions.medical_expenses"),
    _amount("social.pension.public_pension"),
    _amount("social.unemployment.unemployment_benefit"),
    FactDefinition("social.disability.visual_impairment", Kind.FLAG),
    FactDefinition("social.disability.spouse_visual_impairment", Kind.FLAG),
    *(FactDefinition(f"{PROGRAMME_CATEGORY}.{programme}", Kind.FLAG) for programme in PROGRAMMES),
    *(FactDefinition(f"{SITUATION_CATEGORY}.{meter}", Kind.METER, maximum=BEST) for meter in METERS),
    FactDefinition(f"{HOME_CATEGORY}.municipality", Kind.MUNICIPALITY),
    *_household(HOUSEHOLD_CATEGORY),
)

FACTS: MappingProxyType[str, FactDefinition] = MappingProxyType({fact.key: fact for fact in _DEFINITIONS})
CATEGORIES: tuple[str, ...] = tuple(dict.fromkeys(fact.category for fact in _DEFINITIONS))
# What sources tell, and households of the extract have.
OF_SOURCES: tuple[FactDefinition, ...] = tuple(fact for fact in _DEFINITIONS if fact.category not in DECLARED_CATEGORIES)


def category_of(key: str) -> str:
    """`tax.income.wages` -> `tax.income`."""
    return key.rpartition(".")[0]


def by_category(keys: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Fact keys grouped by category, categories in the order of the vocabulary, keys in the order given."""
    grouped: dict[str, list[str]] = {}
    for key in keys:
        grouped.setdefault(category_of(key), []).append(key)
    return {category: tuple(grouped[category]) for category in CATEGORIES if category in grouped}
