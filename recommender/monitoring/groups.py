"""The groups by which a model is watched, from facts alone: age, disability, family, region, income.

What is unknown is a group of its own: who has connected little must not be worse off unseen. Pure and fixed: the same facts give the same
groups today and in a year, so that reports can be compared.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from recommender.facts import FACTS, FactValue

UNKNOWN = "unknown"
AXES = ("age", "disability", "family", "region", "income")

# Lower ends of the bands, in years and in crowns a year; a band holds its lower end and not its upper.
AGES = (25, 35, 45, 55, 65, 75)
AGE_BANDS = ("under_25", "25_34", "35_44", "45_54", "55_64", "65_74", "from_75")
INCOMES = (10_000, 25_000, 50_000, 100_000)
INCOME_BANDS = ("under_10000", "10000_24999", "25000_49999", "50000_99999", "from_100000")
DISABILITIES = ("visual_impairment", "none")
FAMILIES = ("single", "couple", "single_parent", "couple_children")

INCOME_KEYS = tuple(key for key, fact in FACTS.items() if fact.category == "tax.income")
_IMPAIRED = ("social.disability.visual_impairment", "social.disability.spouse_visual_impairment")
_AGE, _STATUS, _REGION = "population.person.age", "population.person.marital_status", "population.person.region"
_CHILDREN = "population.household.children_under_18"
# All that the groups are made from.
READ = (_AGE, _STATUS, _REGION, _CHILDREN, *_IMPAIRED, *INCOME_KEYS)


def groups(facts: Mapping[str, FactValue]) -> dict[str, str]:
    """Axis -> group, for each of AXES; `facts` are the known ones by `category.key`."""
    return {
        "age": _age(facts),
        "disability": _disability(facts),
        "family": _family(facts),
        "region": _region(facts),
        "income": _income(facts),
    }


def _age(facts: Mapping[str, FactValue]) -> str:
    age = facts.get(_AGE)
    return UNKNOWN if age is None else AGE_BANDS[bisect_right(AGES, int(age))]


def _disability(facts: Mapping[str, FactValue]) -> str:
    """Of the person or the spouse: the vocabulary knows visual impairment only."""
    if any(facts.get(key) is True for key in _IMPAIRED):
        return DISABILITIES[0]
    # No spouse, no fact about one: the person's own no is enough.
    return DISABILITIES[1] if facts.get(_IMPAIRED[0]) is False else UNKNOWN


def _family(facts: Mapping[str, FactValue]) -> str:
    status, children = facts.get(_STATUS), facts.get(_CHILDREN)
    if status is None or children is None:
        return UNKNOWN
    couple = status == "married"
    if int(children) == 0:
        return "couple" if couple else "single"
    return "couple_children" if couple else "single_parent"


def _region(facts: Mapping[str, FactValue]) -> str:
    region = facts.get(_REGION)
    return UNKNOWN if region is None else str(region)


def _income(facts: Mapping[str, FactValue]) -> str:
    """The known incomes of the tax administration together; unknown where none is known."""
    known = [int(facts[key]) for key in INCOME_KEYS if key in facts]
    return INCOME_BANDS[bisect_right(INCOMES, sum(known))] if known else UNKNOWN
