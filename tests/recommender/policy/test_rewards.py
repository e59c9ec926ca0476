"""What came of a place as a number, what is usual there, and how one provider's friends are held."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.policy import influence
from recommender.policy.estimates import Estimate, Log, Method, gain
from recommender.policy.rewards import APPLIED, HELPFUL, OPENED, PRIOR, Usual, graded, held


@pytest.mark.parametrize(
    ("kinds", "reward"),
    [
        (["shown"], 0),
        (["shown", "opened"], OPENED),
        (["shown", "opened", "helpful"], HELPFUL),
        (["shown", "opened", "not_for_me"], 0),
        (["shown", "applied"], APPLIED),
        (["shown", "applied", "not_for_me"], APPLIED),
        ([], 0),
    ],
)
def test_a_grade_is_of_all_that_was_said(kinds, reward) -> None:
    assert graded(kinds) == graded(reversed(kinds)) == reward


def columns(draws: np.random.Generator, citizens: int = 2000):
    unit = np.repeat(np.arange(citizens), 3)
    position = np.tile(np.array([1, 2, 3]), citizens)
    number = draws.integers(0, 20, len(unit))
    chance = np.array([0.5, 0.3, 0.2])[position - 1] + 0.1 * (number == 0)
    service, provider = [f"s{one}" for one in number], [f"p{one}" for one in number]
    return unit, position, service, provider, (draws.random(len(unit)) < chance).astype(float)


def test_what_is_usual_is_learnt_of_places_and_of_services() -> None:
    found = Usual.fit(*columns(np.random.default_rng(1)))
    assert [found.of_place(at) for at in (1, 2, 3)] == pytest.approx([0.505, 0.305, 0.205], abs=0.03)
    assert found.of(1, "s0") - found.of(1, "s7") == pytest.approx(0.1, abs=0.05)
    assert found.of(9, "never seen") == found.overall and 0 <= found.of(3, "s7") <= 1


def test_a_service_that_one_citizen_praises_is_no_treasure() -> None:
    unit, position, service, provider, reward = columns(np.random.default_rng(2))
    found = Usual.fit(np.append(unit, 9999), np.append(position, 2), [*service, "new"], [*provider, "p0"], np.append(reward, 1.0))
    assert 0 < found.services["new"] <= 1 / PRIOR
    nothing = Usual.fit(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), [], [], np.zeros(0))
    assert nothing.of(1, "s") == 0


def test_what_is_held_is_drawn_to_the_usual_and_never_beyond() -> None:
    drawn = held(np.array([1.0, 0.0, 1.0]), np.array([0.3, 0.3, 0.3]), np.array([0.5, 0.5, 1.0]))
    assert drawn == pytest.approx([0.65, 0.15, 1.0])


def test_weighted_lines_would_punish_a_list_for_its_provider_and_held_rewards_do_not() -> None:
    """Every service earns the same, so that no list can be better than another; one provider has most of the places."""
    draws = np.random.default_rng(3)
    big = draws.random(30_000) < 0.7
    provider = ["big" if one else f"p{number % 19}" for number, one in enumerate(big)]
    reward = (draws.random(len(big)) < 0.3).astype(float)
    unit, usual = np.arange(len(big)), np.full(len(big), 0.3)
    weight = influence.weights(unit, provider, provider)
    here, there = np.where(big, 0.7, 0.3), np.where(big, 0.9, 0.1)
    plain = Log(unit, here, there, reward, weight=weight)
    bent = gain(plain, Method.IPS)
    fair = gain(Log(unit, here, there, held(reward, usual, weight)), Method.IPS)
    assert isinstance(fair, Estimate) and fair.low <= 0 <= fair.high
    assert not isinstance(bent, Estimate) or bent.high < 0
