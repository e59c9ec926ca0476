"""Reasons are about facts that are known, in whole sentences of three languages, and never about the region."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings

import recommender.texts
from recommender.catalogue import LANGUAGES, catalogue
from recommender.eligibility import Facts
from recommender.errors import CatalogueError
from recommender.facts import FACTS, METERS, PROGRAMME_CATEGORY, Kind
from recommender.profile import Profile
from recommender.ranking.features import FEATURE_KEYS, matrix
from recommender.registry import current
from recommender.suggesting.explain import MOST_REASONS, _variant, explain, render
from recommender.training import households
from tests.recommender.strategies import profiles

TEXTS = {
    language: json.loads((Path(recommender.texts.__file__).parent / f"reasons.{language}.json").read_text("utf-8"))
    for language in LANGUAGES
}


def of_household(index: int, **facts) -> Profile:
    return Profile({**Profile.of_categories(households.facts_of(index)).facts, **facts})


@settings(max_examples=25, deadline=None)
@given(profiles())
def test_reasons_are_few_known_and_never_the_region_nor_the_programme_itself(profile) -> None:
    facts = Facts(profile)
    for service in catalogue().values():
        reasons = explain(service, facts, current())
        assert len(reasons) <= MOST_REASONS
        for reason in reasons:
            assert set(reason.facts) <= profile.known
            assert reason.values == tuple(profile.facts[key] for key in reason.facts)
            assert not [key for key in reason.facts if key.endswith(".region") or key == f"{PROGRAMME_CATEGORY}.{service.programme}"]
            for language in LANGUAGES:
                assert re.fullmatch(r"[^{}#]+\.", render(reason, language))


def test_model_reasons_are_what_the_model_adds_most_for() -> None:
    profile = of_household(500)
    added = dict(zip(FEATURE_KEYS, current().contributions("food_assistance", matrix([profile]))[0], strict=True))
    reasons = explain(catalogue()["food-assistance"], Facts(profile), current())
    assert reasons and all(reason.basis == "model" for reason in reasons)
    assert [reason.strength for reason in reasons] == sorted((reason.strength for reason in reasons), reverse=True)
    for reason in reasons:
        assert (added[reason.facts[0]] > 0) == (reason.direction == "for")


def test_children_are_given_as_a_reason_once() -> None:
    for index in range(0, 400, 7):
        facts = Facts(of_household(index))
        for service in catalogue().values():
            reasons = explain(service, facts, current())
            assert sum("children_under" in reason.facts[0] for reason in reasons) <= 1


def test_a_rule_gives_the_facts_that_decided_it_then_the_signals() -> None:
    profile = Profile(
        {
            "population.household.children_under_6": 2,
            "population.person.marital_status": "single_parent",
            "tax.income.wages": 0,
        }
    )
    reasons = explain(catalogue()["child-day-care"], Facts(profile), current())
    assert [(reason.basis, reason.facts) for reason in reasons] == [
        ("rule", ("population.household.children_under_6",)),
        ("signal", ("population.person.marital_status",)),
    ]


def test_the_age_of_a_spouse_is_said_without_saying_that_one_is_married() -> None:
    facts = {"population.person.age": 50, "population.person.marital_status": "married", "population.household.spouse_age": 82}
    reasons = explain(catalogue()["home-care-for-older-people"], Facts(Profile(facts)), current())
    assert [reason.facts for reason in reasons] == [("population.household.spouse_age",)]


def test_what_speaks_against_is_said_so() -> None:
    found = [
        reason
        for index in range(300)
        for service in catalogue().values()
        if service.programme == "supplementary_income"
        for reason in explain(service, Facts(of_household(index).without(["tax.housing"])), current())
        if reason.direction == "against"
    ]
    assert found
    assert render(found[0], "en").endswith("This speaks against the service.")
    assert render(found[0], "fi").endswith("Se puhuu palvelua vastaan.")
    assert render(found[0], "sv").endswith("Det talar emot tjänsten.")


@pytest.mark.parametrize(
    ("key", "value", "fi", "sv", "en"),
    [
        (
            "tax.income.wages",
            12000,
            "Taloutesi palkkatulot ovat 12\u00a0000 kruunua vuodessa.",
            "Ditt hushålls löneinkomster är 12\u00a0000 kronor per år.",
            "Your household's wages are 12,000 crowns a year.",
        ),
        (
            "tax.income.self_employment",
            -5000,
            "Taloutesi yritystoiminta tuotti tappiota 5\u00a0000 kruunua vuodessa.",
            "Ditt hushålls företagsverksamhet gick med 5\u00a0000 kronor i förlust på ett år.",
            "Your household's self-employment made a loss of 5,000 crowns in a year.",
        ),
        (
            "population.household.children_under_6",
            1,
            "Taloudessasi on yksi alle 6-vuotias lapsi.",
            "I ditt hushåll finns ett barn under 6 år.",
            "There is one child under 6 in your household.",
        ),
        (
            "social.disability.visual_impairment",
            True,
            "Sinulla on rekisteröity näkövamma.",
            "Du har en registrerad synnedsättning.",
            "You have a registered visual impairment.",
        ),
    ],
)
def test_sentences(key, value, fi, sv, en) -> None:
    variant, parameters = _variant(FACTS[key].kind, value)
    said = [recommender.texts.statement(f"{key}#{variant}", parameters, language, against=False) for language in ("fi", "sv", "en")]
    assert said == [fi, sv, en]


@pytest.mark.parametrize("key", FEATURE_KEYS)
def test_every_value_of_a_fact_has_a_sentence_in_every_language(key) -> None:
    fact = FACTS[key]
    samples: dict[Kind, tuple] = {
        Kind.FLAG: (True, False),
        Kind.CHOICE: fact.choices,
        Kind.AGE: (0, 40),
        Kind.COUNT: (0, 1, 2),
        Kind.AMOUNT: (0, 1, 12000, *([-5] if fact.minimum < 0 else [])),
    }
    needed = {_variant(fact.kind, value)[0] for value in samples[fact.kind]}
    for language in LANGUAGES:
        assert set(TEXTS[language]["statements"][key]) == needed
        for variant, sentence in TEXTS[language]["statements"][key].items():
            assert ("{number}" in sentence) == (variant in ("some", "loss", "many", "value"))


def test_there_is_no_sentence_about_the_region() -> None:
    for language in LANGUAGES:
        assert set(TEXTS[language]["statements"]) == {*FEATURE_KEYS, *(f"life.situation.{meter}" for meter in METERS)}


def test_another_language_is_an_error() -> None:
    reason = explain(catalogue()["vision-aids"], Facts(Profile({"social.disability.visual_impairment": True})), current())[0]
    with pytest.raises(CatalogueError):
        render(reason, "de")


def test_a_reason_does_not_show_its_value() -> None:
    reason = explain(catalogue()["farm-advice"], Facts(Profile({"tax.income.farm_income": -98765})), current())[0]
    assert "98765" not in repr(reason) and "98,765" in render(reason, "en")
