"""What another policy would have earned, estimated from the lists that this one showed, and how far that can be trusted.

A place of a shown list is one line of the log: the chance that its service stood there (`Placed.propensity`), the chance that the other
policy would have put the same service there (`distribution`), and the reward. Rewards may differ by place and service, but what stands in
one place must not change another's reward (the item-position model: Li, Abbasi-Yadkori, Kveton, Muthukrishnan, Vinay, Wen: Offline
Evaluation of Ranking Policies with Click Models, KDD 2018).

- IPS: rewards weighted by other chance / this chance (Horvitz and Thompson 1952). Unbiased but for the clipping, wide.
- SNIPS: the same over the sum of the weights (Swaminathan and Joachims, NIPS 2015). Narrower, biased by order 1/n.
- DR: a model's expectation, corrected by the weighted error that it made (Dudík, Langford, Li, ICML 2011). Right if either the chances
  or the model are, and narrow where the model is good.

The interval is normal, over citizens and not over lines: what one citizen's lists earned hangs together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from recommender.errors import PolicyError

Vector: TypeAlias = npt.NDArray[np.float64]

# No line counts more than so many. A list of ten explores with chances of .2 / 7 / 8 or more, a weight of 280: those are not cut off, since else
# nothing could be said of just the services that are explored. What is cut off is told (`lost`), and it can only lower an estimate of rewards that are not negative.
CLIP = 300.0
# So much must be behind a number: lines, as many as equally weighted ones would be, where the policies differ; and citizens they are of.
# With fewer lines three standard errors of their weights are so wide that a third of places never seen would go unnoticed.
LEAST_EFFECTIVE = 120.0
LEAST_UNITS = 30
# Of the other policy's places, this share may be ones that these lists could not have had, or that were cut off.
MOST_UNSEEN = 0.05
Z95 = 1.959964


class Method(StrEnum):
    """How it is estimated."""

    IPS = "ips"
    SNIPS = "snips"
    DR = "dr"


@dataclass(frozen=True, slots=True)
class Log:
    """Lines of equal length n. `unit`: whose list (any numbers). `propensity`: in (0, 1]. `target`: the other policy's chance, 0 to 1.

    `reward`: 0 to 1. For DR: `modelled`, the model's expectation of the reward of the service that stood there, and `expected`, the same
    of what the other policy would have put there, weighted by its chances. `weight`: in (0, 1], how much a line may count (`influence`).
    Raises `PolicyError` for anything else.
    """

    unit: npt.NDArray[np.int64] = field(repr=False)
    propensity: Vector = field(repr=False)
    target: Vector = field(repr=False)
    reward: Vector = field(repr=False)
    modelled: Vector | None = field(default=None, repr=False)
    expected: Vector | None = field(default=None, repr=False)
    weight: Vector | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.unit.ndim != 1 or not np.issubdtype(self.unit.dtype, np.integer) or (self.modelled is None) != (self.expected is None):
            raise PolicyError("A log has a whole number for each line's citizen, and a model's two columns or none.")
        for column, least in (
            (self.propensity, np.nextafter(0, 1)), (self.target, 0), (self.reward, 0), (self.modelled, 0), (self.expected, 0),
            (self.weight, np.nextafter(0, 1)),
        ):  # fmt: skip
            if column is None:
                continue
            if column.shape != self.unit.shape or not np.all((column >= least) & (column <= 1)):
                raise PolicyError("A log's columns are of one length and from 0 to 1, propensities and weights above 0.")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A reward a place, 0 to 1, or a difference of two. `low`, `high`: 95 % interval. `effective`: equally weighted lines that it rests on.

    `lost`: share of the other policy's places that no line stands for, or whose weight was cut off. `most`: the most that one citizen moves it by.
    """

    value: float
    low: float
    high: float
    effective: float
    units: int
    lost: float
    most: float


@dataclass(frozen=True, slots=True)
class TooLittle:
    """No number: too little of what the other policy would show was shown. `effective`, `units`, `lost` as in `Estimate`."""

    effective: float
    units: int
    lost: float


