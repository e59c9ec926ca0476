"""Who consents against who could, and weights that give the margins back without making one person speak for hundreds."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.monitoring import bias

AGE = {"young": 0.5, "old": 0.5}
INCOME = {"poor": 0.4, "rich": 0.6}


def people(young_poor: int, young_rich: int, old_poor: int, old_rich: int, unknown: int = 0) -> dict[str, np.ndarray]:
    age = ["young"] * (young_poor + young_rich) + ["old"] * (old_poor + old_rich) + ["unknown"] * unknown
    income = ["poor"] * young_poor + ["rich"] * young_rich + ["poor"] * old_poor + ["rich"] * old_rich + ["unknown"] * unknown
    return {"age": np.array(age), "income": np.array(income)}


def margin(groups: dict[str, np.ndarray], weights: np.ndarray, axis: str, group: str) -> float:
    known = groups[axis] != "unknown"
    return float(weights[known & (groups[axis] == group)].sum() / weights[known].sum())


def test_raked_weights_have_the_margins_of_those_who_could() -> None:
    found = people(300, 400, 50, 250)
    weights = bias.weights(found, {"age": AGE, "income": INCOME}, unknown="unknown")
    assert margin(found, weights, "age", "old") == pytest.approx(0.5, abs=1e-4)
    assert margin(found, weights, "income", "poor") == pytest.approx(0.4, abs=1e-4)
    assert weights.mean() == pytest.approx(1) and 500 < bias.effective(weights) < 1000


def test_the_unknown_neither_weigh_more_nor_less_and_take_nothing_from_the_known() -> None:
    found = people(300, 400, 50, 250, unknown=200)
    weights = bias.weights(found, {"age": AGE, "income": INCOME}, unknown="unknown")
    assert margin(found, weights, "age", "old") == pytest.approx(0.5, abs=1e-4)
    assert np.unique(weights[found["age"] == "unknown"].round(6)).size == 1


def test_one_person_does_not_speak_for_hundreds() -> None:
    found = people(999, 0, 1, 0)
    weights = bias.weights(found, {"age": AGE}, unknown="unknown")
    assert weights.max() < bias.MOST * 1.1 and margin(found, weights, "age", "old") < 0.01


def test_a_group_without_anybody_does_not_break_it() -> None:
    found = people(10, 10, 0, 0)
    weights = bias.weights(found, {"age": AGE, "income": INCOME}, unknown="unknown")
    assert np.isfinite(weights).all() and weights.mean() == pytest.approx(1)


def test_representation_leaves_the_unknown_out_on_both_sides() -> None:
    told = bias.represented(
        {"age": people(60, 0, 20, 0, unknown=500)["age"]}, {"age": {"young": 0.4, "old": 0.4, "unknown": 0.2}}, unknown="unknown"
    )
    assert [(one.group, one.people, one.share, one.reference, one.ratio) for one in told] == [
        ("young", 60, 0.75, 0.5, 1.5),
        ("old", 20, 0.25, 0.5, 0.5),
    ]
