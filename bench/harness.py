"""Measures contenders turn by turn, so that what disturbs the machine disturbs all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import TypeVar

Lap = Mapping[str, float]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured. `quick` shows only that everything works: its figures mean nothing."""

    quick: bool = False
    large: bool = False

    def pick(self, full: T, quick: T) -> T:
        return quick if self.quick else full

    @property
    def rounds(self) -> int:
        return self.pick(9, 2)


def interleave(contenders: Mapping[str, Callable[[], Lap]], *, rounds: int, warm_ups: int = 1) -> dict[str, list[Lap]]:
    """The laps of each contender, `rounds` of them, warm-ups left out.

    Each round runs every contender once. Every second round runs backwards, so that none always runs after the same other one.
    """
    laps: dict[str, list[Lap]] = {name: [] for name in contenders}
    for number in range(warm_ups + rounds):
        for name in sorted(contenders, reverse=number % 2 == 1):
            lap = contenders[name]()
            if number >= warm_ups:
                laps[name].append(lap)
    return laps


def column(laps: Iterable[Lap], measure: str) -> list[float]:
    """One measure of each lap."""
    return [lap[measure] for lap in laps]


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(1, ceil(len(ordered) * share)) - 1]
