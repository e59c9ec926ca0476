"""What one model loses to another: of one programme, of one group, paired."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.facts import PROGRAMMES
from recommender.registry import losses
from recommender.training import metrics

N = 400


def drawn(seed: int = 1):
    random = np.random.Generator(np.random.PCG64(seed))
    chances = random.random((N, len(PROGRAMMES)))
    return chances, random.random(chances.shape) < chances / 2, random


def test_the_loss_of_a_programme_is_the_difference_of_the_two_aucs_ties_counted_half() -> None:
    champion, labels, random = drawn()
    candidate = np.round(champion + random.normal(0, 0.3, champion.shape), 1)  # with many ties
    lost, error = losses._auc_lost(candidate[:, 2], champion[:, 2], labels[:, 2])
    assert lost == pytest.approx(metrics.auc(champion[:, 2], labels[:, 2]) - metrics.auc(candidate[:, 2], labels[:, 2]))
    draws = [random.integers(0, N, N) for _ in range(300)]
    again = [losses._auc_lost(candidate[at, 2], champion[at, 2], labels[at, 2])[0] for at in draws]
    assert error == pytest.approx(np.std(again), rel=0.25)


def test_a_model_loses_nothing_to_itself() -> None:
    chances, labels, _ = drawn()
    of = losses.of_programmes(chances, chances, labels, 50)
    assert of is not None and of.lost == of.low == of.high == 0.0


def test_the_programme_and_the_group_that_are_harmed_are_named_and_those_of_few_are_not_judged() -> None:
    champion, labels, random = drawn()
    worse = champion.copy()
    worse[:, 5] = random.permutation(worse[:, 5])
    named = losses.of_programmes(worse, champion, labels, 50)
    assert named is not None and named.of == PROGRAMMES[5] and 0 < named.low < named.lost < named.high
    groups = {"region": ["R01"] * 100 + ["R02"] * 300}
    worse = champion.copy()
    worse[:100] = worse[:100, ::-1]
    group = losses.of_groups(worse, champion, labels, groups, 50)
    assert group is not None and group.of == "region:R01" and group.low > 0
    small = losses.of_groups(worse, champion, labels, groups, 150)
    assert small is not None and small.of == "region:R02"
    assert losses.of_groups(worse, champion, labels, groups, N) is None and losses.of_programmes(worse, champion, labels, N) is None


def test_the_more_that_are_looked_at_the_wider_each_interval() -> None:
    one, many = losses.surest([("a", 0.2, 0.1)]), losses.surest([("a", 0.2, 0.1), *((str(n), 0.0, 0.1) for n in range(50))])
    assert one is not None and many is not None and many.of == "a" and many.low < one.low < one.lost
    assert losses.surest([]) is None


def test_too_many_are_foretold_in_one_group_though_the_whole_is_right() -> None:
    chances, labels, _ = drawn()
    honest = chances / 2
    groups = {"age": ["young"] * 200 + ["old"] * 200}
    calm = losses.foretold(honest, labels, groups, 50)
    assert calm is not None and calm.low < 0
    tilted = honest.copy()
    tilted[:200] *= 0.6
    tilted[200:] *= 1.4
    found = losses.foretold(tilted, labels, groups, 50)
    assert found is not None and found.of.startswith("age:") and found.low > 0.1
