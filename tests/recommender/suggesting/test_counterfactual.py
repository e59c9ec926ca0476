"""What is said would have to be otherwise is true: recomputing with the value confirms it on both sides."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.catalogue import LANGUAGES, catalogue
from recommender.eligibility import Facts, Rule
from recommender.facts import FACTS, Kind
from recommender.profile import Profile
from recommender.registry import current
from recommender.suggesting.candidates import candidates
from recommender.suggesting.counterfactual import AGE, Counterfactual, counterfactual, render
from recommender.suggesting.explain import explain
from recommender.suggesting.fit import fits
from recommender.suggesting.slate import Options
from recommender.training import households
from tests.recommender.suggesting.slates import TODAY, anyone, households_, seeds, slate


def suggested(profile: Profile, service: str) -> bool:
    """Whether any seed at all could place it."""
    found = candidates(profile, catalogue=catalogue(), ranker=current(), options=Options(seed=0, today=TODAY), whole=True)
    return bool(found.fit[found.catalogue.place[service]])


@settings(max_examples=25, deadline=None)
@given(households_, seeds)
def test_beyond_the_bound_it_is_no_longer_suggested_whatever_the_value_and_within_it_is(profile, seed) -> None:
    for item in slate(profile, seed=seed):
        other = item.counterfactual
        if other is None:
            continue
        key, value, bound = other.fact, profile.facts[other.fact], other.bound
        assert suggested(profile, item.identifier)
        if other.side == "above":
            assert value <= bound
            far = [
                bound + 1,
                bound + 2,
                *(random.Random(seed).randint(bound + 1, FACTS[key].maximum) for _ in range(6)),
                FACTS[key].maximum,
            ]
        else:
            assert value >= bound > 0
            far = [bound - 1, 0, *(random.Random(seed).randint(0, bound - 1) for _ in range(4))]
        assert not any(suggested(profile.changed(key, one), item.identifier) for one in far)
        # On the other side it holds on to the bound, but for what was rounded: two of a hundred.
        near = bound - max(1, bound // 40) if other.side == "above" else bound + max(1, bound // 40)
        if (near - value) * (bound - value) > 0:
            assert suggested(profile.changed(key, near), item.identifier)


@settings(max_examples=25, deadline=None)
@given(anyone)
def test_only_what_people_know_of_themselves_and_can_change_is_varied(profile) -> None:
    for item in slate(profile):
        if (other := item.counterfactual) is not None:
            assert other.fact == AGE or (FACTS[other.fact].kind is Kind.AMOUNT and "medical" not in other.fact)
            assert other.fact != AGE or other.side == "above"  # nobody grows younger
            assert item.position <= 5
            assert str(other.bound) not in repr(other)


def test_a_rule_s_threshold_is_found_to_the_crown_where_it_is_round() -> None:
    """Food assistance: wages up to 20,000 and 15,000 a person."""
    profile = Profile.of_categories(
        {
            "population.household": {"household_size": 2, "children_under_6": 1, "children_under_13": 1, "children_under_18": 1},
            "population.person": {"age": 30, "marital_status": "single_parent"},
            "tax.income": {"wages": 12_000, "self_employment": 0, "private_pension": 0},
            "social.pension": {"public_pension": 0},
            "social.unemployment": {"unemployment_benefit": 0},
        }
    )
    facts = Facts(profile)
    food = catalogue()["food-assistance"]
    reasons = explain(food, facts, current())
    found = counterfactual(food, facts=facts, reasons=reasons, ranker=current())
    assert found == Counterfactual("tax.income.wages", "above", 50_000)
    assert render(found, "en") == "This would no longer be suggested if your household's wages were above 50,000 crowns a year."
    assert render(found, "fi") == "Tätä ei enää ehdotettaisi, jos taloutesi palkkatulot olisivat yli 50\u00a0000 kruunua vuodessa."
    assert render(found, "sv") == "Detta skulle inte längre föreslås om ditt hushålls löneinkomster var över 50\u00a0000 kronor per år."


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fact_that_is_varied_has_its_sentences(language: str) -> None:
    varied = [key for key, fact in FACTS.items() if fact.kind is Kind.AMOUNT and key != "tax.deductions.medical_expenses"]
    sentences = {render(Counterfactual(key, side, 12_345), language) for key in varied for side in ("above", "below")}
    assert len(sentences) == 2 * len(varied) and all(one.endswith(".") for one in sentences)
    assert render(Counterfactual(AGE, "above", 66), language)


@settings(max_examples=30, deadline=None)
@given(anyone)
def test_one_service_alone_fits_as_among_all(profile) -> None:
    """The counterfactual asks one service at a time: it must hear what the list would say."""
    found = candidates(profile, catalogue=catalogue(), ranker=current(), options=Options(seed=0, today=TODAY), whole=True)
    facts = Facts(profile)
    for at, service in enumerate(found.catalogue.services):
        received = service.programme and profile.facts.get(f"social.programmes.{service.programme}") is True
        if not received:
            assert fits(service, facts, current()) == bool(found.fit[at]), service.identifier


@settings(max_examples=20, deadline=None)
@given(st.integers(0, households.count() - 1))
def test_the_search_is_bounded(index) -> None:
    """At most three facts, and for each a bisection up and one down, each with its probes."""
    profile = Profile.of_categories(households.facts_of(index))
    asked = []

    class Counting:
        version = current().version
        boosters = {name: _Counted(booster, asked) for name, booster in current().boosters.items()}

    facts = Facts(profile)
    for service in catalogue().values():
        if service.programme and fits(service, facts, current()):
            asked.clear()
            counterfactual(service, facts=facts, reasons=explain(service, facts, current()), ranker=Counting)
            assert len(asked) <= 3 * 2 * (64 + 20)


class _Counted:
    def __init__(self, booster, asked) -> None:
        self.booster, self.asked = booster, asked

    def predict(self, rows, **how):
        self.asked.append(1)
        return self.booster.predict(rows, **how)


# An imported rule may turn to yes again beyond a bound: then nothing can be said of it. What it says yes to again, and the side on which one looks for it.
WAGES, BUSINESS = "tax.income.wages", "tax.income.self_employment"
AGAIN = {
    f"{WAGES} <= 50000 || ({WAGES} >= 60000 && {WAGES} <= 70000)": (WAGES, 30_000, None),
    f"{WAGES} <= 50000 || {WAGES} >= 500000": (WAGES, 30_000, None),
    f"{WAGES} <= 50000": (WAGES, 30_000, ("above", 50_000)),
    f"{BUSINESS} >= 10000": (BUSINESS, 30_000, ("below", 10_000)),
    f"{BUSINESS} >= 10000 || ({BUSINESS} >= 2000 && {BUSINESS} <= 4000)": (BUSINESS, 30_000, None),
    # A loss is below the bound as well.
    f"{BUSINESS} >= 10000 || {BUSINESS} < 0 - 500": (BUSINESS, 30_000, None),
    f"{BUSINESS} >= 10000 || {BUSINESS} <= 0 - 9999": (BUSINESS, 30_000, None),
    f"{BUSINESS} >= 10000 || ({BUSINESS} >= 0 - 5000 && {BUSINESS} <= 0 - 3000)": (BUSINESS, 30_000, None),
    f"{BUSINESS} <= 0 - 2000": (BUSINESS, -5_000, None),
    # Whoever has a loss: the bound is above it, and said of incomes only.
    f"{BUSINESS} <= 20000": (BUSINESS, -5_000, ("above", 20_000)),
}


@pytest.mark.parametrize("rule", AGAIN)
def test_nothing_is_said_of_a_bound_beyond_which_a_rule_says_yes_again(rule: str) -> None:
    key, value, expected = AGAIN[rule]
    one = replace(catalogue()["library-home-service"], rule=Rule(rule), programme=None, base=40, signals=(), reach=1.0)
    found = counterfactual(one, facts=Facts(Profile({key: value})), reasons=(), ranker=current())
    assert found == (expected and Counterfactual(key, *expected))
