"""The households that quality is measured on: all of the CPS file where its archive lies in `.venv/cps` (`make bench-large` puts it there), else the committed extract."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.results import ROOT
from recommender.facts import PROGRAMMES, Kind
from recommender.ranking.features import FEATURES
from recommender.training import dataset, households
from recommender.training.dataset import Dataset

FOLDER = ROOT / ".venv" / "cps"


@dataclass(frozen=True, slots=True, eq=False)
class Households:
    """`data`: facts and programmes; `catch_all`: bool[n], who receives anything else (`other_ben`), None for the extract, which leaves it out."""

    data: Dataset
    catch_all: npt.NDArray[np.bool_] | None = None


def archive() -> Path | None:
    return next(iter(sorted(FOLDER.glob("taxcalc-*"))), None)


def load() -> Households:
    found = archive()
    return Households(dataset.load()) if found is None else _whole(found)


def _whole(found: Path) -> Households:
    # pandas is needed for this only.
    from recommender.training import build_extract

    units = build_extract.read_cps(found)
    table = build_extract.households(units)
    other = units.groupby(["FLPDYR", "h_seq"], sort=True)["other_ben"].sum().reindex(table.index)
    columns = []
    for fact in FEATURES:
        column = table[fact.name]
        coded = column.map({choice: code for code, choice in enumerate(fact.choices)}) if fact.kind is Kind.CHOICE else column
        columns.append(coded.astype("float64").to_numpy(dtype=np.float64, na_value=np.nan))
    labels = table[list(PROGRAMMES)].to_numpy(dtype=np.bool_)
    return Households(Dataset(np.column_stack(columns), labels, households.extract_sha256(found)), (other > 0).to_numpy())
