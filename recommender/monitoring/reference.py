"""What a model's card keeps of the people whom it learnt from: the shape of each fact and chance, and margins of the groups. No person is in it.

Stored with the model (`metadata["monitoring"]`), beside the thresholds of its alarms: a report of next year is held against the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.facts import PROGRAMME_CATEGORY, PROGRAMMES, FactValue, category_of
from recommender.monitoring.alarms import THRESHOLDS
from recommender.monitoring.drift import Shape, shape
from recommender.monitoring.exposure import first
from recommender.monitoring.groups import AXES, groups
from recommender.ranking.features import FEATURE_KEYS

Floats = npt.NDArray[np.float64]

PLACES = 3
WATCHED = tuple(key for key in FEATURE_KEYS if category_of(key) != PROGRAMME_CATEGORY)
# Regions are left out: some fifty of them would make weights of a handful of people each.
MARGINS = ("age", "disability", "family", "income")


def shapes(rows: Floats, chances: Floats) -> dict[str, Shape]:
    """Of each watched fact and of each programme's chance (`chance.<programme>`). rows: float64[n, FEATURE_KEYS]; chances: float64[n, PROGRAMMES]."""
    facts = {key: shape(rows[:, FEATURE_KEYS.index(key)]) for key in WATCHED}
    return facts | {f"chance.{programme}": shape(chances[:, at]) for at, programme in enumerate(PROGRAMMES)}


def suggested(chances: Floats) -> dict[str, float]:
    """Of how many each programme is among the first three, by programme."""
    shares = first(chances, PLACES).mean(axis=0)
    return {programme: round(float(shares[at]), 4) for at, programme in enumerate(PROGRAMMES)}


def margins(people: Iterable[Mapping[str, FactValue]]) -> dict[str, dict[str, float]]:
    """Shares of the groups on each axis of MARGINS, from the facts of a population."""
    found = [groups(facts) for facts in people]
    told = {}
    for axis in MARGINS:
        counts = Counter(one[axis] for one in found)
        told[axis] = {group: round(count / len(found), 5) for group, count in sorted(counts.items())}
    return told


def of(rows: Floats, chances: Floats, people: Sequence[Mapping[str, FactValue]]) -> dict[str, Any]:
    """`{"thresholds", "reference"}` for a model's metadata, plain JSON: from the training rows, the model's chances for them and their facts.

    `people` may be more than the rows, and complete: it is who could consent. Groups of regions are not in it.
    """
    return {
        "thresholds": dict(THRESHOLDS),
        "reference": {
            "people": len(rows),
            "shapes": {name: one.plain() for name, one in shapes(rows, chances).items()},
            "suggested": suggested(chances),
            "margins": margins(people),
        },
    }


def known_axes(reference: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(axis for axis in AXES if axis in reference.get("margins", {}))
