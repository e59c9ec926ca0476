"""Estimates from simulated logs whose truth is known: unbiased, honest intervals, and no number where there is too little overlap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.errors import PolicyError
from recommender.policy import PRESENT, Scored, distribution, place
from recommender.policy.estimates import CLIP, LEAST_EFFECTIVE, LEAST_UNITS, Estimate, Log, Method, TooLittle, gain, value

STILL = replace(PRESENT, exploration=0)
# What each of three services earns, and how often each policy puts it into the one place: the other policy's own is rarely shown.
EARNS, HERE, THERE = np.array([0.2, 0.3, 0.5]), np.array([0.85, 0.1, 0.05]), np.array([0.1, 0.2, 0.7])
TRUE = float(EARNS @ THERE)


def log_of(draws: np.random.Generator, *, citizens: int = 400, lists: int = 4, error: float = 0.0) -> Log:
    """Citizens who differ (so that their lines hang together), each with some lists of one place."""
    unit = np.repeat(np.arange(citizens), lists)
    taste = np.repeat(draws.uniform(-0.15, 0.15, citizens), lists)
    shown = draws.choice(3, size=len(unit), p=HERE)
    chance = EARNS[shown] + taste
    model = np.clip(EARNS + error, 0, 1)
    return Log(
        unit=unit, propensity=HERE[shown], target=THERE[shown], reward=(draws.random(len(unit)) < chance).astype(float),
        modelled=model[shown], expected=np.full(len(unit), float(model @ THERE)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def runs() -> dict[Method, list[Estimate]]:
    draws = np.random.default_rng(4)
    logs = [log_of(draws) for _ in range(300)]
    found = {method: [value(log, method) for log in logs] for method in Method}
    assert all(isinstance(one, Estimate) for each in found.values() for one in each)
    return found


@pytest.mark.parametrize("method", Method)
def test_an_estimate_hits_the_truth_on_average(runs, method) -> None:
    values = np.array([one.value for one in runs[method]])
    assert abs(values.mean() - TRUE) < 4 * values.std() / np.sqrt(len(values))
    assert abs(float(EARNS @ HERE) - TRUE) > 20 * values.std() / np.sqrt(len(values))  # and not what the shown lists earned


@pytest.mark.parametrize("method", Method)
def test_the_interval_holds_the_truth_about_as_often_as_it_says(runs, method) -> None:
    held = np.mean([one.low <= TRUE <= one.high for one in runs[method]])
    assert 0.90 <= held <= 0.985


def test_a_good_model_makes_the_doubly_robust_estimate_better_than_the_weighted_ones(runs) -> None:
    error = {method: np.sqrt(np.mean([(one.value - TRUE) ** 2 for one in runs[method]])) for method in Method}
    width = {method: np.mean([one.high - one.low for one in runs[method]]) for method in Method}
    assert error[Method.DR] < 0.85 * error[Method.IPS] and width[Method.DR] < 0.85 * width[Method.IPS]
    assert error[Method.SNIPS] < error[Method.IPS]


def test_a_wrong_model_does_not_bend_the_doubly_robust_estimate() -> None:
    draws = np.random.default_rng(5)
    values = np.array([value(log_of(draws, citizens=600, error=0.3), Method.DR).value for _ in range(200)])
    assert abs(values.mean() - TRUE) < 4 * values.std() / np.sqrt(len(values))


def test_lines_of_one_citizen_do_not_count_as_many() -> None:
    """The same log, once with each line as a citizen of its own: the interval that knows better is wider."""
    draws = np.random.default_rng(6)
    log, near = log_of(draws, citizens=60, lists=40), np.array([0.8, 0.12, 0.08])
    alike = np.repeat((draws.random(60) < 0.4).astype(float), 40)  # whoever takes one takes all
    log = replace(log, reward=alike, target=near[[int(np.flatnonzero(one == HERE)[0]) for one in log.propensity]])
    apart = replace(log, unit=np.arange(len(log.unit)))
    together, single = value(log, Method.SNIPS), value(apart, Method.SNIPS)
    assert together.value == pytest.approx(single.value)
    assert together.high - together.low > 3 * (single.high - single.low)


def test_a_gain_is_the_difference_to_what_was_earned() -> None:
    log = log_of(np.random.default_rng(7), citizens=3000)
    for method in Method:
        found = gain(log, method)
        assert found.value == pytest.approx(value(log, method).value - log.reward.mean())
        assert found.low <= TRUE - float(EARNS @ HERE) <= found.high and found.low > 0


def test_the_same_policy_gains_nothing_for_sure() -> None:
    log = log_of(np.random.default_rng(8))
    found = gain(replace(log, target=log.propensity, expected=log.modelled), Method.IPS)
    assert (found.value, found.low, found.high) == pytest.approx((0, 0, 0)) and found.lost == 0


def test_a_service_that_could_not_be_shown_gives_no_number() -> None:
    """A third of the other policy's places hold what these lists never held."""
    log = log_of(np.random.default_rng(9), citizens=3000)
    unseen = replace(log, target=log.target * 2 / 3)
    for method in Method:
        found = value(unseen, method)
        assert isinstance(found, TooLittle) and found.lost == pytest.approx(1 / 3, abs=0.1)


def test_what_could_not_be_shown_is_noticed_with_as_few_lines_as_give_a_number() -> None:
    draws, told = np.random.default_rng(15), []
    for _ in range(200):
        log = log_of(draws, citizens=320)
        told.append(value(replace(log, target=log.target * 2 / 3), Method.SNIPS))
    assert 0.8 < np.mean([one.effective for one in told]) / LEAST_EFFECTIVE < 1.25
    assert np.mean([isinstance(one, Estimate) for one in told]) < 0.05


