"""A gate says yes only where the numbers do; what is no number is a no."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.facts import PROGRAMMES
from recommender.registry import gates
from recommender.registry.gates import Trial, judge, passed

HOUSEHOLDS = 6000


def trial(**changed) -> Trial:
    """A candidate that knows, a champion that knows a little less, popularity that knows little; two groups alike."""
    random = np.random.Generator(np.random.PCG64(7))
    chance = random.random((HOUSEHOLDS, len(PROGRAMMES))) ** 2
    labels = random.random(chance.shape) < chance
    values = {
        "labels": labels,
        "candidate": chance,
        "champion": np.clip(chance + random.normal(0, 0.02, chance.shape), 0, 1),
        "segment": np.tile(labels.mean(axis=0), (HOUSEHOLDS, 1)),
        "groups": {"age": ["young", "old"] * (HOUSEHOLDS // 2)},
        "latency": 1.02,
    }
    return Trial(**{**values, **changed})


def verdicts(of: Trial) -> dict[str, bool]:
    return {gate.name: gate.passed for gate in judge(of, seed=1)}


def failed(of: Trial) -> set[str]:
    found = judge(of, seed=1)
    assert passed(found) == all(gate.passed for gate in found)
    return {gate.name for gate in found if not gate.passed}


def test_a_model_that_knows_passes_every_gate_and_each_tells_its_number() -> None:
    found = judge(trial(), seed=1)
    assert passed(found)
    named = (
        "households",
        "finite",
        "segment_popularity",
        "champion",
        "group_gap",
        "calibration",
        "programme_loss",
        "group_loss",
        "foretold",
        "latency",
    )
    assert tuple(g.name for g in found) == named
    assert found == judge(trial(), seed=1)
    beats = found[2]
    assert beats.low is not None and beats.high is not None and 0 < beats.low < beats.value < beats.high
    assert set(found[0].plain()) == {"name", "value", "low", "high", "limit", "passed"}


def test_no_gates_are_not_passed() -> None:
    assert not passed(())


def test_popularity_by_segment_does_not_pass_itself() -> None:
    base = trial()
    assert "segment_popularity" in failed(trial(candidate=base.segment))


def test_a_model_worse_than_the_champion_by_more_than_chance_fails() -> None:
    base = trial()
    noise = np.random.Generator(np.random.PCG64(3)).normal(0, 0.3, base.labels.shape)
    assert "champion" in failed(trial(candidate=np.clip(base.candidate + noise, 0, 1)))
    assert "champion" not in failed(trial(champion=np.clip(base.candidate + noise, 0, 1)))


def test_a_model_that_overlooks_a_group_fails() -> None:
    base = trial()
    names = np.array(base.groups["age"])
    blind = base.candidate.copy()
    blind[names == "old"] = base.candidate[names == "old"][:, ::-1]
    assert "group_gap" in failed(trial(candidate=blind))
    assert "group_gap" not in failed(trial(candidate=blind, champion=blind))


def test_chances_that_are_too_high_fail_though_they_rank_as_well() -> None:
    base = trial()
    assert failed(trial(candidate=base.candidate**0.5)) == {"calibration", "foretold"}


RARE = 3


def rare(**changed) -> Trial:
    """One programme that eighty households of six thousand take part in: too few for any mean over all to tell of it."""
    base = trial()
    chance, labels = base.candidate.copy(), base.labels.copy()
    chance[:, RARE] *= 0.04
    labels[:, RARE] = np.random.Generator(np.random.PCG64(9)).random(HOUSEHOLDS) < chance[:, RARE]
    return trial(**{"labels": labels, "candidate": chance, "champion": chance, **changed})


def test_a_programme_of_few_takers_may_not_be_ranked_by_chance() -> None:
    base = rare()
    assert failed(base) == set() and 50 <= base.labels[:, RARE].sum() <= 120
    guessed = base.candidate.copy()
    guessed[:, RARE] = np.random.Generator(np.random.PCG64(5)).permutation(guessed[:, RARE])
    assert failed(rare(candidate=guessed)) == {"programme_loss"}
    assert failed(rare(candidate=guessed, champion=guessed)) == set()


@pytest.mark.parametrize("times", [0.2, 2.5])
def test_a_programme_of_few_takers_may_not_be_foretold_far_too_seldom_or_too_often(times) -> None:
    base = rare()
    wrong = base.candidate.copy()
    wrong[:, RARE] *= times
    assert failed(rare(candidate=wrong)) == {"foretold"}


def test_harm_to_a_small_group_is_not_hidden_by_a_group_that_was_always_worse_off() -> None:
    base = trial()
    names = np.array(["most"] * HOUSEHOLDS)
    names[:300], names[300:390] = "behind", "few"
    champion = base.candidate.copy()
    champion[:300] = champion[:300, ::-1]
    candidate = champion.copy()
    candidate[300:340] = candidate[300:340, ::-1]
    assert failed(trial(champion=champion, candidate=champion, groups={"age": names})) <= {"group_gap"}
    found = {gate.name: gate for gate in judge(trial(champion=champion, candidate=candidate, groups={"age": names}), seed=1)}
    assert not found["group_loss"].passed and found["champion"].passed and found["group_gap"].passed


def test_whom_too_few_belong_to_is_not_judged_and_the_number_of_households_is_what_fails() -> None:
    base = trial()
    few = {name: getattr(base, name)[:40] for name in ("labels", "candidate", "champion", "segment")}
    found = {gate.name: gate for gate in judge(trial(**few, groups={"age": base.groups["age"][:40]}), seed=1)}
    assert not found["households"].passed
    assert all(found[name].passed and found[name].low is None for name in ("programme_loss", "group_loss"))


@pytest.mark.parametrize("latency", [1.6, 0.0, -1.0, float("nan"), float("inf")])
def test_a_slow_model_or_a_time_that_is_none_fails(latency) -> None:
    assert failed(trial(latency=latency)) == {"latency"}


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
@pytest.mark.parametrize("which", ["candidate", "champion", "segment"])
def test_what_is_no_number_fails_and_is_kept_as_none(which, wrong) -> None:
    base = trial()
    damaged = getattr(base, which).copy()
    damaged[3, 2] = wrong
    found = judge(trial(**{which: damaged}), seed=1)
    assert not passed(found) and next(g for g in found if g.name == "finite").value is None


def test_too_few_households_settle_nothing() -> None:
    base = trial()
    few = {name: getattr(base, name)[:100] for name in ("labels", "candidate", "champion", "segment")}
    assert "households" in failed(trial(**few, groups={"age": base.groups["age"][:100]}))
    nobody = np.zeros_like(base.labels)
    assert not passed(judge(trial(labels=nobody), seed=1))


def test_a_programme_that_no_household_has_left_is_no_excuse() -> None:
    """Calibration of a column without a household of either kind is still a number; of an empty one it is none, and fails."""
    assert gates._calibration(trial(labels=np.zeros((0, 8), bool), candidate=np.zeros((0, 8)))).passed is False