def value(log: Log, method: Method, *, clip: float = CLIP) -> Estimate | TooLittle:
    """The reward a place that the other policy would have earned. Raises `PolicyError` for DR without a model's columns."""
    found = _weights(log, clip)
    if isinstance(found, TooLittle):
        return found
    return _estimate(log, *_terms(log, method, found), found, log.reward * 0)


def gain(log: Log, method: Method, *, clip: float = CLIP) -> Estimate | TooLittle:
    """The same, less what these lists earned: above 0 with its `low` where the other policy is better beyond doubt."""
    found = _weights(log, clip)
    if isinstance(found, TooLittle):
        return found
    return _estimate(log, *_terms(log, method, found), found, log.reward)


@dataclass(frozen=True, slots=True)
class _Weights:
    clipped: Vector
    lines: Vector  # how much each counts
    effective: float
    units: int
    lost: float


def _weights(log: Log, clip: float) -> _Weights | TooLittle:
    if not clip >= 1:
        raise PolicyError("Weights are cut off at 1 or more.")
    lines = np.ones(len(log.unit)) if log.weight is None else log.weight
    full = log.target / log.propensity
    clipped = np.minimum(full, clip)
    # Where the two agree nothing is to be learnt of their difference, and such lines must not make few others look like many.
    differing = (np.abs(full - 1) > 1e-9) & (clipped > 0)
    told = (lines * clipped)[differing]
    effective = float(told.sum() ** 2 / (told**2).sum()) if len(told) else (0.0 if np.any(full != 1) else float(len(lines)))
    units = len(np.unique(log.unit[differing])) if len(told) else len(np.unique(log.unit))
    lost, spread = _lost(clipped, lines)
    # The weights' mean is 1 but for chance where every place of the other policy could be seen; below it is what could not.
    unseen = lost - 3 * spread > MOST_UNSEEN or float((lines * (full - clipped)).sum()) > MOST_UNSEEN * float(lines.sum())
    if unseen or effective < LEAST_EFFECTIVE or units < LEAST_UNITS:
        return TooLittle(effective, units, lost)
    return _Weights(clipped, lines, effective, units, lost)


def _lost(clipped: Vector, lines: Vector) -> tuple[float, float]:
    if not len(lines):
        return 1.0, 0.0
    total = float(lines.sum())
    mean = float((lines * clipped).sum()) / total
    spread = float(np.sqrt((lines**2 * (clipped - mean) ** 2).sum())) / total
    return max(0.0, 1 - mean), spread


def _terms(log: Log, method: Method, found: _Weights) -> tuple[Vector, Vector]:
    """Each line's term, and by what it is divided: the estimate is the weighted sum of the one over that of the other."""
    ones = np.ones(len(log.reward))
    if method is Method.IPS:
        return found.clipped * log.reward, ones
    if method is Method.SNIPS:
        return found.clipped * log.reward, found.clipped
    if log.modelled is None or log.expected is None:
        raise PolicyError("A doubly robust estimate needs what a model expects of each line.")
    return log.expected + found.clipped * (log.reward - log.modelled), ones


def _estimate(log: Log, terms: Vector, over: Vector, found: _Weights, less: Vector) -> Estimate:
    lines = found.lines
    ratio = float((lines * terms).sum() / (lines * over).sum())
    base = float((lines * less).sum() / lines.sum())
    # What each line moves the estimate by (the ratio's linear part), summed by citizen.
    moved = lines * (terms - ratio * over) / float((lines * over).sum()) - lines * (less - base) / float(lines.sum())
    _, of = np.unique(log.unit, return_inverse=True)
    sums = np.bincount(of, weights=moved)
    error = float(np.sqrt((sums**2).sum() * len(sums) / max(1, len(sums) - 1)))
    at = ratio - base
    most = float(np.abs(sums).max())
    return Estimate(at, at - Z95 * error, at + Z95 * error, found.effective, found.units, found.lost, most)
