"""Suggestions: never what a rule excludes, what is received, hidden or elsewhere, the sure ones first, and what would settle the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import recommender
from recommender.catalogue import LANGUAGES, Catalogue, catalogue
from recommender.eligibility import Answer, Facts
from recommender.facts import CATEGORIES, FACTS, PROGRAMME_CATEGORY, category_of
from recommender.policy import PRESENT, place
from recommender.profile import Profile
from recommender.ranking.relevance import relevance
from recommender.registry import current
from recommender.suggesting.candidates import MUNICIPALITY, candidates
from recommender.suggesting.compiled import compiled
from recommender.suggesting.service import Eligibility, assess, epoch, open_questions, open_services, suggest, used_categories
from recommender.suggesting.slate import Options
from recommender.training import households
from tests.recommender.strategies import complete
from tests.recommender.suggesting.slates import SURE, TODAY, anyone, hidings, partly_connected, seeds, slate

EVERYTHING = len(catalogue())


def questions(profile):
    found = assess(profile, catalogue=catalogue(), ranker=current(), options=Options(seed=0, today=TODAY))[1]
    return open_questions(open_services(found), connected=profile.categories)


@settings(max_examples=60, deadline=None)
@given(anyone, seeds, hidings, st.integers(1, EVERYTHING))
def test_what_a_rule_excludes_is_received_or_hidden_is_never_suggested_whatever_the_seed(profile, seed, hidden, limit) -> None:
    facts = Facts(profile)
    for found in slate(profile, seed=seed, hidden=hidden, limit=limit, policy=replace(PRESENT, exploration=0.5, first_fixed=0)):
        rule, programme = found.service.rule, found.service.programme
        assert rule is None or rule.answer(facts) is not Answer.NO
        assert profile.facts.get(f"{PROGRAMME_CATEGORY}.{programme}") is not True
        assert found.identifier not in hidden
        assert 0 < found.propensity <= 1


@settings(max_examples=40, deadline=None)
@given(anyone, st.integers(0, 12))
def test_likely_ones_come_first_by_score_and_no_more_than_asked_for(profile, limit) -> None:
    found = slate(profile, limit=limit)
    assert len(found) <= limit and len({one.service.identifier for one in found}) == len(found)
    sure = [one for one in found if one.eligibility is Eligibility.LIKELY]
    assert list(found.items[: len(sure)]) == sure
    assert [one.score for one in sure] == sorted((one.score for one in sure), reverse=True)
    assert all(0 <= one.score <= 1 for one in found)


@settings(max_examples=40, deadline=None)
@given(anyone, st.data())
def test_what_is_unknown_says_what_would_settle_it(profile, data) -> None:
    for found in slate(profile, limit=EVERYTHING):
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
    names = lambda **facts: {one.service.identifier for one in slate(Profile({**poor, **facts}))}  # noqa: E731
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
    found = lambda **facts: {one.service.identifier: one for one in slate(Profile({**known, **facts}), limit=EVERYTHING)}  # noqa: E731
    unknown, none, high = found(), found(**{"tax.income.wages": 0}), found(**{"tax.income.wages": 90_000})
    assert unknown["food-assistance"].eligibility is Eligibility.UNKNOWN
    assert none["food-assistance"].eligibility is Eligibility.LIKELY
    assert "food-assistance" not in high
    assert unknown["food-assistance"].score != none["food-assistance"].score
    # The tax administration is connected already: it just does not say.
    assert unknown["food-assistance"].not_held == ("tax.income.wages",) and unknown["food-assistance"].settles == ()


def test_a_connection_that_would_settle_is_named() -> None:
    profile = Profile.of_categories({"population.household": {"household_size": 2, "children_under_18": 1}})
    found = {one.service.identifier: one for one in slate(profile)}["food-assistance"]
    assert found.eligibility is Eligibility.UNKNOWN
    assert set(found.settles_by_category) == {"tax.income", "social.pension", "social.unemployment"}
    assert found.not_held == ()


def test_services_that_are_not_sure_keep_their_places() -> None:
    profile = Profile.of_categories(
        {category: facts for category, facts in households.facts_of(3).items() if category.startswith("population.")}
    )
    found = slate(profile, limit=10)
    assert sum(one.eligibility is not Eligibility.LIKELY for one in found) == PRESENT.open_places
    assert found.items[-1].eligibility is not Eligibility.LIKELY and found.items[0].eligibility is Eligibility.LIKELY


def test_grounds_that_are_no_facts_leave_eligibility_unknown() -> None:
    for index in range(200):
        profile = Profile.of_categories(households.facts_of(index))
        found = candidates(profile, catalogue=catalogue(), ranker=current(), options=Options(seed=0, today=TODAY))
        for name in ("veterans-benefits", "supplementary-income"):
            at = found.catalogue.place[name]
            assert not found.fit[at] or (found.eligibility(at) is Eligibility.UNKNOWN and found.missing(at) == ())


def test_who_has_connected_nothing_gets_suggestions_and_no_reasons() -> None:
    found = slate(Profile({}), limit=10)
    assert len(found) == 10
    assert not any(one.reasons for one in found)


@settings(max_examples=20, deadline=None)
@given(partly_connected, seeds)
def test_the_same_arguments_give_the_same_slate(profile, seed) -> None:
    assert slate(profile, seed=seed) == slate(Profile(dict(profile.facts)), seed=seed)


@settings(max_examples=40, deadline=None)
@given(anyone)
def test_open_questions_name_unconnected_categories_and_what_each_settles(profile) -> None:
    found = questions(profile)
    assert not {question.category for question in found} & profile.categories
    assert [len(question.settles) for question in found] == sorted((len(q.settles) for q in found), reverse=True)
    facts = Facts(profile)
    for question in found:
        assert question.settles or question.helps
        for identifier in question.settles:
            missing = catalogue()[identifier].rule.outcome(facts).missing
            assert {category_of(key) for key in missing} == {question.category}


def test_nothing_is_open_once_everything_is_connected() -> None:
    assert questions(Profile.of_categories(households.facts_of(3))) == ()


def test_a_suggestion_shows_no_value() -> None:
    found = slate(Profile({"tax.income.wages": 31337, "population.household.household_size": 2}))
    assert found and "31337" not in repr(found)


def test_the_package_names_its_entry_points() -> None:
    assert recommender.suggest is suggest
    assert recommender.Profile is Profile and recommender.Options is Options
    assert used_categories(catalogue()) == tuple(one for one in CATEGORIES if not one.startswith("derived."))
    assert not [key for key in FACTS if "national" in key or "citizen" in key]
    with pytest.raises(AttributeError):
        _ = recommender.anything


def test_a_seed_must_be_one_that_every_reader_of_json_keeps() -> None:
    for seed in (-1, 2**53):
        with pytest.raises(ValueError):
            Options(seed=seed, today=TODAY)


@settings(max_examples=40, deadline=None)
@given(anyone)
def test_all_services_at_once_are_answered_and_scored_as_each_alone(profile) -> None:
    found = candidates(profile, catalogue=catalogue(), ranker=current(), options=Options(seed=0, today=TODAY), whole=True)
    facts = Facts(profile)
    for at, service in enumerate(found.catalogue.services):
        answer = service.rule.answer(facts) if service.rule else None
        if service.programme is None and not any(key.startswith("life.") for key in profile.facts):
            assert found.scores[at] == relevance(service, facts, answer)
        if answer is Answer.NO:
            assert not found.fit[at]


@settings(max_examples=40, deadline=None)
@given(anyone, seeds, st.integers(1, 8))
def test_the_best_of_each_kind_are_all_that_the_policy_needs(profile, seed, limit) -> None:
    found = candidates(profile, catalogue=catalogue(), ranker=current(), options=Options(seed=0, today=TODAY))
    few, all_ = found.scored(limit + PRESENT.pool), found.scored(EVERYTHING)
    assert len(all_) == found.fit.sum()
    assert place(few, places=limit, seed=seed) == place(all_, places=limit, seed=seed)


def changed(identifier: str, **changes) -> Catalogue:
    first = catalogue()[identifier]
    return Catalogue({**catalogue().services, identifier: replace(first, **changes)}, f"changed {changes}")


def test_a_service_is_suggested_on_the_days_on_which_it_is_given() -> None:
    profile = Profile({"population.person.age": 40})
    services = changed("dental-care", valid_from=TODAY, valid_until=TODAY + timedelta(days=3))
    given_on = {
        day: "dental-care" in {one.identifier for one in slate(profile, services=services, today=TODAY + timedelta(days=day), limit=99)}
        for day in (-1, 0, 3, 4)
    }
    assert given_on == {-1: False, 0: True, 3: True, 4: False}
    assert epoch(catalogue(), TODAY) is None
    assert [epoch(services, TODAY + timedelta(days=day)) for day in (-1, 0, 3, 4, 9)] == [
        None, TODAY, TODAY, TODAY + timedelta(days=4), TODAY + timedelta(days=4),
    ]  # fmt: skip


def test_a_service_of_elsewhere_is_not_suggested_and_one_of_nobody_knows_where_is_unknown() -> None:
    services = changed("dental-care", areas=("091", "R05"))
    region = "population.person.region"
    found = lambda **facts: {  # noqa: E731
        one.identifier: one
        for one in slate(
            Profile({"population.person.age": 40, **{k.replace("_", "."): v for k, v in facts.items()}}), services=services, limit=99
        )
    }
    nowhere = found()["dental-care"]
    assert nowhere.eligibility is Eligibility.UNKNOWN
    assert {*nowhere.settles, *nowhere.not_held} == {MUNICIPALITY, region}
    assert found(life_home_municipality="091")["dental-care"].eligibility is Eligibility.NO_RULE
    assert found(population_person_region="R05")["dental-care"].eligibility is Eligibility.NO_RULE
    assert "dental-care" not in found(life_home_municipality="049", population_person_region="R01")
    assert found(life_home_municipality="049")["dental-care"].settles == ()  # the population register is connected, and does not say
    assert found(life_home_municipality="049")["dental-care"].not_held == (region,)


@settings(max_examples=10, deadline=None)
@given(anyone, seeds)
def test_what_is_left_out_before_is_what_could_not_be_suggested(in_part, seed) -> None:
    """The part of the catalogue that is given here and now leads to the very slate of the whole."""
    services = Catalogue(
        {
            name: replace(one, areas=(("091",), ("R01",), ())[at % 3], valid_until=TODAY - timedelta(days=1) if at % 7 == 0 else None)
            for at, (name, one) in enumerate(catalogue().items())
        },
        "here and there",
    )
    asked = {"catalogue": services, "ranker": current(), "options": Options(seed=seed, today=TODAY)}
    assert assess(in_part, **asked)[0] == assess(in_part, **asked, whole=True)[0]


def test_a_catalogue_is_made_into_columns_once() -> None:
    assert compiled(catalogue()) is compiled(catalogue())
    assert isinstance(TODAY, date) and SURE.exploration == 0 and LANGUAGES
