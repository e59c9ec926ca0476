"""The extract as matrices, the split by household, and the blanking of categories that citizens have not connected."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recommender.facts import PROGRAMMES, Kind
from recommender.ranking.features import CATEGORY_OF_FEATURE, FEATURE_CATEGORIES, FEATURE_KEYS, FEATURES, Matrix
from recommender.training import households
from recommender.training.metrics import Labels

HELD_OUT = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """`rows`: float64[households, features], NaN for unknown; `labels`: bool[households, programmes]."""

    rows: Matrix
    labels: Labels
    sha256: str

    def column(self, key: str) -> Matrix:
        """One feature of all households."""
        return self.rows[:, FEATURE_KEYS.index(key)]


def load(path: Path = households.EXTRACT) -> Dataset:
    table = households.load(path)
    columns = [
        table[fact.name].map({choice: float(code) for code, choice in enumerate(fact.choices)})
        if fact.kind is Kind.CHOICE
        else table[fact.name]
        for fact in FEATURES
    ]
    rows = np.column_stack([column.to_numpy(dtype=np.float64) for column in columns])
    return Dataset(rows, table[list(PROGRAMMES)].to_numpy(dtype=np.bool_), households.extract_sha256(path))


def split(count: int, seed: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Row numbers to train on and to hold out (a quarter). One row is one household, so no household is in both."""
    order = np.random.Generator(np.random.PCG64(seed)).permutation(count)
    held_out = int(count * HELD_OUT)
    return np.sort(order[held_out:]), np.sort(order[:held_out])


def blank(rows: Matrix, connected: npt.NDArray[np.bool_]) -> Matrix:
    """Rows with NaN where a category is not connected. `connected`: bool[households, FEATURE_CATEGORIES]."""
    return np.where(connected[:, CATEGORY_OF_FEATURE], rows, np.nan)


def random_connections(count: int, seed: int) -> npt.NDArray[np.bool_]:
    """A random set of connected categories a household: first how many (none to all, evenly), then which."""
    random = np.random.Generator(np.random.PCG64(seed))
    how_many = random.integers(0, len(FEATURE_CATEGORIES) + 1, count)
    places = random.random((count, len(FEATURE_CATEGORIES))).argsort(axis=1).argsort(axis=1)
    return np.asarray(places < how_many[:, None])


def only(categories: tuple[str, ...], count: int) -> npt.NDArray[np.bool_]:
    """The same categories connected for every household."""
    return np.tile([category in categories for category in FEATURE_CATEGORIES], (count, 1))


def augmented(rows: Matrix, labels: Labels, copies: int, seed: int) -> tuple[Matrix, Labels]:
    """The households as they are, and `copies` times with random categories blanked."""
    masked = [blank(rows, random_connections(len(rows), seed + copy)) for copy in range(copies)]
    return np.vstack([rows, *masked]), np.vstack([labels] * (copies + 1))
