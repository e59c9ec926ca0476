"""Counts by group, shares with their intervals, and the gap between the worst group and the others. numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Z95 = 1.959964


@dataclass(frozen=True, slots=True)
class Tally:
    """Of `cases` of `people` of a group, `hits` had it. A case is a person, or one of several things about a person; `hits` may be weighted."""

    group: str
    people: int
    cases: float
    hits: float

    @property
    def share(self) -> float:
        return self.hits / self.cases if self.cases else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.share, self.people)


@dataclass(frozen=True, slots=True)
class Gap:
    """How much lower the share of `group` is than that of all others together, with an interval that allows for having looked at every group."""

    group: str
    gap: float
    low: float
    high: float


def tally(groups: Sequence[str] | npt.NDArray[np.str_], cases: npt.ArrayLike, hits: npt.ArrayLike) -> list[Tally]:
    """A tally a group, groups in order. `cases`, `hits`: numbers a person; who has no case is not counted."""
    names, cases, hits = np.asarray(groups), np.asarray(cases, dtype=float), np.asarray(hits, dtype=float)
    counted = cases > 0
    return [
        Tally(str(name), int(mine.sum()), float(cases[mine].sum()), float(hits[mine].sum()))
        for name in np.unique(names[counted])
        for mine in [counted & (names == name)]
    ]


def wilson(share: float, people: float, z: float = Z95) -> tuple[float, float]:
    """Wilson's interval of a share (Wilson 1927): keeps within 0 and 1 and is honest for few people.

    Several cases of one person count as one person: wider than need be, never too narrow.
    """
    if people <= 0:
        return 0.0, 1.0
    middle = (share + z * z / (2 * people)) / (1 + z * z / people)
    half = z / (1 + z * z / people) * sqrt(share * (1 - share) / people + z * z / (4 * people * people))
    return max(0.0, middle - half), min(1.0, middle + half)


def worst_gap(tallies: Sequence[Tally], least: int, *, level: float = 0.05) -> Gap | None:
    """The group that is surest to be worse off than all others, among groups of at least `least` people; None where there are fewer than two.

    Newcombe's interval for a difference of two shares (1998, method 10), each side by Wilson, with Bonferroni's level for so many groups:
    `level` is how often the lower end of any of them is above a true gap. The sure one and not the lowest: of many small groups one is
    always low by chance.
    """
    large = [one for one in tallies if one.people >= least]
    if len(large) < 2:
        return None
    z = NormalDist().inv_cdf(1 - level / (2 * len(large)))
    return max((behind(one, [other for other in large if other is not one], z) for one in large), key=lambda gap: (gap.low, gap.group))


def behind(one: Tally, others: Sequence[Tally], z: float) -> Gap:
    """How much lower the share of `one` is than that of the others together, with Newcombe's interval; `z`: its normal quantile."""
    cases, people = sum(o.cases for o in others), sum(o.people for o in others)
    share = sum(o.hits for o in others) / cases if cases else 0.0
    low, high = wilson(share, people, z)
    own_low, own_high = wilson(one.share, one.people, z)
    gap = share - one.share
    return Gap(
        one.group,
        gap,
        gap - sqrt((share - low) ** 2 + (own_high - one.share) ** 2),
        gap + sqrt((high - share) ** 2 + (one.share - own_low) ** 2),
    )
