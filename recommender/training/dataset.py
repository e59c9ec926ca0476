"""The extract as matrices, the split by household, and the blanking of categories that citizens have not connected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recommender.errors import DatasetError
from recommender.facts import PROGRAMMES, FactDefinition, Kind
from recommender.ranking.features import CATEGORY_OF_FEATURE, FEATURE_CATEGORIES, FEATURE_KEYS, FEATURES, OWN, Matrix
from recommender.training import households
from recommender.training.metrics import Floats, Labels

HELD_OUT = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """`rows`: float64[households, features] as `features.matrix`, NaN for unknown, programmes received included; `labels`: bool[households, programmes].

    `weights`: how much each household counts, float64[households], all above zero; None for all alike. `sha256`: of what the rows come from.
    Raises `DatasetError` where these do not fit together.
    """

    rows: Matrix
    labels: Labels
    sha256: str
    weights: Floats | None = None

    def __post_init__(self) -> None:
        count = len(self.rows)
        fits = self.rows.shape == (count, len(FEATURES)) and self.labels.shape == (count, len(PROGRAMMES)) and self.labels.dtype == np.bool_
        if not fits or np.isinf(self.rows).any():
            raise DatasetError("Rows and labels of a data set do not have the columns of the vocabulary.")
        if self.weights is not None and not (
            self.weights.shape == (count,) and np.isfinite(self.weights).all() and (self.weights > 0).all()
        ):
            raise DatasetError("The weights of a data set must be numbers above zero, one a household.")

    def column(self, key: str) -> Matrix:
        """One feature of all households."""
        return self.rows[:, FEATURE_KEYS.index(key)]


def load(path: Path = households.EXTRACT) -> Dataset:
    """The extract as matrices. Raises `DatasetError` where it is unreadable, has other columns, or holds what is no value of its column."""
    columns = households.columns(path)
    try:
        rows = np.column_stack([_numbers(fact, columns[fact.name]) for fact in FEATURES])
        labels = np.column_stack([np.array(columns[programme], dtype=np.float64) for programme in PROGRAMMES])
    except ValueError as error:
        raise DatasetError(f"The extract of households {path.name} holds a value that its column cannot have.") from error
    return Dataset(rows, labels > 0, households.extract_sha256(path))


def _numbers(fact: FactDefinition, values: Sequence[str]) -> Matrix:
    """One column as numbers, as `features.encode` makes them; empty is NaN."""
    if fact.kind is Kind.CHOICE:
        return np.array([fact.choices.index(value) if value else np.nan for value in values], dtype=np.float64)
    return np.array([value or "nan" for value in values], dtype=np.float64)


def joined(one: Dataset, other: Dataset, sha256: str) -> Dataset:
    """Both, `one` first, under the hash of what they come from together."""
    weights = None
    if one.weights is not None or other.weights is not None:
        parts = [np.ones(len(part.rows)) if part.weights is None else part.weights for part in (one, other)]
        weights = np.concatenate(parts)
    return Dataset(np.vstack([one.rows, other.rows]), np.vstack([one.labels, other.labels]), sha256, weights)


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


def without_history(rows: Matrix) -> Matrix:
    """Rows as if no programme that is received were known. What is measured on labels is measured on such rows: with every other programme's flag in sight, one
    that is received sees one flag fewer than one that is not, and ranking by that alone looks perfect."""
    blanked = rows.copy()
    blanked[:, list(OWN.values())] = np.nan
    return blanked


def augmented(rows: Matrix, copies: int, seed: int) -> Matrix:
    """The households as they are, then without history, then `copies` times with random categories blanked: float64[(2 + copies) * households, features]."""
    masked = [blank(rows, random_connections(len(rows), seed + copy)) for copy in range(copies)]
    return np.vstack([rows, without_history(rows), *masked])


@dataclass(frozen=True, slots=True, eq=False)
class Hidden:
    """Households with one programme that they receive hidden: `rows`; `who`: the household's number; `which`: the hidden programme's column.

    `seen`: bool[n, programmes], what is still seen to be received and so is not up for suggestion.
    """

    rows: Matrix
    who: npt.NDArray[np.intp]
    which: npt.NDArray[np.intp]
    seen: Labels


def hide_one(rows: Matrix, labels: Labels) -> Hidden:
    """A row for each programme of each household, as before they applied: its flag is off, for all candidates alike, and the others stand."""
    who, which = np.nonzero(labels)
    hidden, seen = rows[who].copy(), labels[who].copy()
    hidden[np.arange(len(who)), np.array(list(OWN.values()))[which]] = 0
    seen[np.arange(len(who)), which] = False
    return Hidden(hidden, who, which, seen)
