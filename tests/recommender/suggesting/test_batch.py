"""Very many households at once are told of programmes what each would be told alone."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings

from recommender.catalogue import catalogue
from recommender.eligibility import Answer, Facts, Rule
from recommender.eligibility.columns import answers
from recommender.errors import RuleError
from recommender.facts import PROGRAMME_CATEGORY, PROGRAMMES
from recommender.profile import Profile
from recommender.ranking.features import FEATURE_KEYS, matrix
from recommender.suggesting import batch
from recommender.suggesting.candidates import candidates
from recommender.suggesting.slate import Options
from recommender.training import households
from tests.recommender.strategies import profiles

RULES = [service.rule for service in catalogue().values() if service.programme and service.rule]
ODD = [
    Rule("!(population.person.age < 18) && (social.disability.visual_impairment || tax.income.farm_income < 0)"),
    Rule("population.person.marital_status != 'married' || social.disability.visual_impairment == false"),
    Rule("-3 * population.household.children_under_6 + 2 > population.person.age - 20"),
]


def over_columns(rule: Rule, rows) -> list[Answer]:
    known = dict(zip(FEATURE_KEYS, rows.T, strict=True))
    yes, no = answers(rule, lambda key: known[key])
    assert not (yes & no).any()
    return [Answer.YES if one else Answer.NO if other else Answer.UNKNOWN for one, other in zip(yes, no, strict=True)]


@settings(max_examples=100, deadline=None)
@given(profiles(FEATURE_KEYS))
def test_both_readings_of_a_rule_answer_alike(profile) -> None:
    rows, facts = matrix([profile]), Facts(profile)
    for rule in [*RULES, *ODD]:
        assert over_columns(rule, rows) == [rule.answer(facts)], rule.source


@pytest.mark.parametrize(
    "source",
    [
        "population.person.region == 'R01'",
        "population.person.age in [1, 2]",
        "tax.income.wages * 40 > 3",
        "tax.income.wages * tax.income.interest > 3",
        "population.person.marital_status in ['single']",
    ],
)
def test_what_has_no_form_over_columns_is_refused(source) -> None:
    try:
        rule = Rule(source)
    except RuleError:
        return  # not even CEL takes it
    with pytest.raises(RuleError):
        answers(rule, lambda key: np.zeros(3))


def test_a_batch_says_what_each_household_would_be_told(ranker, monkeypatch) -> None:
    monkeypatch.setattr(batch, "ROWS", 64)
    random = np.random.Generator(np.random.PCG64(3))
    people = []
    for index in range(0, 15_000, 100):
        facts = households.facts_of(index)
        connected = [category for category in facts if random.random() < 0.75]
        people.append(Profile.of_categories({category: facts[category] for category in connected}))
    parts = list(batch.rank(matrix(people), ranker=ranker, catalogue=catalogue(), places=5))
    assert [len(part.order) for part in parts] == [64, 64, 22]
    order, scores = np.vstack([part.order for part in parts]), np.vstack([part.scores for part in parts])
    options = Options(seed=1, today=date(2026, 11, 26))
    for profile, places, chances in zip(people, order, scores, strict=True):
        alone = candidates(profile, catalogue=catalogue(), ranker=ranker, options=options)
        services = [(alone.catalogue.services[at], alone.scores[at]) for at in alone.order()]
        expected = sorted(((-score, PROGRAMMES.index(one.programme)) for one, score in services if one.programme))[:5]
        assert [place for place in places if place >= 0] == [column for _, column in expected]
        assert np.array_equal(chances[places >= 0], [-score for score, _ in expected]) and np.isnan(chances[places < 0]).all()
    received = matrix(people)[:, [FEATURE_KEYS.index(f"{PROGRAMME_CATEGORY}.{one}") for one in PROGRAMMES]] == 1
    assert received.any() and not any(received[row, place] for row, places in enumerate(order) for place in places if place >= 0)


def test_no_households_are_no_batch(ranker) -> None:
    assert list(batch.rank(matrix([]), ranker=ranker, catalogue=catalogue())) == []
