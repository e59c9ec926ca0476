"""The committed extract of households: as a table for training, and one by one for the sandbox's agencies.

Reading single households needs only the standard library, because small server processes import this module.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import math
import zlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recommender.errors import DatasetError
from recommender.facts import CATEGORIES, OF_SOURCES, PROGRAMMES, FactValue, Kind

if TYPE_CHECKING:
    import pandas as pd

EXTRACT = Path(__file__).parent / "data" / "cps_households.csv.gz"
COLUMNS = ("household", *(fact.name for fact in OF_SOURCES))
# Worked out once: a process may ask for each of twenty thousand households.
_PLACES = tuple((fact.category, fact.name, fact.kind) for fact in OF_SOURCES)
_TEXT = tuple(fact.name for fact in OF_SOURCES if fact.kind in (Kind.CHOICE, Kind.REGION))


@cache
def extract_sha256(path: Path = EXTRACT) -> str:
    """SHA-256, in hex, of the extract's bytes as committed."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load(path: Path = EXTRACT) -> pd.DataFrame:
    """The extract, one row a household: text as `str`, programmes as `bool`, other columns as `float64`, unknown as NaN."""
    import pandas as pd

    try:
        table = pd.read_csv(path, dtype=dict.fromkeys(_TEXT, "str"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"The extract of households {path.name} cannot be read.") from error
    if tuple(table.columns) != COLUMNS:
        raise DatasetError("The extract of households does not have the columns of the vocabulary.")
    numbers = [name for name in COLUMNS if name not in _TEXT and name not in PROGRAMMES and name != "household"]
    return table.astype({**dict.fromkeys(numbers, "float64"), **dict.fromkeys(PROGRAMMES, "bool")})


def columns(path: Path = EXTRACT) -> dict[str, tuple[str, ...]]:
    """The extract column by column, values as written. Needs the standard library only."""
    try:
        with gzip.open(path, "rt", encoding="ascii", newline="") as packed:
            names, *rows = csv.reader(packed)
        found = dict(zip(names, zip(*rows, strict=True), strict=True))
    except (OSError, EOFError, zlib.error, ValueError, csv.Error) as error:
        raise DatasetError(f"The extract of households {path.name} cannot be read.") from error
    if tuple(found) != COLUMNS:
        raise DatasetError("The extract of households does not have the columns of the vocabulary.")
    return found


def household_facts(row: Mapping[str, Any]) -> dict[str, dict[str, FactValue]]:
    """A row, by column name, as `{category: {key: value}}`: what an agency answers for each category.

    Takes a row of `load()` (`row._asdict()`, `Series`) or of the CSV file (strings). A fact that the household does not
    have, such as the age of a spouse where there is none, is absent, and so is a category without facts.
    """
    facts: dict[str, dict[str, FactValue]] = {category: {} for category in CATEGORIES}
    for category, name, kind in _PLACES:
        raw = row[name]
        if raw is None or raw == "" or (isinstance(raw, float) and math.isnan(raw)):
            continue
        facts[category][name] = _value(kind, raw)
    return {category: values for category, values in facts.items() if values}


def _value(kind: Kind, raw: Any) -> FactValue:
    if kind in (Kind.CHOICE, Kind.REGION):
        return str(raw)
    number = int(float(raw))
    return bool(number) if kind is Kind.FLAG else number


@cache
def _rows(path: Path = EXTRACT) -> tuple[dict[str, str], ...]:
    with gzip.open(path, "rb") as packed:
        return tuple(csv.DictReader(io.TextIOWrapper(packed, encoding="ascii", newline="")))


def count() -> int:
    """How many households the extract holds."""
    return len(_rows())


def facts_of(index: int) -> dict[str, dict[str, FactValue]]:
    """`household_facts` of one household, 0 to `count() - 1`. The file is read once a process (about 0.1 s)."""
    if not 0 <= index < count():
        raise DatasetError(f"There is no household {index} in the extract.")
    return household_facts(_rows()[index])
