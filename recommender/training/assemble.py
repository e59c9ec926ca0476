"""The open extract and citizens' rows as one data set, with the households that no model learns from. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from recommender.facts import FactValue
from recommender.profile import Profile
from recommender.ranking.features import matrix
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
    def people(self) -> list[Mapping[str, FactValue]]:
        """The facts of the households held out, in their order, as groups are made from."""
        extract = len(self.data.rows) - self.used
        return [_of_extract(number) if number < extract else self.facts[number] for number in self.held_out.tolist()]


def assemble(extract: Dataset, rows: Sequence[tuple[Row, bool]], *, sha256: str) -> Assembled:
    """`rows`: each with whether it is held out. One of which some programme is not known has no labels to learn from, and is left out."""
    labelled = [(row, labels, held_out) for row, held_out in rows if (labels := row.labels) is not None]
    _, held_out = dataset.split(len(extract.rows), SEED)
    if not labelled:
        return Assembled(Dataset(extract.rows, extract.labels, sha256, extract.weights), held_out, 0, {})
    first = len(extract.rows)
    theirs = Dataset(
        matrix([row.profile for row, _, _ in labelled]), np.array([labels for _, labels, _ in labelled], dtype=np.bool_), sha256
    )
    mine = np.array([first + number for number, (_, _, held) in enumerate(labelled) if held], dtype=np.intp)
    facts = {first + number: row.facts for number, (row, _, _) in enumerate(labelled)}
    return Assembled(dataset.joined(extract, theirs, sha256), np.concatenate([held_out, mine]), len(labelled), facts)


def _of_extract(number: int) -> Mapping[str, FactValue]:
    return Profile.of_categories(households.facts_of(number)).facts