def test_few_lines_where_the_policies_differ_give_no_number() -> None:
    rng = np.random.default_rng(10)
    log = log_of(rng, citizens=2000, lists=1)
    same = replace(log, target=np.where(np.arange(2000) < 20, log.target, log.propensity))
    assert isinstance(gain(same, Method.DR), TooLittle)
    assert isinstance(value(log_of(rng, citizens=LEAST_UNITS - 1, lists=40), Method.IPS), TooLittle)
    nothing = {name: np.array([]) for name in ("propensity", "target", "reward")}
    assert isinstance(value(Log(unit=np.array([], dtype=np.int64), **nothing), Method.IPS), TooLittle)


def test_no_line_counts_more_than_the_clip() -> None:
    log = log_of(np.random.default_rng(11), citizens=3000, lists=1)
    rare = np.append(log.propensity, 1e-6)
    one = replace(
        log, unit=np.append(log.unit, 10**6), propensity=rare, target=np.append(log.target, 0.02), reward=np.append(log.reward, 1.0),
        modelled=np.append(log.modelled, 0.5), expected=np.append(log.expected, 0.5),
    )  # fmt: skip
    before, after = value(log, Method.IPS, clip=20), value(replace(one, propensity=np.append(log.propensity, 0.001)), Method.IPS, clip=20)
    assert abs(after.value - before.value) <= 20 / 3001 + 1e-9
    # What is cut off is too much to be silent about.
    assert isinstance(value(one, Method.IPS), TooLittle)


def test_a_lines_weight_bounds_what_it_moves() -> None:
    log = log_of(np.random.default_rng(12))
    light = replace(log, weight=np.where(log.unit == 0, 1e-9, 1.0))
    without = np.flatnonzero(log.unit != 0)
    columns = ("unit", "propensity", "target", "reward", "modelled", "expected")
    rest = Log(**{name: getattr(log, name)[without] for name in columns})
    assert value(light, Method.DR).value == pytest.approx(value(rest, Method.DR).value, abs=1e-6)


def test_lists_of_the_real_policy_tell_what_another_order_would_have_earned() -> None:
    """The whole way: lists placed by seeds, their stated propensities, another model's lists as the target, rewards by place and service."""
    draws = np.random.default_rng(13)
    found = [Scored(f"s{n:02d}", 0.5 - n / 200, "likely", "") for n in range(14)]
    # The other model ranks what waits above what stands last.
    swapped = [replace(one, score={"s09": 0.45, "s10": 0.455}.get(one.identifier, one.score)) for one in found]
    target, shown = distribution(swapped, places=10, policy=STILL), distribution(found, places=10)
    earns = {one.identifier: 0.05 + 0.5 * (one.identifier == "s10") + 0.1 * (int(one.identifier[1:]) % 3) for one in found}
    fade = 1 / np.log2(np.arange(10) + 2)
    truth = float(np.mean([sum(chance * earns[name] for name, chance in place_.items()) * fade[at] for at, place_ in enumerate(target)]))
    unit, propensity, other, reward = [], [], [], []
    for seed in range(12_000):
        for at, one in enumerate(place(found, places=10, seed=seed)):
            unit.append(seed)
            propensity.append(one.propensity)
            other.append(target[at].get(one.identifier, 0.0))
            reward.append(float(draws.random() < earns[one.identifier] * fade[at]))
    log = Log(np.array(unit), np.array(propensity), np.array(other), np.array(reward))
    earned = float(np.mean([sum(chance * earns[name] for name, chance in one.items()) * fade[at] for at, one in enumerate(shown)]))
    # What nearly all of the interval comes from: the one service that is explored in the last place, by how rarely it is.
    of_last = earns["s10"] * fade[9] / shown[9]["s10"] / 100
    width = 2 * 1.96 * np.sqrt(of_last / 12_000)
    for method in (Method.IPS, Method.SNIPS):
        estimated, better = value(log, method), gain(log, method)
        assert isinstance(estimated, Estimate) and estimated.low <= truth <= estimated.high
        assert estimated.high - estimated.low < 1.25 * width
        assert isinstance(better, Estimate) and 0 < better.low <= truth - earned <= better.high


@pytest.mark.parametrize(
    "wrong",
    [
        {"propensity": np.array([0.0, 0.5])},
        {"propensity": np.array([np.nan, 0.5])},
        {"reward": np.array([2.0, 0.0])},
        {"target": np.array([-0.1, 0.0])},
        {"reward": np.array([1.0])},
        {"weight": np.array([0.0, 1.0])},
        {"modelled": np.array([0.1, 0.1])},
        {"unit": np.array([0.5, 1.5])},
    ],
)
def test_a_log_that_is_none_is_refused(wrong) -> None:
    columns = {"unit": np.array([0, 1]), "propensity": np.array([0.5, 0.5]), "target": np.array([0.5, 0.5]), "reward": np.array([0.0, 1.0])}
    with pytest.raises(PolicyError):
        Log(**{**columns, **wrong})


def test_no_model_no_doubly_robust_estimate() -> None:
    log = replace(log_of(np.random.default_rng(14)), modelled=None, expected=None)
    with pytest.raises(PolicyError):
        value(log, Method.DR)
    with pytest.raises(PolicyError):
        value(log, Method.IPS, clip=0)


def test_what_the_present_policy_explores_is_never_cut_off() -> None:
    found = [Scored(f"s{n:02d}", 0.5 - n / 1000, "likely", "") for n in range(40)]
    rarest = min(min(chances.values()) for chances in distribution(found, places=10))
    assert 1 / rarest <= CLIP
