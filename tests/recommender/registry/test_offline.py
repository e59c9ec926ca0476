"""The gate that asks citizens' feedback: no worse model past it, no friends that decide it, no number that tells of one citizen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.catalogue import catalogue
from recommender.monitoring.protect import Rounder
from recommender.policy.estimates import Estimate, Method, gain
from recommender.policy.influence import share_bound
from recommender.policy.rewards import Usual
from recommender.registry import offline
from recommender.registry.gates import passed
from recommender.registry.offline import BOUNDED, ENOUGH, FEW, NO_NUMBER, NOBODY, UNLIKE, of_lines, step_of
from recommender.suggesting.logged import Lines
from recommender.training import simulated_feedback as simulated
from tests.support.models import gates as other_gates

ROUNDER = Rounder(b"a key for tests!")
# Two services a place, of twelve providers; the lists show the first of them in eight of ten places, the candidate in `there`.
FIRST, PROVIDERS = 0.8, 12
USUAL = Usual(0.3)


def log(citizens: int = 600, *, there: float = 0.5, first: float = 0.3, second: float = 0.3, seed: int = 1, known: float = 1.0) -> Lines:
    """Each citizen one list of three places. `first`, `second`: what the two services earn; `known`: share of the candidate's chances that could be seen."""
    draws = np.random.Generator(np.random.PCG64(seed))
    unit, position = np.repeat(np.arange(citizens), 3), np.tile(np.array([1, 2, 3]), citizens)
    is_first = draws.random(len(unit)) < FIRST
    kind = draws.integers(0, PROVIDERS // 2, len(unit))
    number = np.where(is_first, kind, kind + PROVIDERS // 2)
    earns = np.where(is_first, first, second)
    return Lines(
        usual=USUAL,
        unit=unit,
        position=position,
        service=tuple(f"s{one}" for one in number.tolist()),
        provider=tuple(f"p{one}" for one in number.tolist()),
        propensity=np.where(is_first, FIRST, 1 - FIRST),
        target=known * np.where(is_first, there, 1 - there),
        reward=(draws.random(len(unit)) < earns).astype(float),
        expected=np.full(len(unit), 0.3),
        tried=citizens,
    )


def test_a_better_and_an_equal_candidate_pass_and_a_worse_one_does_not() -> None:
    better, equal, worse = (of_lines(log(second=second), ROUNDER) for second in (0.6, 0.3, 0.05))
    assert better.passed and better.low is not None and better.low > 0
    assert equal.passed and equal.value is not None and equal.low is not None and equal.high is not None and equal.low < 0 < equal.high
    assert not worse.passed and worse.high is not None and worse.high < 0
    assert not passed((*other_gates(), worse)) and passed((*other_gates(), better))
    assert {**worse.plain(), "report": None} == {
        "name": "feedback", "value": worse.value, "low": worse.low, "high": worse.high, "limit": 0.0, "passed": False, "report": None,
    }  # fmt: skip


def test_the_report_tells_each_way_of_estimating() -> None:
    told = of_lines(log(second=0.6), ROUNDER).plain()["report"]
    assert told["said"] == ENOUGH and set(told["methods"]) == {"ips", "snips", "dr", BOUNDED}
    assert told["citizens"] in (600, 595, 605) and told["shown"] == pytest.approx(0.36, abs=0.03)
    for one in told["methods"].values():
        assert set(one) == {"value", "gain", "low", "high"} and one["low"] <= one["gain"] <= one["high"]
        assert one["value"] - told["shown"] == pytest.approx(one["gain"], abs=0.04)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (replace(log(9), tried=9), FEW),
        (replace(log(0), tried=4), FEW),
        (log(0), NOBODY),
        (log(25), FEW),
        (log(2000, known=0.7), UNLIKE),
        (replace(log(2000), unseen=0.002), UNLIKE),
    ],
)
def test_where_too_little_is_known_it_passes_and_says_so(lines, said) -> None:
    gate = of_lines(lines, ROUNDER)
    assert gate.passed and gate.value is gate.low is gate.high is None
    assert gate.report["said"] == said and "methods" not in gate.report
    assert gate.report["citizens"] is None or gate.report["citizens"] >= 10
    assert (gate.report["citizens"] is None) == (lines.citizens < 10)


def test_a_candidate_without_numbers_fails(ranker, monkeypatch) -> None:
    from recommender.errors import PolicyError

    def none(*_, **__):
        raise PolicyError("no number")

    monkeypatch.setattr(offline, "lines", none)
    gate = offline.judge([], candidate=ranker, ranker_at=none, catalogue_at=none, places=10, rounder=ROUNDER)
    assert not gate.passed and gate.report["said"] == NO_NUMBER


