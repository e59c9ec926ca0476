"""Measures of a ranking of programmes and of the chances behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Labels: TypeAlias = npt.NDArray[np.bool_]
Places: TypeAlias = npt.NDArray[np.intp]


PLACES = 3


def ndcg(scores: Floats, labels: Labels, at: int = PLACES) -> float:
    """Mean nDCG@`at` over the households that take part in at least one programme."""
    return float(ndcg_each(scores, labels, at).mean())


def ndcg_each(scores: Floats, labels: Labels, at: int = PLACES) -> Floats:
    """nDCG@`at` of each household that takes part in at least one programme.

    scores, labels: [households, programmes]. Gains are 0 or 1, the discount is 1 / log2(rank + 1), ties keep column order.
    """
    found, labels = _first(scores, labels, at)
    discount = 1 / np.log2(np.arange(at) + 2)
    return np.asarray((found * discount).sum(axis=1) / np.cumsum(discount)[np.minimum(labels.sum(axis=1), at) - 1])


def recall_each(scores: Floats, labels: Labels, at: int = PLACES) -> Floats:
    """The share of its programmes that is among the first `at`, of each household that takes part in at least one."""
    found, labels = _first(scores, labels, at)
    return np.asarray(found.sum(axis=1) / labels.sum(axis=1))


def average_precision_each(scores: Floats, labels: Labels) -> Floats:
    """Mean precision at the place of each programme that a household takes part in (the mean over households is MAP)."""
    found, labels = _first(scores, labels, scores.shape[1])
    precision = np.cumsum(found, axis=1) / np.arange(1, found.shape[1] + 1)
    return np.asarray((precision * found).sum(axis=1) / labels.sum(axis=1))


def _first(scores: Floats, labels: Labels, at: int) -> tuple[Labels, Labels]:
    helped = labels.any(axis=1)
    scores, labels = scores[helped], labels[helped]
    best = np.argsort(-scores, axis=1, kind="stable")[:, :at]
    return np.take_along_axis(labels, best, axis=1), labels


def hidden_each(scores: Floats, seen: Labels, who: Places, which: Places, at: int = PLACES) -> Floats:
    """nDCG@`at` with one programme hidden (`dataset.hide_one`), a household the mean over its programmes. What is seen to be received is no candidate."""
    rank = hidden_ranks(scores, seen, who, which)
    return over_programmes(np.where(rank < at, 1 / np.log2(rank + 2), 0), who)


def hidden_recall_each(scores: Floats, seen: Labels, who: Places, which: Places, at: int = PLACES) -> Floats:
    """The same for recall@`at`: the share of its programmes that are among the first `at` when they are the hidden one."""
    return over_programmes(hidden_ranks(scores, seen, who, which) < at, who)


def hidden_precision_each(scores: Floats, seen: Labels, who: Places, which: Places) -> Floats:
    """The same for average precision, which is 1 / rank where one alone is to be found."""
    return over_programmes(1 / (hidden_ranks(scores, seen, who, which) + 1), who)


def hidden_ranks(scores: Floats, seen: Labels, who: Places, which: Places) -> Places:
    """How many candidates stand before the hidden programme, from 0; int[pairs]. Ties keep column order."""
    open_ = np.where(seen, -np.inf, scores)
    wanted = open_[np.arange(len(who)), which][:, None]
    before = np.arange(scores.shape[1]) < which[:, None]
    return np.asarray((open_ > wanted).sum(axis=1) + ((open_ == wanted) & before).sum(axis=1))


def over_programmes(values: npt.NDArray[Any], who: Places) -> Floats:
    """The mean of each household's values; `who`: whose each is."""
    _, at_household = np.unique(who, return_inverse=True)
    return np.asarray(np.bincount(at_household, values) / np.bincount(at_household))


def interval(each: Sequence[Floats], resamples: int = 1000, seed: int = 20_261_126) -> tuple[float, float]:
    """95 % of the mean over splits of means of households drawn anew with replacement (bootstrap, percentiles); a split's values an array."""
    random = np.random.Generator(np.random.PCG64(seed))
    means = [float(np.mean([one[random.integers(0, len(one), len(one))].mean() for one in each])) for _ in range(resamples)]
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def auc(scores: Floats, labels: Labels) -> float:
    """Area under the ROC curve of one programme; ties count half. NaN where only one class is present."""
    positives, negatives = int(labels.sum()), int((~labels).sum())
    if not positives or not negatives:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[labels].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def calibration_error(scores: Floats, labels: Labels, bins: int = 10) -> float:
    """Mean distance between foretold and observed chance over `bins` equally full bins of one programme."""
    parts = np.array_split(np.argsort(scores, kind="stable"), bins)
    return float(np.mean([abs(scores[part].mean() - labels[part].mean()) for part in parts if len(part)]))


def segments(age: Floats, children: Floats) -> npt.NDArray[np.int_]:
    """A segment number a household: seven ages by with or without children. The baseline that a model has to beat."""
    return np.digitize(age, [25, 35, 45, 55, 65, 75]) * 2 + (children > 0)


def segment_popularity(train: npt.NDArray[np.int_], labels: Labels, test: npt.NDArray[np.int_]) -> Floats:
    """float64[len(test), programmes]: share of the training households of the same segment that take part."""
    overall = labels.mean(axis=0)
    table = {segment: labels[train == segment].mean(axis=0) for segment in np.unique(train)}
    return np.array([table.get(segment, overall) for segment in test])
