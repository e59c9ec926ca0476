"""The open extract and citizens' rows as one data set, with the households that no model learns from. Pure.

A model's files outlive a citizen's row, and name numbers of those whom it learnt from: the largest and the smallest of each fact, and thresholds half-way
between two neighbours' amounts. So citizens' amounts are learnt in three figures, and within what the models learn from the open extract.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from recommender.facts import FactValue
from recommender.profile import Profile
from recommender.ranking.features import CATEGORICAL, Matrix, matrix
from recommender.training import dataset, households
from recommender.training.dataset import Dataset
from recommender.training.metrics import Places
from recommender.training.rows import Row
from recommender.training.train import SEED


@dataclass(frozen=True, slots=True, eq=False)
class Assembled:
    """`held_out`: row numbers; of the extract the same quarter for every model, of the citizens those whose side it is. `used`: citizens' rows in it."""

    data: Dataset
    held_out: Places
    used: int
    facts: Mapping[int, Mapping[str, FactValue]] = field(repr=False)

    @property
    def kept(self) -> Places:
        return np.setdiff1d(np.arange(len(self.data.rows)), self.held_out)

    @property
    def open(self) -> int:
        """So many of the first rows are the open extract's."""
        return len(self.data.rows) - self.used

    def of_extract(self) -> Assembled:
        """The same without the citizens: what may be told for good."""
        data = Dataset(self.data.rows[: self.open], self.data.labels[: self.open], self.data.sha256)
        return Assembled(data, self.held_out[self.held_out < self.open], 0, {})

    @property
    def people(self) -> list[Mapping[str, FactValue]]:
        """The facts of the households held out, in their order, as groups are made from."""
        return [_of_extract(number) if number < self.open else self.facts[number] for number in self.held_out.tolist()]


def assemble(extract: Dataset, rows: Sequence[tuple[Row, bool]], *, sha256: str) -> Assembled:
    """`rows`: each with whether it is held out. One of which some programme is not known has no labels to learn from, and is left out."""
    labelled = [(row, labels, held_out) for row, held_out in rows if (labels := row.labels) is not None]
    kept, held_out = dataset.split(len(extract.rows), SEED)
    if not labelled:
        return Assembled(Dataset(extract.rows, extract.labels, sha256, extract.weights), held_out, 0, {})
    first = len(extract.rows)
    theirs = Dataset(
        coarse(matrix([row.profile for row, _, _ in labelled]), extract.rows[kept]),
        np.array([labels for _, labels, _ in labelled], dtype=np.bool_),
        sha256,
    )
    mine = np.array([first + number for number, (_, _, held) in enumerate(labelled) if held], dtype=np.intp)
    facts = {first + number: row.facts for number, (row, _, _) in enumerate(labelled)}
    return Assembled(dataset.joined(extract, theirs, sha256), np.concatenate([held_out, mine]), len(labelled), facts)


def coarse(rows: Matrix, within: Matrix) -> Matrix:
    """Amounts in three figures and no larger or smaller than those of `within`; float64[n, features], unknown ones stay so."""
    step = np.maximum(10.0 ** (np.floor(np.log10(np.maximum(np.abs(rows), 1.0))) - 2), 1.0)
    rounded = np.clip(np.round(rows / step) * step, np.nanmin(within, axis=0), np.nanmax(within, axis=0))
    columns = list(CATEGORICAL)  # numbers of names, not amounts
    rounded[:, columns] = rows[:, columns]
    return np.asarray(rounded)


def _of_extract(number: int) -> Mapping[str, FactValue]:
    return Profile.of_categories(households.facts_of(number)).facts
