"""Who connected nothing but told how life goes is suggested what answers it; who told nothing is suggested what they were."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.catalogue import catalogue
from recommender.eligibility import Answer, Facts
from recommender.facts import METERS
from recommender.meters import match
from recommender.profile import Profile
from recommender.ranking.relevance import LEAST_METER, MOST_LIFT, lift, lifts, meter_grounds
from recommender.registry import current
from recommender.suggesting.candidates import candidates
from recommender.suggesting.explain import explain, render
from recommender.suggesting.fit import score
from recommender.suggesting.slate import Options
from tests.recommender.suggesting.slates import TODAY, anyone, slate

situations = st.dictionaries(st.sampled_from(METERS), st.integers(0, 10), min_size=1)


def situation(**meters: int) -> Profile:
    return Profile({f"life.situation.{meter}": value for meter, value in meters.items()})


def ranked(profile: Profile) -> list[str]:
    """Every service that may be suggested, best first."""
    found = candidates(profile, catalogue=catalogue(), ranker=current(), options=Options(seed=0, today=TODAY))
    return [found.catalogue.services[at].identifier for at in found.order()]


def place(profile: Profile, service: str) -> int:
    return ranked(profile).index(service)


@pytest.mark.parametrize(
    ("told", "service"),
    [
        ({"finance": 1}, "debt-counselling"),
        ({"finance": 1}, "energy-advice"),
        ({"health": 2}, "dental-care"),
        ({"housing": 1}, "housing-advice"),
        ({"working_studying": 2}, "job-search"),
        ({"family": 1}, "parenting-advice"),
        ({"friends": 0}, "adult-education"),
        ({"improvement_of_strengths": 2}, "adult-education"),
    ],
)
def test_a_declared_need_raises_what_answers_it(told, service) -> None:
    assert place(situation(**told), service) < place(Profile({}), service)


def test_two_citizens_with_other_needs_see_other_suggestions() -> None:
    seen = {name: {one.identifier for one in slate(situation(**told), limit=5)} for name, told in {
        "money": {"finance": 0}, "family": {"family": 0, "resilience": 2}, "work": {"working_studying": 0}}.items()}  # fmt: skip
    assert "debt-counselling" in seen["money"] and "parenting-advice" in seen["family"] and "job-search" in seen["work"]
    assert len(seen["money"] & seen["family"] & seen["work"]) <= 3


@pytest.mark.parametrize("profile", [Profile({}), Profile({"population.person.age": 34, "tax.income.wages": 12_000})])
def test_who_lacks_nothing_is_suggested_what_they_were_without_telling(profile) -> None:
    content = Profile({**profile.facts, **{f"life.situation.{meter}": 10 for meter in METERS}})
    assert ranked(content) == ranked(profile)


@settings(max_examples=40, deadline=None)
@given(anyone)
def test_without_meters_every_score_is_the_same_bits(profile) -> None:
    silent = Profile({key: value for key, value in profile.facts.items() if not key.startswith("life.situation.")})
    made = [
        candidates(silent, catalogue=found, ranker=current(), options=Options(seed=0, today=TODAY)) for found in (catalogue(), _blind())
    ]
    assert made[0].scores.tobytes() == made[1].scores.tobytes()
    assert made[0].order().tolist() == made[1].order().tolist()


def _blind():
    """The catalogue as if nothing were known of any service's meters."""
    from dataclasses import replace

    from recommender.catalogue import Catalogue

    services = {name: replace(one, meters=None) for name, one in catalogue().items()}
    return Catalogue(services, "f" * 64)


@settings(max_examples=40, deadline=None)
@given(anyone, situations)
def test_a_lift_is_bounded_never_lowers_and_touches_no_eligibility(profile, told) -> None:
    options = Options(seed=0, today=TODAY)
    silent = Profile({key: value for key, value in profile.facts.items() if not key.startswith("life.situation.")})
    spoken = Profile({**silent.facts, **situation(**told).facts})
    before = candidates(silent, catalogue=catalogue(), ranker=current(), options=options)
    after = candidates(spoken, catalogue=catalogue(), ranker=current(), options=options)
    raised = after.scores - before.scores
    assert (raised >= 0).all() and (raised <= MOST_LIFT + 1e-12).all() and (after.scores <= 1).all()
    assert (after.answers == before.answers).all() and (after.standing == before.standing).all()
    assert (before.fit <= after.fit).all(), "nothing is suggested no more because somebody told something"


@settings(max_examples=25, deadline=None)
@given(situations)
def test_one_service_alone_and_all_at_once_are_lifted_by_the_same_bits(told) -> None:
    profile, facts = situation(**told), Facts(situation(**told))
    made = candidates(profile, catalogue=catalogue(), ranker=current(), options=Options(seed=0, today=TODAY))
    for at, service in enumerate(made.catalogue.services):
        answer = service.rule.answer(facts) if service.rule else None
        assert score(service, facts, answer, current()) == made.scores[at], service.identifier


def test_the_formula_is_the_stated_one() -> None:
    facts, service = Facts(situation(finance=2)), catalogue()["debt-counselling"]
    assert lift(service, facts) == pytest.approx(0.25 * match({"finance": 2}, service.meters))
    assert lift(service, facts, 0.5) == pytest.approx(0.125 * match({"finance": 2}, service.meters))
    assert lifts(np.full((1, 10), np.nan), facts).tolist() == [0.0]
    assert service.rule is None or service.rule.answer(facts) is not Answer.NO


def test_reasons_say_what_was_told_in_three_languages() -> None:
    facts, service = Facts(situation(finance=2, health=9)), catalogue()["debt-counselling"]
    reasons = explain(service, facts, current())
    assert [r.facts for r in reasons] == [("life.situation.finance",)]
    assert [render(reasons[0], language) for language in ("fi", "sv", "en")] == [
        "Kerroit, että raha-asiasi ovat 2/10.",
        "Du har sagt att din ekonomi är 2 av 10.",
        "You said that your finances are at 2 of 10.",
    ]


@settings(max_examples=30, deadline=None)
@given(situations)
def test_no_reason_is_given_that_did_not_lift(told) -> None:
    facts = Facts(situation(**told))
    for service in catalogue().values():
        for key in meter_grounds(service, facts):
            meter = key.rpartition(".")[2]
            assert told[meter] <= 6 and service.meters[METERS.index(meter)] >= LEAST_METER
            assert lift(service, facts) > 0


def test_where_one_lives_is_never_a_reason() -> None:
    facts = Facts(Profile({"life.home.municipality": "491", "life.situation.finance": 1}))
    for service in catalogue().values():
        assert not [r for r in explain(service, facts, current()) if "life.home.municipality" in r.facts]
