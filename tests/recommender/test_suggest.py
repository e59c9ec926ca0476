"""Suggestions: never what a rule excludes or what is received, the sure ones first, and what would settle the rest."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import recommender
from recommender.catalogue import LANGUAGES, catalogue
from recommender.eligibility import Answer, Facts
from recommender.errors import CatalogueError
from recommender.facts import CATEGORIES, FACTS, PROGRAMME_CATEGORY, category_of
from recommender.profile import Profile
from recommender.service import OPEN_PLACES, Eligibility, open_questions, suggest
from recommender.training import households
from tests.recommender.strategies import complete, profiles

EVERYTHING = len(catalogue())
households_ = st.integers(0, households.count() - 1).map(lambda index: Profile.of_categories(households.facts_of(index)))
partly_connected = st.tuples(households_, st.sets(st.sampled_from(CATEGORIES))).map(lambda drawn: drawn[0].without(drawn[1]))
anyone = st.one_of(profiles(), partly_connected)


@settings(max_examples=40, deadline=None)
@given(anyone)
def test_what_a_rule_excludes_or_is_received_is_never_suggested(profile) -> None:
    facts = Facts(profile)
    for found in suggest(profile, limit=EVERYTHING):
        rule, programme = found.service.rule, found.service.programme
        assert rule is None or rule.answer(facts) is not Answer.NO
        assert profile.facts.get(f"{PROGRAMME_CATEGORY}.{programme}") is not True


@settings(max_examples=40, deadline=None)
@given(anyone, st.integers(0, 12))
def test_likely_ones_come_first_by_score_and_no_more_than_asked_for(profile, limit) -> None:
    found = suggest(profile, limit=limit)
    assert len(found) <= limit and len({one.service.identifier for one in found}) == len(found)
    sure = [one for one in found if one.eligibility is Eligibility.LIKELY]
    assert list(found[: len(sure)]) == sure
    assert [one.score for one in sure] == sorted((one.score for one in sure), reverse=True)
    assert all(0 <= one.score <= 1 for one in found)


@settings(max_examples=40, deadline=None)
@given(anyone, st.data())
def test_what_is_unknown_says_what_would_settle_it(profile, data) -> None:
    for found in suggest(profile, limit=EVERYTHING):
        missing = (*found.settles, *found.not_held)
        if found.eligibility is not Eligibility.UNKNOWN or found.service.unseen_grounds:
            continue
        assert missing and not set(missing) & profile.known
        assert not {category_of(key) for key in found.settles} & profile.categories
        assert set(found.settles_by_category) == {category_of(key) for key in found.settles}
        more = Profile({**profile.facts, **data.draw(complete(missing))})
        assert found.service.rule.answer(Facts(more)) is not Answer.UNKNOWN


def test_a_programme_received_leaves_the_list_and_one_refused_stays() -> None:
    poor = {"tax.income.wages": 3000, "population.household.household_size": 3, "population.household.children_under_6": 2}
    key = f"{PROGRAMME_CATEGORY}.food_assistance"
    names = lambda **facts: {one.service.identifier for one in suggest(Profile({**poor, **facts}))}  # noqa: E731
    assert "food-assistance" in names()
    assert "food-assistance" in names(**{key: False})
    assert "food-assistance" not in names(**{key: True})


def test_unknown_wages_are_not_wages_of_zero() -> None:
    known = {
        "population.household.household_size": 1,
        "social.pension.public_pension": 0,
        "tax.income.self_employment": 0,
        "tax.income.private_pension": 0,
        "social.unemployment.unemployment_benefit": 0,
    }
    found = lambda **facts: {one.service.identifier: one for one in suggest(Profile({**known, **facts}), limit=EVERYTHING)}  # noqa: E731
    unknown, none, high = found(), found(**{"tax.income.wages": 0}), found(**{"tax.income.wages": 90_000})
    assert unknown["food-assistance"].eligibility is Eligibility.UNKNOWN
    assert none["food-assistance"].eligibility is Eligibility.LIKELY
    assert "food-assistance" not in high
    assert unknown["food-assistance"].score != none["food-assistance"].score
    # The tax administration is connected already: it just does not say.
    assert unknown["food-assistance"].not_held == ("tax.income.wages",) and unknown["food-assistance"].settles == ()


def test_a_connection_that_would_settle_is_named() -> None:
    profile = Profile.of_categories({"population.household": {"household_size": 2, "children_under_18": 1}})
    found = {one.service.identifier: one for one in suggest(profile)}["food-assistance"]
    assert found.eligibility is Eligibility.UNKNOWN
    assert set(found.settles_by_category) == {"tax.income", "social.pension", "social.unemployment"}
    assert found.not_held == ()


def test_services_that_are_not_sure_keep_their_places() -> None:
    profile = Profile.of_categories(
        {category: facts for category, facts in households.facts_of(3).items() if category.startswith("population.")}
    )
    found = suggest(profile, limit=10)
    assert sum(one.eligibility is not Eligibility.LIKELY for one in found) == OPEN_PLACES
    assert found[-1].eligibility is not Eligibility.LIKELY and found[0].eligibility is Eligibility.LIKELY


def test_grounds_that_are_no_facts_leave_eligibility_unknown() -> None:
    for index in range(300):
        for one in suggest(Profile.of_categories(households.facts_of(index)), limit=EVERYTHING):
            if one.service.programme in ("veterans_benefits", "supplementary_income"):
                assert one.eligibility is Eligibility.UNKNOWN
                assert one.settles == ()


def test_who_has_connected_nothing_gets_suggestions_and_no_reasons() -> None:
    found = suggest(Profile({}), limit=10)
    assert len(found) == 10
    assert not any(one.reasons for one in found)


@settings(max_examples=20, deadline=None)
@given(partly_connected)
def test_the_same_profile_gets_the_same_suggestions_with_texts_in_the_language_asked_for(profile) -> None:
    plain = suggest(profile)
    assert plain == suggest(Profile(dict(profile.facts)))
    for language in LANGUAGES:
        told = suggest(profile, language=language)
        assert [one.service for one in told] == [one.service for one in plain]
        assert all(len(one.texts) == len(one.reasons) for one in told)


def test_another_language_is_an_error() -> None:
    with pytest.raises(CatalogueError):
        suggest(Profile({"population.person.age": 70}), language="de")


@settings(max_examples=40, deadline=None)
@given(anyone)
def test_open_questions_name_unconnected_categories_and_what_each_settles(profile) -> None:
    questions = open_questions(profile)
    assert not {question.category for question in questions} & profile.categories
    assert [len(question.settles) for question in questions] == sorted((len(q.settles) for q in questions), reverse=True)
    facts = Facts(profile)
    for question in questions:
        assert question.settles or question.helps
        for identifier in question.settles:
            missing = catalogue()[identifier].rule.outcome(facts).missing
            assert {category_of(key) for key in missing} == {question.category}


def test_nothing_is_open_once_everything_is_connected() -> None:
    assert open_questions(Profile.of_categories(households.facts_of(3))) == ()


def test_a_suggestion_shows_no_value() -> None:
    found = suggest(Profile({"tax.income.wages": 31337, "population.household.household_size": 2}), language=None)
    assert found and "31337" not in repr(found)


def test_the_package_names_its_entry_points() -> None:
    assert recommender.suggest is suggest
    assert recommender.Profile is Profile
    assert recommender.used_categories() == CATEGORIES
    assert len(recommender.model_version()) == len(recommender.catalogue_version()) == 64
    assert not [key for key in FACTS if "national" in key or "citizen" in key]
    with pytest.raises(AttributeError):
        _ = recommender.anything
