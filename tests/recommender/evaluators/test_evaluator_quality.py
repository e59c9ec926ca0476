"""Totals of a model's quality: right, and telling of nobody."""

from __future__ import annotations

import random
from typing import Any

import pytest

from recommender.evaluators import contract as contracts
from recommender.evaluators.quality import FEWEST, Pair, auc, report
from tests.support import evaluators

OUTCOME = "hospital.surgery_outcome"


def contract(**changes: Any) -> contracts.Contract:
    outcomes = {"happened": f"{OUTCOME}.operated", "months": f"{OUTCOME}.months_followed"}
    return contracts.of(evaluators.document(outcomes=outcomes, outputs=[evaluators.output(outcome=f"{OUTCOME}.infection", **changes)]))


def pair(said: float, event: bool | None, *, happened: bool = True, months: int = 12) -> Pair:
    return Pair({"infection": said}, happened, months, {} if event is None else {"infection": event})


def of(pairs: list[Pair]) -> dict[str, Any]:
    [output] = report(contract(), pairs)["outputs"]
    return dict(output)


def drawn(number: int, *, seed: int = 5) -> list[Pair]:
    dice = random.Random(seed)
    said = [dice.random() * 0.8 for _ in range(number)]
    return [pair(p, dice.random() < p) for p in said]


def test_the_area_is_that_of_all_pairs_counted_one_by_one() -> None:
    dice = random.Random(3)
    ill = sorted(round(dice.random(), 1) for _ in range(30))
    well = sorted(round(dice.random() * 0.8, 1) for _ in range(50))
    wins = sum((a > b) + (a == b) / 2 for a in ill for b in well) / (30 * 50)
    area, low, high = auc(ill, well)
    assert area == round(wins, 2) and low < area < high
    # DeLong by its definition.
    above = [sum((a > b) + (a == b) / 2 for b in well) / 50 for a in ill]
    under = [sum((a > b) + (a == b) / 2 for a in ill) / 30 for b in well]
    spread = sum((x - wins) ** 2 for x in above) / 29 / 30 + sum((x - wins) ** 2 for x in under) / 49 / 50
    assert (low, high) == (round(wins - 1.959964 * spread**0.5, 2), round(min(1, wins + 1.959964 * spread**0.5), 2))


def test_bins_hold_everybody_and_follow_what_happened() -> None:
    found = of(drawn(400))
    bins = found["calibration"]
    assert len(bins) >= 5 and 400 - 10 * len(bins) < sum(one["people"] for one in bins) <= 400
    assert [one["predicted"] for one in bins] == sorted(one["predicted"] for one in bins)
    assert all(abs(one["predicted"] - one["observed"]) < 0.2 for one in bins)
    assert found["people"] == 400 and found["auc"] > 0.6


@pytest.mark.parametrize(("ill", "well", "told"), [(FEWEST, FEWEST, True), (FEWEST - 1, 500, False), (500, FEWEST - 1, False)])
def test_nothing_is_told_of_what_followed_unless_ten_had_it_and_ten_had_not(ill: int, well: int, told: bool) -> None:
    found = of([pair(0.2, True)] * ill + [pair(0.1, False)] * well)
    assert (found["auc"] is not None, bool(found["calibration"]), found["events"] is not None) == (told, told, told)


def test_no_cell_below_ten_is_told_and_no_difference_of_told_ones_gives_it() -> None:
    for number in range(60):
        some = report(contract(), [pair(0.1, False)] * number + [pair(0.3, False, happened=False)] * (number % 13))
        for told, true in ((some["people"], number), (some["without"], number % 13), (some["outputs"][0]["people"], number)):
            assert told is None if true < FEWEST else told == true // 10 * 10
        assert (some["outputs"][0]["said_without"] is None) == (number % 13 < FEWEST)
    # One person more or less is seen in no count, but at a ten.
    changed = sum(
        report(contract(), [pair(0.1, False)] * n)["people"] != report(contract(), [pair(0.1, False)] * (n + 1))["people"]
        for n in range(100)
    )
    assert changed == 10


def test_only_who_was_followed_for_the_whole_time_counts_and_who_was_not_operated_on_is_apart() -> None:
    pairs = drawn(100)
    early = [pair(0.9, True, months=3)] * 50
    untold = [pair(0.9, None)] * 50
    without = [pair(0.9, False, happened=False)] * 30
    assert of([*pairs, *early, *untold, *without]) == {**of(pairs), "said_without": 0.9}
    whole = report(contract(), [*pairs, *early, *untold, *without])
    assert (whole["people"], whole["without"]) == (200, 30)


def test_whom_the_model_gave_the_same_is_never_divided() -> None:
    found = of([pair(0.1, n % 4 == 0) for n in range(200)] + [pair(0.5, n % 2 == 0) for n in range(100)])
    assert [(one["predicted"], one["people"]) for one in found["calibration"]] == [(0.1, 200), (0.5, 100)]


@pytest.mark.parametrize("happened", [True, False], ids=["operated", "not"])
@pytest.mark.parametrize("event", [True, False], ids=["ill", "well"])
@pytest.mark.parametrize(("others", "one"), [(0.0, 1.0), (1.0, 0.0), (0.5, 1.0)])
@pytest.mark.parametrize("number", [10, 11, 19, 31, 95])
def test_a_model_made_to_find_one_person_finds_nobody(number: int, others: float, one: float, event: bool, happened: bool) -> None:
    """The owner wrote the model, and knows the facts of the person that it looks for."""
    crowd = [pair(others, n % 2 == 0, happened=state) for state in (True, False) for n in range(number if state is happened else 40)]
    found = {
        (told["auc"], told["auc_low"], told["auc_high"], told["said_without"], *(part["predicted"] for part in told["calibration"]))
        for told in (of([*crowd, pair(said, event, happened=happened)]) for said in (others, one))
    }
    assert len(found) == 1


def test_the_highest_and_lowest_cost_an_honest_model_little() -> None:
    pairs = drawn(400)
    ill, well = (sorted(p.said["infection"] for p in pairs if p.events["infection"] is had) for had in (True, False))
    assert abs(of(pairs)["auc"] - auc(ill, well)[0]) <= 0.01


def test_a_report_holds_no_person_and_a_pair_shows_none() -> None:
    assert "0.1234" not in repr(pair(0.1234, True))
    told = of(drawn(200))
    exact = {value for one in told["calibration"] for value in (one["predicted"], one["observed"])}
    assert all(float(f"{value:.2g}") == value for value in exact)
