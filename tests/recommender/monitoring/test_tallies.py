"""Shares, intervals and gaps: against figures worked out otherwise, and how often they cry wolf."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.monitoring.tallies import Tally, tally, wilson, worst_gap


def test_who_has_no_case_is_not_counted() -> None:
    told = tally(["a", "a", "b", "b"], [2, 0, 1, 3], [1, 0, 1, 0])
    assert told == [Tally("a", 1, 2, 1), Tally("b", 2, 4, 1)] and told[1].share == 0.25


@pytest.mark.parametrize(
    ("share", "people", "low", "high"), [(0.0, 10, 0.0, 0.2775), (0.5, 10, 0.2366, 0.7634), (0.1, 100, 0.0552, 0.1744)]
)
def test_wilson_as_in_the_tables(share: float, people: int, low: float, high: float) -> None:
    assert wilson(share, people) == pytest.approx((low, high), abs=1e-4)


def test_nobody_says_nothing() -> None:
    assert wilson(0.0, 0) == (0.0, 1.0) and worst_gap([], 1) is None and worst_gap([Tally("a", 900, 900, 5)], 1) is None


def test_the_interval_of_a_difference_as_newcombe_has_it() -> None:
    """His example (d): 9/10 against 3/10, method 10: .1705 to .8090. Of two groups, each is looked at: hence the level doubled."""
    gap = worst_gap([Tally("few", 10, 10, 3), Tally("many", 10, 10, 9)], 1, level=0.1)
    assert gap is not None and gap.group == "few"
    assert (gap.gap, gap.low, gap.high) == pytest.approx((0.6, 0.1705, 0.8090), abs=1e-3)


def test_a_group_that_is_surely_behind_comes_before_one_that_is_small_and_low_by_chance() -> None:
    told = [Tally("small", 50, 50, 20), Tally("large", 5000, 5000, 2250), Tally("others", 20_000, 20_000, 12_000)]
    gap = worst_gap(told, 50)
    assert gap is not None and gap.group == "large" and gap.low > 0
    assert worst_gap(told, 10_000) is None


def test_where_all_are_alike_a_gap_is_rarely_sure() -> None:
    """51 regions of 200 people, 400 times: at the level of 5 % some 20 sure gaps, by the lower side alone 10; 30 would be far out."""
    random = np.random.Generator(np.random.PCG64(4))
    found = 0
    for _ in range(400):
        gap = worst_gap([Tally(f"R{n}", 200, 200, hits) for n, hits in enumerate(random.binomial(200, 0.3, 51))], 50)
        found += gap is not None and gap.low > 0
    assert found <= 30
