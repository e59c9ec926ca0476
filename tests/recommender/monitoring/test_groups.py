"""Groups come from facts alone, and what is unknown is a group of its own."""

from __future__ import annotations

import pytest

from recommender.monitoring import groups as watched
from recommender.monitoring.groups import AXES, READ, groups
from recommender.profile import Profile

FULL = {
    "population.person.age": 35,
    "population.person.marital_status": "married",
    "population.person.region": "R06",
    "population.household.children_under_18": 2,
    "social.disability.visual_impairment": False,
    "tax.income.wages": 24_999,
}


def test_a_full_profile_is_in_one_group_of_each_axis() -> None:
    assert groups(FULL) == {"age": "35_44", "disability": "none", "family": "couple_children", "region": "R06", "income": "10000_24999"}


def test_nothing_known_is_unknown_everywhere() -> None:
    assert groups({}) == dict.fromkeys(AXES, "unknown")


@pytest.mark.parametrize(
    ("age", "band"), [(0, "under_25"), (24, "under_25"), (25, "25_34"), (74, "65_74"), (75, "from_75"), (120, "from_75")]
)
def test_a_band_holds_its_lower_end(age: int, band: str) -> None:
    assert groups({**FULL, "population.person.age": age})["age"] == band


@pytest.mark.parametrize(
    ("facts", "group"),
    [
        ({"tax.income.wages": 0}, "under_10000"),
        ({"tax.income.wages": 40_000, "tax.income.farm_income": -35_000}, "under_10000"),
        ({"tax.income.wages": 9_999, "tax.income.dividends": 1}, "10000_24999"),
        ({"tax.income.private_pension": 100_000}, "from_100000"),
        ({"social.pension.public_pension": 30_000}, "unknown"),
    ],
)
def test_incomes_of_the_tax_administration_are_added_and_nothing_else_is(facts: dict[str, int], group: str) -> None:
    assert groups(facts)["income"] == group


@pytest.mark.parametrize(
    ("own", "spouse", "group"),
    [(True, None, "visual_impairment"), (False, True, "visual_impairment"), (None, True, "visual_impairment"), (False, None, "none"), (None, False, "unknown"), (None, None, "unknown")],
)  # fmt: skip
def test_a_no_of_the_spouse_alone_says_nothing(own: bool | None, spouse: bool | None, group: str) -> None:
    told = {"social.disability.visual_impairment": own, "social.disability.spouse_visual_impairment": spouse}
    assert groups({key: value for key, value in told.items() if value is not None})["disability"] == group


@pytest.mark.parametrize(
    ("status", "children", "group"),
    [("single", 0, "single"), ("single", 1, "single_parent"), ("married", 0, "couple"), ("single_parent", 2, "single_parent"), ("single_parent", 0, "single"), (None, 2, "unknown"), ("married", None, "unknown")],
)  # fmt: skip
def test_families(status: str | None, children: int | None, group: str) -> None:
    told = {"population.person.marital_status": status, "population.household.children_under_18": children}
    assert groups({key: value for key, value in told.items() if value is not None})["family"] == group


def test_it_reads_what_it_says_it_reads() -> None:
    Profile(dict.fromkeys((), 0))  # the vocabulary is there
    read = {key for key in READ if groups({**FULL, key: _other(key)}) != groups(FULL)}
    assert read == set(READ), "each of them can change a group"
    assert set(watched.INCOME_BANDS) | set(watched.AGE_BANDS) and len(watched.AGE_BANDS) == len(watched.AGES) + 1
    assert len(watched.INCOME_BANDS) == len(watched.INCOMES) + 1


def _other(key: str) -> object:
    if key.endswith("impairment"):
        return True
    return {"population.person.marital_status": "single", "population.person.region": "R07"}.get(key, 0 if "children" in key else 90_000)
