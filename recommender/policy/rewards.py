"""What came of a service in its place, as one number from 0 to 1, and what is usual there. Pure.

The grades say how sure it is that the citizen was helped: who applied has done what suggestions are for (1), who calls it helpful says so without
having done it (.8), who opened the page was curious (.3), and who was shown it, or said that it is not for them, has nothing of it (0).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from recommender.policy import influence
from recommender.policy.estimates import Vector

APPLIED, HELPFUL, OPENED = 1.0, 0.8, 0.3
# What is usual of a place, or told of a service, is drawn towards the mean as if so many lines had earned it.
PRIOR = 20.0


def graded(kinds: Iterable[str]) -> float:
    """All that was said of one service of one list. Who applied has used it, whatever else they say; a "not for me" outweighs that it was opened."""
    said = set(kinds)
    if "applied" in said:
        return APPLIED
    if "not_for_me" in said:
        return 0.0
    return HELPFUL if "helpful" in said else OPENED if "opened" in said else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """The reward to be expected of a service in a place: what the place earns, and by how much the service earns more or less than its places."""

    overall: float = 0.0
    places: Mapping[int, float] = field(default_factory=dict)
    services: Mapping[str, float] = field(default_factory=dict, repr=False)

    @classmethod
    def fit(
        cls,
        unit: npt.NDArray[np.int64],
        position: npt.NDArray[np.int64],
        service: Sequence[str],
        provider: Sequence[str],
        reward: Vector,
    ) -> Usual:
        """From lines of equal length, each counting as `influence.weights` lets it. Of other citizens than those whom it is used for, else it knows the answers."""
        if not len(unit):
            return cls()
        weight = influence.weights(unit, service, provider)
        overall = float((weight * reward).sum() / weight.sum())
        numbers, where = np.unique(position, return_inverse=True)
        earned, counted = np.bincount(where, weights=weight * reward), np.bincount(where, weights=weight)
        places = dict(zip(numbers.tolist(), ((earned + PRIOR * overall) / (counted + PRIOR)).tolist(), strict=True))
        over = weight * (reward - np.array([places[place] for place in position.tolist()]))
        names, of = np.unique(np.asarray(service, dtype=str), return_inverse=True)
        effects = np.bincount(of, weights=over) / (np.bincount(of, weights=weight) + PRIOR)
        return cls(overall, places, dict(zip(names.tolist(), effects.tolist(), strict=True)))

    def of_place(self, position: int) -> float:
        return self.places.get(position, self.overall)

    def of(self, position: int, service: str) -> float:
        """From 0 to 1."""
        return min(1.0, max(0.0, self.of_place(position) + self.services.get(service, 0.0)))


def held(reward: Vector, usual: Vector, weight: Vector) -> Vector:
    """Rewards of which only so much counts: the rest of each (1 - `weight`) is what is usual in its place. All float64[n].

    In place of weighting the lines: a line's weight hangs on the service that stands there, so that lists which show more of a provider that is
    held would look worse for that alone. This draws each service of such a provider towards the usual, up or down.
    """
    drawn: Vector = usual + weight * (reward - usual)
    return drawn
