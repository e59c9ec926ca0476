"""Drift: the trap of the design, what each measure sees, and how often all of them together cry wolf."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.monitoring import alarms
from recommender.monitoring.alarms import THRESHOLDS
from recommender.monitoring.drift import Drift, Shape, drift, ks_chance, shape
from recommender.training import households

AMOUNTS = ("wages", "interest", "private_pension", "public_pension", "property_tax", "age", "household_size", "children_under_18")


@pytest.fixture(scope="module")
def columns() -> dict[str, np.ndarray]:
    """Of half of the extract's households, the reference; and the other half, who come later."""
    rows = households._rows()
    return {name: np.array([float(row[name]) if row[name] else np.nan for row in rows]) for name in (*AMOUNTS, "spouse_age")}


def told(then: np.ndarray, now: np.ndarray) -> Drift:
    found = drift("any", shape(then), now)
    assert found is not None
    return found


def test_psi_alone_misses_a_fall_of_wages_by_30_percent_and_together_they_find_it(columns: dict[str, np.ndarray]) -> None:
    wages = columns["wages"]
    then, later = wages[::2], wages[1::2] * 0.7
    found = told(then, later)
    assert found.psi < THRESHOLDS["psi"], "the trap: no usual threshold of PSI sees it"
    assert found.shift < -THRESHOLDS["shift"] and abs(found.z) > 5
    assert [one.code for one in alarms.of_drift([found], THRESHOLDS)] == ["shift"]
    assert alarms.of_drift([told(then, wages[1::2])], THRESHOLDS) == [], "and without the fall there is no alarm"


def test_a_change_of_spread_alone_is_seen_though_the_mean_stays(columns: dict[str, np.ndarray]) -> None:
    age = columns["age"]
    narrow = age[1::2].mean() + (age[1::2] - age[1::2].mean()) * 0.5
    found = told(age[::2], narrow)
    assert abs(found.shift) < 0.05 and [one.code for one in alarms.of_drift([found], THRESHOLDS)] == ["ks"]


def test_a_shift_that_is_too_small_to_matter_is_none_however_many_people(columns: dict[str, np.ndarray]) -> None:
    found = told(columns["wages"][::2], columns["wages"][1::2] * 0.95)
    assert alarms.of_drift([found], THRESHOLDS) == []


@pytest.mark.parametrize("people", [200, 500, 1000, 5000])
def test_false_alarms_are_rare_at_every_size(columns: dict[str, np.ndarray], people: int) -> None:
    """200 days on which nothing has changed, eight facts each. The level is 1 % a day; more than 6 of 200 would come once in a hundred runs."""
    random = np.random.Generator(np.random.PCG64(people))
    shapes = {name: shape(columns[name]) for name in AMOUNTS}
    days = 0
    for _ in range(200):
        chosen = random.integers(0, len(columns["age"]), people)
        drifts = [drift(name, then, columns[name][chosen]) for name, then in shapes.items()]
        days += bool(alarms.of_drift([one for one in drifts if one], THRESHOLDS))
    assert days <= 6


def test_ks_is_never_more_than_it_is_and_near_it(columns: dict[str, np.ndarray]) -> None:
    for name in ("wages", "age", "household_size"):
        then, now = columns[name][::2], columns[name][1::2] * 0.8
        points = np.unique(np.concatenate([then, now]))
        exact = np.abs(
            np.searchsorted(np.sort(then), points, "right") / len(then) - np.searchsorted(np.sort(now), points, "right") / len(now)
        ).max()
        assert exact - 0.03 <= told(then, now).ks <= exact + 1e-9


def test_the_chance_of_a_distance_as_in_the_tables() -> None:
    """1.358 / sqrt(n) and 1.628 / sqrt(n) are the 5 % and 1 % points of one large sample against a known distribution."""
    assert ks_chance(1.358 / 1000, 1e6, 1e18) == pytest.approx(0.05, abs=2e-3)
    assert ks_chance(1.628 / 1000, 1e6, 1e18) == pytest.approx(0.01, abs=1e-3)
    assert ks_chance(0.0, 100, 100) == 1.0


def test_a_fact_that_is_unknown_now_is_told_as_unknown_and_not_as_drift(columns: dict[str, np.ndarray]) -> None:
    found = told(columns["wages"], np.full(500, np.nan))
    assert (found.known, found.psi, found.ks) == (-1.0, 0.0, 0.0) and found.known_z < -10


def test_few_people_say_nothing(columns: dict[str, np.ndarray]) -> None:
    then = shape(columns["wages"])
    assert drift("any", then, columns["wages"][:199]) is None
    assert drift("any", shape(columns["wages"][:199]), columns["wages"]) is None
    assert drift("any", shape(np.array([])), columns["wages"]) is None


def test_a_fact_that_all_have_alike_can_be_a_reference() -> None:
    found = told(np.zeros(1000), np.zeros(500))
    assert found.shift == 0 and found.ks < 1e-9 and found.psi < 1e-2
    moved = told(np.zeros(1000), np.ones(500))
    assert moved.ks > 0.9 and moved.psi > 1


def test_a_reference_survives_its_card_and_holds_nobodys_amount(columns: dict[str, np.ndarray]) -> None:
    then = shape(columns["wages"])
    assert Shape.of_plain(then.plain()) == then
    odd = np.array([12_345_678.0, 1_234_567.0] * 100 + [-98_765.0] * 80)
    assert not {12_345_678.0, 1_234_567.0, -98_765.0} & set(shape(odd).quantiles)
    assert told(odd, odd).ks < 1e-9 and told(odd, odd).psi < 1e-2, "though rounded"
