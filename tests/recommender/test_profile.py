"""A profile keeps unknown apart from false and zero, and refuses what is no fact."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import ProfileError
from recommender.facts import FACTS
from recommender.profile import Profile
from tests.recommender.strategies import profiles


def test_unknown_is_neither_zero_nor_false() -> None:
    profile = Profile({"tax.income.wages": 0, "social.disability.visual_impairment": False})
    assert profile.get("tax.income.wages") == 0
    assert profile.get("social.disability.visual_impairment") is False
    assert profile.get("tax.income.interest") is None
    assert profile.unknown(("tax.income.interest", "tax.income.wages")) == ("tax.income.interest",)
    assert profile != Profile({"social.disability.visual_impairment": False})


def test_a_whole_float_is_the_integer_it_stands_for() -> None:
    profile = Profile({"tax.income.wages": 43800.0})
    assert profile.get("tax.income.wages") == 43800
    assert isinstance(profile.get("tax.income.wages"), int)
    assert profile == Profile({"tax.income.wages": 43800}) and hash(profile) == hash(Profile({"tax.income.wages": 43800}))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tax.income.wages", True),
        ("tax.income.wages", "43800"),
        ("tax.income.wages", math.nan),
        ("tax.income.wages", math.inf),
        ("tax.income.wages", 1.5),
        ("tax.income.wages", None),
        ("tax.income.wages", -1),
        ("tax.income.wages", 10**18),
        ("tax.income.self_employment", -(10**18)),
        ("population.person.age", 121),
        ("population.household.household_size", [3]),
        ("population.person.marital_status", "widowed"),
        ("population.person.marital_status", 1),
        ("population.person.region", "R1"),
        ("population.person.region", "R01\n"),
        ("social.disability.visual_impairment", 1),
        ("social.disability.visual_impairment", "true"),
        ("tax.income", 3),
        ("wages", 3),
        ("", 3),
        (None, 3),
        (("tax", "income"), 3),
    ],
)
def test_bad_input_is_refused_without_showing_the_value(key, value) -> None:
    with pytest.raises(ProfileError) as refused:
        Profile({key: value})
    assert "43800" not in str(refused.value)


@pytest.mark.parametrize("facts", [None, 3, [("tax.income.wages", 1)], "tax.income.wages"])
def test_what_is_no_mapping_is_refused(facts) -> None:
    with pytest.raises(ProfileError):
        Profile(facts)


@given(st.dictionaries(st.text(max_size=30), st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text())))
def test_random_keys_give_a_profile_error_or_nothing_else(facts) -> None:
    if facts and not set(facts) <= set(FACTS):
        with pytest.raises(ProfileError):
            Profile(facts)
    else:
        assert isinstance(Profile(facts).facts, Mapping)


@given(profiles())
def test_a_profile_shows_no_value_and_cannot_be_changed(profile) -> None:
    assert repr(profile) == f"Profile({len(profile.known)} facts known)"
    with pytest.raises(TypeError):
        profile.facts["tax.income.wages"] = 1
    with pytest.raises(AttributeError):
        profile.facts = {}


@given(profiles())
def test_leaving_out_a_category_leaves_out_its_facts_only(profile) -> None:
    kept = profile.without(["tax.income"])
    assert kept.known == {key for key in profile.known if not key.startswith("tax.income.")}
    assert "tax.income" not in kept.categories


def test_asking_for_what_is_no_fact_is_an_error() -> None:
    with pytest.raises(ProfileError):
        Profile({}).get("tax.income.bonus")
