"""Consent's own bias: who lets models learn from their data, against who could, and what weights can mend. numpy only.

The reference is counts of the whole population by age, income and so on (published ones, or those of the extract). Raking (Deming and Stephan
1940) finds weights with which those who consented have the population's margins. It mends what the margins tell and nothing else: if those who
consent differ among people of the same age and income too, no weight knows. `docs/decisions/monitoring.md` has the measured effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MOST = 8.0  # a weight, of the mean: one person must not speak for hundreds
ROUNDS, CLOSE = 200, 1e-6


@dataclass(frozen=True, slots=True)
class Represented:
    """A group's share among those who consented and among those who could; `ratio` below 1: too few of them."""

    axis: str
    group: str
    people: int
    share: float
    reference: float

    @property
    def ratio(self) -> float:
        return self.share / self.reference if self.reference else float("inf")


def represented(groups: Mapping[str, npt.NDArray[Any]], reference: Mapping[str, Mapping[str, float]], *, unknown: str) -> list[Represented]:
    """Of each group of each axis of the reference. Who is unknown is left out on both sides: it says nothing about who consents."""
    told = []
    for axis, margin in reference.items():
        names = groups[axis][groups[axis] != unknown]
        there = {group: share for group, share in margin.items() if group != unknown}
        total = sum(there.values())
        for group, share in there.items():
            people = int((names == group).sum())
            told.append(Represented(axis, group, people, people / len(names) if len(names) else 0.0, share / total))
    return told


def weights(
    groups: Mapping[str, npt.NDArray[Any]], reference: Mapping[str, Mapping[str, float]], *, unknown: str, most: float = MOST
) -> Floats:
    """float64[n], mean 1: raked to the reference's margins, axis after axis until they hold. Who is unknown on an axis keeps the weight there.

    A weight is cut at `most`, so margins of groups with hardly anybody hold by half: better than one person's word for all of them.
    """
    count = len(next(iter(groups.values())))
    found = np.ones(count)
    for _ in range(ROUNDS):
        before = found.copy()
        for axis, margin in reference.items():
            found = _adjusted(found, groups[axis], margin, unknown)
        found = _cut(found, most)
        if np.abs(found - before).max() < CLOSE:
            break
    return found


def _cut(weights: Floats, most: float) -> Floats:
    """With mean 1, and none above `most`; what is cut off goes to the others."""
    weights = weights / weights.mean()
    for _ in range(ROUNDS):
        weights = np.minimum(weights, most)
        weights = weights / weights.mean()
        if weights.max() <= most * (1 + CLOSE):
            break
    return np.asarray(weights)


def _adjusted(weights: Floats, names: npt.NDArray[Any], margin: Mapping[str, float], unknown: str) -> Floats:
    known = names != unknown
    # Groups without anybody cannot be made larger: the others share what is there.
    there = {group: share for group, share in margin.items() if group != unknown and (names == group).any()}
    total, mass = sum(there.values()), weights[known].sum()
    adjusted = weights.copy()
    for group, share in there.items():
        mine = names == group
        adjusted[mine] *= share / total * mass / weights[mine].sum()
    return adjusted


def effective(weights: Floats) -> float:
    """How many people of equal weight tell as much (Kish 1965): the price of weighting."""
    return float(weights.sum() ** 2 / (weights**2).sum())
