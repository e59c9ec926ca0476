"""A profile as the model sees it: one number a fact, NaN where the fact is unknown.

The last columns say which programmes are received already (history, where the citizen connected it). They are the labels too, so no programme's classifier may
see its own: it learns with that column blank and never splits on it (`training.train`), and callers need not blank it.

Left out is the region: it is a proxy for how an area treats people, it may never be given as a reason, and it is worth less than .002 nDCG@3
(docs/decisions/recommender.md). What the model uses it can also say. What citizens say of themselves (`life.*`) no household of the extract has said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from recommender.facts import CATEGORIES, OF_SOURCES, PROGRAMME_CATEGORY, PROGRAMMES, FactDefinition, FactValue, Kind
from recommender.profile import Profile

Matrix: TypeAlias = npt.NDArray[np.float64]

ATTRIBUTES: tuple[FactDefinition, ...] = tuple(
    fact for fact in OF_SOURCES if fact.category != PROGRAMME_CATEGORY and fact.kind is not Kind.REGION
)
HISTORY: tuple[FactDefinition, ...] = tuple(fact for fact in OF_SOURCES if fact.category == PROGRAMME_CATEGORY)
FEATURES: tuple[FactDefinition, ...] = ATTRIBUTES + HISTORY
FEATURE_KEYS: tuple[str, ...] = tuple(fact.key for fact in FEATURES)
FEATURE_CATEGORIES: tuple[str, ...] = tuple(category for category in CATEGORIES if category in {fact.category for fact in FEATURES})
CATEGORICAL: tuple[int, ...] = tuple(index for index, fact in enumerate(FEATURES) if fact.kind is Kind.CHOICE)
# Column of each feature's category in FEATURE_CATEGORIES.
CATEGORY_OF_FEATURE: npt.NDArray[np.intp] = np.array([FEATURE_CATEGORIES.index(fact.category) for fact in FEATURES])
# Column of each programme's own flag.
OWN: dict[str, int] = {programme: FEATURE_KEYS.index(f"{PROGRAMME_CATEGORY}.{programme}") for programme in PROGRAMMES}


def encode(fact: FactDefinition, value: FactValue | None) -> float:
    """A known value as a number; a choice by its place in the fact's list; unknown as NaN, never as zero."""
    if value is None:
        return float("nan")
    return float(fact.choices.index(str(value)) if fact.kind is Kind.CHOICE else int(value))


def matrix(profiles: Sequence[Profile]) -> Matrix:
    """float64[len(profiles), len(FEATURES)], columns in the order of FEATURES."""
    rows = [[encode(fact, profile.facts.get(fact.key)) for fact in FEATURES] for profile in profiles]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(FEATURES))
