"""What is suggested against what the rules entitle to, and what a model would have put first."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.monitoring.exposure import exposed, first, found


def test_the_first_places_are_taken_as_the_ranking_takes_them() -> None:
    chances = np.array([[0.1, 0.5, 0.5, 0.2], [0.4, 0.3, 0.2, 0.1]])
    assert first(chances, 2).tolist() == [[False, True, True, False], [True, True, False, False]]
    assert first(chances, 1).tolist() == [[False, True, False, False], [True, False, False, False]], "ties keep their order"


def test_of_what_one_takes_part_in_so_much_is_among_the_first() -> None:
    chances = np.array([[0.9, 0.8, 0.7, 0.1], [0.9, 0.8, 0.7, 0.1], [0.9, 0.8, 0.7, 0.1]])
    taking_part = np.array([[True, False, False, True], [False, False, False, False], [False, True, True, False]])
    cases, hits = found(chances, taking_part, 2)
    assert (cases.tolist(), hits.tolist()) == ([2, 0, 2], [1, 0, 1])


def test_all_that_one_is_entitled_to_at_the_top_is_full_exposure() -> None:
    assert exposed({"a": 1, "b": 2, "c": 3}, frozenset("ab"), 3) == (2, 2, 1.0)


def test_further_down_is_less() -> None:
    possible, shown, weight = exposed({"x": 1, "a": 2, "y": 3}, frozenset("ab"), 3)
    assert (possible, shown) == (2, 1)
    assert weight == pytest.approx((1 / np.log2(3)) / (1 + 1 / np.log2(3)))
    assert exposed({"x": 1, "y": 2, "z": 3}, frozenset("ab"), 3) == (2, 0, 0.0)


def test_twenty_entitlements_and_ten_places_are_no_loss() -> None:
    services = [f"s{n}" for n in range(20)]
    assert exposed({service: place for place, service in enumerate(services, start=1)}, frozenset(services), 10) == (
        10,
        10,
        pytest.approx(1.0),
    )


def test_who_is_entitled_to_nothing_has_no_case() -> None:
    assert exposed({"a": 1}, frozenset(), 10) == (0, 0, 0)


def test_a_service_keeps_its_own_place_where_others_before_it_were_not_shown() -> None:
    assert exposed({"a": 2}, frozenset("a"), 5) == (1, 1, pytest.approx(1 / np.log2(3)))
    assert exposed({"a": 6}, frozenset("a"), 5) == (1, 0, 0.0), "beyond the places"
