"""Poisoned feedback: 10^5 rows of one citizen, one agency, one address move an estimate by less than is stated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.errors import PolicyError
from recommender.policy.influence import MOST_OF_PROVIDER, MOST_OF_UNIT, share_bound, weights

INJECTED = 100_000
PROVIDERS = 20
HONEST = 4000


def honest(draws: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(unit, service, provider, reward): a thousand citizens, four services each, of twenty providers."""
    service = draws.integers(0, 100, HONEST)
    return np.repeat(np.arange(1000), 4), service, service % PROVIDERS, (draws.random(HONEST) < 0.3).astype(float)


def mean_of(unit, service, provider, reward, *, bounded: bool = True) -> float:
    weight = weights(unit, [f"s{one}" for one in service], [f"p{one}" for one in provider]) if bounded else np.ones(len(unit))
    return float((weight * reward).sum() / weight.sum())


def with_injected(unit, service, provider, reward, *, who, what, whose):
    return (
        np.concatenate([unit, who]), np.concatenate([service, what]), np.concatenate([provider, whose]),
        np.concatenate([reward, np.ones(len(who))]),
    )  # fmt: skip


@pytest.fixture(scope="module")
def lines():
    return honest(np.random.default_rng(1))


def test_one_citizen_who_clicks_a_hundred_thousand_times_counts_as_one(lines) -> None:
    before, much = mean_of(*lines), np.full(INJECTED, 10**6)
    one_service = with_injected(*lines, who=much, what=np.zeros(INJECTED, int), whose=np.zeros(INJECTED, int))
    assert abs(mean_of(*one_service) - before) < 1 / HONEST
    every = np.arange(INJECTED) % 2000
    all_services = with_injected(*lines, who=much, what=every, whose=every % PROVIDERS)
    assert abs(mean_of(*all_services) - before) < MOST_OF_UNIT / HONEST
    assert abs(mean_of(*all_services, bounded=False) - before) > 0.5  # what it would have done


def test_an_agency_with_a_hundred_thousand_friends_moves_it_by_its_share_at_most(lines) -> None:
    before = mean_of(*lines)
    who = np.arange(INJECTED) + 10**6
    friends = with_injected(*lines, who=who, what=np.arange(INJECTED) % 5 * PROVIDERS, whose=np.zeros(INJECTED, int))
    assert abs(mean_of(*friends) - before) <= share_bound(PROVIDERS) == MOST_OF_PROVIDER
    assert abs(mean_of(*friends, bounded=False) - before) > 0.6


def test_a_second_hundred_thousand_moves_it_no_further(lines) -> None:
    def after(many: int) -> float:
        nobody = np.zeros(many, int)
        return mean_of(*with_injected(*lines, who=np.arange(many) + 10**6, what=nobody, whose=nobody))

    # Their provider's share is full; within it, all that is left to move is what the honest ones say there.
    assert abs(after(2 * INJECTED) - after(INJECTED)) < MOST_OF_PROVIDER * HONEST / PROVIDERS / INJECTED


few = st.integers(0, 6)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(few, few, few), min_size=1, max_size=60))
def test_nobody_weighs_more_than_is_stated(drawn) -> None:
    unit, service = np.array([one[0] for one in drawn]), [f"s{one[1]}-{one[2]}" for one in drawn]
    provider = [f"p{one[2]}" for one in drawn]
    found = weights(unit, service, provider)
    assert np.all((found > 0) & (found <= 1))
    bound = share_bound(len(set(provider)))
    for one in set(provider):
        assert found[[name == one for name in provider]].sum() <= bound * found.sum() * (1 + 1e-9)
    for one in set(unit.tolist()):
        assert found[unit == one].sum() <= MOST_OF_UNIT * (1 + 1e-9)
        for what in set(service):
            assert found[(unit == one) & np.array([name == what for name in service])].sum() <= 1 + 1e-9


def test_where_nobody_is_over_a_bound_every_line_counts_whole() -> None:
    unit, number = np.repeat(np.arange(50), 2), np.arange(100) % 10
    assert np.all(weights(unit, [f"s{one}" for one in number], [f"p{one}" for one in number]) == 1)
    assert np.all(weights(np.arange(9), ["a"] * 9, ["only"] * 9) == 1), "one provider alone is everything there is"


def test_what_is_no_lines_is_refused() -> None:
    assert len(weights(np.zeros(0, dtype=np.int64), [], [])) == 0
    with pytest.raises(PolicyError):
        weights(np.array([1]), ["a", "b"], ["p"])