def test_only_citizens_held_out_are_asked(ranker) -> None:
    """From rows, the whole way: those that models learn from tell what is usual, the others what the candidate would have earned."""
    draws, services = np.random.Generator(np.random.PCG64(3)), catalogue()
    rows = [
        simulated.row(one, catalogue=services, ranker=ranker, draws=draws)
        for one in simulated.people(24, seed=3, catalogue=services, ranker=ranker)
    ]
    means = {"candidate": ranker, "ranker_at": lambda _: ranker, "catalogue_at": lambda _: services, "places": 10, "rounder": ROUNDER}
    asked = offline.judge([(row, number % 2 == 0) for number, row in enumerate(rows)], **means)
    assert asked.passed and asked.report["said"] == FEW and asked.report["citizens"] in (10, 15)
    assert offline.judge([(row, False) for row in rows], **means).report == {"said": NOBODY, "citizens": None}
    assert offline.judge([(row, number < 9) for number, row in enumerate(rows)], **means).report == {"said": FEW, "citizens": None}


def test_what_one_providers_friends_say_of_its_services_moves_a_gain_by_little() -> None:
    """A hundred thousand places of friends, nearly all of one provider, which the candidate shows less of: they apply for all of them, or do as others do."""
    honest, theirs = log(2000, second=0.5), log(33_000, seed=9)
    of_it = theirs.propensity == FIRST
    friends = replace(
        theirs,
        unit=theirs.unit + 10**6,
        service=tuple("s0" if at else one for at, one in zip(of_it, theirs.service, strict=True)),
        provider=tuple("p0" if at else one for at, one in zip(of_it, theirs.provider, strict=True)),
    )
    clicking = replace(friends, reward=np.where(of_it, 1.0, friends.reward))
    moved = {}
    for bounded in (False, True):
        usual, bought = (gain(joined(honest, one).log(bounded=bounded), Method.DR) for one in (friends, clicking))
        assert isinstance(usual, Estimate) and isinstance(bought, Estimate)
        moved[bounded] = abs(bought.value - usual.value)
    assert moved[False] > share_bound(PROVIDERS) > 10 * moved[True]


def test_as_many_friends_as_honest_citizens_do_not_keep_a_better_model_out() -> None:
    honest, friends = log(2000, second=0.5), log(2000, seed=9)
    of_it = friends.propensity == FIRST
    names = {
        name: tuple(f"{name[0]}0" if at else one for at, one in zip(of_it, getattr(friends, name), strict=True))
        for name in ("service", "provider")
    }
    both = joined(honest, replace(friends, unit=friends.unit + 10**6, reward=np.where(of_it, 1.0, friends.reward), **names))
    alone = gain(both.log(), Method.DR)
    assert isinstance(alone, Estimate) and alone.high < 0, "what they would have done"
    assert of_lines(both, ROUNDER).passed


def joined(one: Lines, other: Lines) -> Lines:
    numbers = ("unit", "position", "propensity", "target", "reward", "expected")
    return replace(
        one,
        **{name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in numbers},
        **{name: getattr(one, name) + getattr(other, name) for name in ("service", "provider")},
    )


def test_a_step_is_never_finer_than_what_one_citizen_moves() -> None:
    assert step_of(0.0, 10**6) == 0.001 and step_of(0.0011, 10**6) == 0.002 and step_of(0.05, 10**6) == 0.05
    assert step_of(0.0, 100) == 0.05 and step_of(0.3, 100) == 0.5
    assert step_of(0.9, 1) == 5.0


def test_what_is_told_with_one_citizen_less_is_drawn_anew() -> None:
    """Of two reports that differ by one citizen, the difference says nothing of what that one did: it is the same chance whether they applied or not."""
    whole = log(400)

    def without(number: int) -> Lines:
        keep = np.flatnonzero(whole.unit != number)
        return replace(
            whole,
            **{name: getattr(whole, name)[keep] for name in ("unit", "position", "propensity", "target", "reward", "expected")},
            **{name: tuple(getattr(whole, name)[at] for at in keep) for name in ("service", "provider")},
            tried=399,
        )  # fmt: skip

    before = of_lines(whole, ROUNDER).report["shown"]
    earned = {number: float(whole.reward[whole.unit == number].sum()) for number in range(50)}
    moved = {number: of_lines(without(number), ROUNDER).report["shown"] - before for number in range(50)}
    rich = [moved[number] for number, sum_ in earned.items() if sum_ >= 2]
    poor = [moved[number] for number, sum_ in earned.items() if sum_ == 0]
    assert len(rich) > 5 and len(poor) > 5 and set(rich) & set(poor), "either may be seen of either"
    exact = of_lines(whole, ROUNDER)
    assert exact == of_lines(whole, ROUNDER), "the same people, the same report"
    assert exact.report["methods"] != of_lines(whole, Rounder(b"another key here")).report["methods"]
