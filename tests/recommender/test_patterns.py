"""Patterns across organisations: what crosses is what is said to cross, what it gives away is measured right, and the whole runs."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from recommender.facts import PROGRAMMES
from recommender.training import consent_bias, disclosure, households, patterns
from recommender.training.patterns import OFFICE, PATTERNS, TAX, World


@pytest.fixture(scope="module")
def data() -> World:
    return patterns.some(patterns.world(households.load()), np.arange(2_000))


def test_the_office_knows_no_fact_of_the_tax_administration() -> None:
    assert not set(OFFICE) & set(TAX) and all(key.startswith("tax.") for key in TAX)
    assert not any(key.startswith(("tax.", "social.programmes")) or key.endswith(".region") for key in OFFICE)


def test_no_household_is_on_both_sides(data: World) -> None:
    marked = replace(data, income=np.arange(len(data.income), dtype=float))
    kept, held_out = patterns.halves(marked, 3)
    assert not set(kept.income) & set(held_out.income) and len(held_out.income) == len(data.income) // 4


def test_a_score_of_a_household_is_not_made_by_a_model_that_saw_it(data: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels are noise: a model that saw them would still tell them, and one that did not cannot."""
    monkeypatch.setitem(patterns.PARAMETERS, "min_data_in_leaf", 1)
    random = np.random.Generator(np.random.PCG64(1))
    noise = np.repeat(random.random((len(data.labels), 1)) < 0.5, len(PROGRAMMES), axis=1)
    kept, held_out = patterns.halves(replace(data, labels=noise), 1)
    own, later = patterns.passed("score", kept, held_out, 1)
    assert own.shape == (len(kept.tax), 1) and later.shape == (len(held_out.tax), 1)
    assert abs(np.corrcoef(own[:, 0], kept.labels[:, 0])[0, 1]) < 0.1


@pytest.mark.parametrize(
    ("pattern", "columns", "values"), [("combined", len(TAX), None), ("bands", 1, 5), ("decile", 1, 10), ("nothing", 0, None)]
)
def test_what_is_passed_is_as_coarse_as_it_is_said_to_be(data: World, pattern: str, columns: int, values: int | None) -> None:
    kept, held_out = patterns.halves(data, 1)
    for told in patterns.passed(pattern, kept, held_out, 1):
        assert told.shape[1] == columns
        assert values is None or set(np.unique(told)) <= set(range(values))


def test_bits_are_those_of_known_cases() -> None:
    random = np.random.Generator(np.random.PCG64(2))
    income = random.random(20_000)
    binned = disclosure.equally_full(income)
    assert disclosure.entropy(binned) == pytest.approx(5, abs=0.01)
    assert disclosure.mutual_information(binned // 8, binned) == pytest.approx(2, abs=0.01), "quarters tell two bits of five"
    assert disclosure.mutual_information(random.integers(0, 10, 20_000), binned) < 0.01, "what is drawn at random tells nothing"
    assert disclosure.mutual_information(np.zeros(20_000, dtype=int), binned) == 0
    assert disclosure.entropy(disclosure.equally_full(np.zeros(100))) == 0


def test_the_whole_runs_and_combined_gives_the_incomes_away_and_nothing_does_not(data: World) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patterns, "ROUNDS", 10)
        told = patterns.summary([patterns.one_split(data, seed) for seed in (1, 2)])
    assert list(told) == list(PATTERNS) and json.dumps(told)
    assert told["combined"]["behind_combined"] == 0 and told["combined"]["income_error"] == 0 and told["combined"]["bits"] > 4
    assert (
        told["nothing"]["bits"] == told["nothing"]["passed_bits"] == 0 and told["nothing"]["income_error"] > told["decile"]["income_error"]
    )
    assert told["bands"]["passed_bits"] < 2.4 and told["decile"]["bits"] > told["bands"]["bits"]
    for one in told.values():
        assert one["ndcg3_low"] <= one["ndcg3"] <= one["ndcg3_high"] and 0.3 < one["ndcg3"] < 1
        assert {f"auc_{programme}" for programme in PROGRAMMES} <= set(one)


def test_simulated_consent_is_as_rare_as_said_and_rarer_among_the_poor(data: World) -> None:
    there = consent_bias.consenting(data, "seen", 1)
    poor = data.groups["income"] == "under_10000"
    assert there.mean() == pytest.approx(consent_bias.CONSENTING, abs=0.03) and there[poor].mean() < there[~poor].mean() / 1.5


def test_weights_bring_shares_that_consent_distorts_nearer_to_the_truth(data: World) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patterns, "ROUNDS", 10)
        told = consent_bias.summary([consent_bias.one_split(data, seed) for seed in (1, 2)])["seen"]
    off, mended = told["unweighted_off"], told["weighted_off"]
    assert mended["taking_part_senior_health_insurance"] < off["taking_part_senior_health_insurance"] * 0.8
    assert 0.3 < told["effective"]["share"] < 1
