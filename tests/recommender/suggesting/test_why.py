"""Why not this service: each cause with its facts, for every service of the catalogue."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings

from recommender.catalogue import Catalogue, catalogue
from recommender.eligibility import Answer, Facts
from recommender.profile import Profile
from recommender.registry import current
from recommender.suggesting.candidates import MUNICIPALITY, candidates
from recommender.suggesting.slate import Options
from recommender.suggesting.why import Cause, Why, why
from recommender.training import households
from tests.recommender.suggesting.slates import TODAY, anyone, hidings, seeds, slate


def asked(profile: Profile, service: str, services: Catalogue | None = None, **options) -> Why:
    services = services or catalogue()
    chosen = Options(**{"seed": 3, "today": TODAY, **options})
    return why(profile, services[service], catalogue=services, ranker=current(), options=chosen)


def causes(found: Why) -> list[Cause]:
    return [one.cause for one in found.because]


@settings(max_examples=3, deadline=None)
@given(anyone, seeds, hidings)
def test_every_service_is_in_the_list_or_has_a_cause(profile, seed, hidden) -> None:
    listed = {one.identifier: one.position for one in slate(profile, seed=seed, hidden=hidden)}
    fit = candidates(profile, catalogue=catalogue(), ranker=current(), options=Options(seed=seed, today=TODAY, hidden=hidden), whole=True)
    facts = Facts(profile)
    for at, service in enumerate(fit.catalogue.services):
        found = asked(profile, service.identifier, seed=seed, hidden=hidden)
        assert found.position == listed.get(service.identifier)
        barring = set(causes(found)) - {Cause.UNKNOWN, Cause.BELOW}
        assert bool(barring) == (not fit.fit[at])
        assert (Cause.BELOW in causes(found)) == (bool(fit.fit[at]) and found.position is None)
        assert (Cause.HIDDEN in barring) == (service.identifier in hidden)
        if service.rule:
            assert (Cause.NOT_ELIGIBLE in barring) == (service.rule.answer(facts) is Answer.NO)
        assert (found.rank is None) == (not fit.fit[at]) and (found.rank or 1) <= max(1, found.of)
        known = [key for one in found.because if one.cause is not Cause.UNKNOWN for key in one.facts]
        assert set(known) <= profile.known or Cause.LITTLE in barring


def test_the_facts_that_shut_out_are_named() -> None:
    profile = Profile.of_categories({"tax.income": {"wages": 900_000}, "population.household": {"household_size": 1}})
    found = asked(profile, "food-assistance")
    assert causes(found) == [Cause.NOT_ELIGIBLE] and found.rank is None and found.position is None
    assert set(found.because[0].facts) == {"tax.income.wages", "population.household.household_size"} and found.counts_against == ()


def test_what_is_received_is_said_by_its_fact() -> None:
    key = "social.programmes.food_assistance"
    found = asked(Profile({"tax.income.wages": 3000, key: True}), "food-assistance")
    assert Cause.RECEIVED in causes(found) and key in found.because[causes(found).index(Cause.RECEIVED)].facts


def test_elsewhere_and_not_now() -> None:
    one = replace(catalogue()["dental-care"], areas=("091",), valid_until=TODAY - timedelta(days=1))
    services = Catalogue({**catalogue().services, "dental-care": one}, "elsewhere and not now")
    found = asked(Profile({MUNICIPALITY: "049", "population.person.age": 40}), "dental-care", services)
    assert causes(found) == [Cause.ELSEWHERE, Cause.NOT_VALID]
    assert found.because[0].facts == (MUNICIPALITY,)
    unknown = asked(Profile({"population.person.age": 40}), "dental-care", services, today=TODAY - timedelta(days=2))
    assert causes(unknown)[-1] is Cause.UNKNOWN and MUNICIPALITY in (*unknown.settles, *unknown.not_held)


def test_below_the_others_its_place_and_what_counts_against_it() -> None:
    below = []
    for index in range(40):
        profile = Profile.of_categories(households.facts_of(index))
        for programme in ("food-assistance", "health-care-assistance", "senior-health-insurance"):
            found = asked(profile, programme, limit=1)
            if causes(found) == [Cause.BELOW]:
                below.append(found)
                assert found.rank is not None and 1 <= found.rank <= found.of
                assert all(reason.direction == "against" and reason.strength > 0 for reason in found.counts_against)
    assert below and any(found.counts_against for found in below)
