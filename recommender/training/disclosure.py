"""What passing something on gives away of incomes: bits, and how near somebody who learns gets to them.

`bits`: mutual information between what is passed and the income in 32 equally full bins (five bits would name the bin), in the way of
Miller and Madow (1955), who correct for few households. `income_error`: the median distance between the income and what the office's
best guess (LightGBM, from all that it has) makes of it, over the same for the best constant guess: 1 means that nothing is learnt.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from recommender.training.metrics import Floats

BINS = 32


def measured(
    rows: Floats, income: Floats, wanted: Floats, truth: Floats, passed: Floats, *, exact: bool, fit: Callable[[Floats, Floats], Any]
) -> dict[str, float]:
    """`rows`, `income` to learn from; `wanted`, `truth` to measure on; `passed`: what crosses, [n, columns]. `exact`: the incomes themselves."""
    binned = equally_full(truth)
    if exact:
        # The incomes are among what is passed: nothing is left to guess.
        return {"bits": entropy(binned), "passed_bits": entropy(binned), "income_error": 0.0}
    what = equally_full(passed[:, 0]) if passed.shape[1] else np.zeros(len(truth), dtype=int)
    guess = np.asarray(fit(rows, income).predict(wanted, num_threads=1))
    constant = np.median(np.abs(truth - np.median(income)))
    return {
        "bits": mutual_information(what, binned),
        "passed_bits": entropy(what),
        "income_error": float(np.median(np.abs(truth - guess)) / constant),
    }


def equally_full(values: Floats, bins: int = BINS) -> Any:
    """A bin number each; ties share one, so there may be fewer bins."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.searchsorted(edges, values, side="right")


def entropy(bins: Any) -> float:
    """In bits, corrected: the plain estimate is too low by (bins - 1) / 2n nats."""
    _, counts = np.unique(bins, return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum() + (len(counts) - 1) / (2 * counts.sum() * np.log(2)))


def mutual_information(one: Any, other: Any) -> float:
    """In bits, never below zero."""
    pairs = one.astype(np.int64) * (int(other.max()) + 1) + other
    return max(0.0, entropy(one) + entropy(other) - entropy(pairs))
