"""Measures of a ranking of programmes and of the chances behind it."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Labels: TypeAlias = npt.NDArray[np.bool_]


def ndcg(scores: Floats, labels: Labels, at: int = 3) -> float:
    """Mean nDCG@`at` over the households that take part in at least one programme.

    scores, labels: [households, programmes]. Gains are 0 or 1, the discount is 1 / log2(rank + 1), ties keep column order.
    """
    helped = labels.any(axis=1)
    scores, labels = scores[helped], labels[helped]
    best = np.argsort(-scores, axis=1, kind="stable")[:, :at]
    discount = 1 / np.log2(np.arange(at) + 2)
    gained = (np.take_along_axis(labels, best, axis=1) * discount).sum(axis=1)
    ideal = np.cumsum(discount)[np.minimum(labels.sum(axis=1), at) - 1]
    return float((gained / ideal).mean())


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
