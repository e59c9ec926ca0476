"""From facts to a model's row, or why there is none. A model never sees what its owner did not try it on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recommender.evaluators.contract import BOOLEAN, NUMBER, Contract, Input

MISSING, OUT_OF_RANGE, UNKNOWN_VALUE = "missing", "out_of_range", "unknown_value"

Row = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Unfit:
    """`fact`: "category.key"; `why`: missing, out_of_range or unknown_value. Never the value."""

    fact: str
    why: str


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """The evaluator says nothing of this person, for every one of these reasons, in the order of the contract's inputs."""

    because: tuple[Unfit, ...]


def fit(contract: Contract, facts: Mapping[str, Any]) -> Row | NotApplicable:
    """One number an input, in the order of the columns. Facts that the contract does not name are not looked at."""
    row: list[float] = []
    because: list[Unfit] = []
    for wanted in contract.inputs:
        number = _number(wanted, facts.get(wanted.fact))
        if isinstance(number, float):
            row.append(number)
        else:
            because.append(Unfit(wanted.fact, number))
    return NotApplicable(tuple(because)) if because else tuple(row)


def _number(wanted: Input, value: Any) -> float | str:
    """The column's number, or why there is none."""
    if value is None:
        return MISSING
    if wanted.kind == BOOLEAN:
        return float(value) if isinstance(value, bool) else UNKNOWN_VALUE
    if wanted.kind == NUMBER:
        # A bool is an int to Python, and a NaN compares with nothing.
        if isinstance(value, bool) or not isinstance(value, int | float) or (isinstance(value, float) and not math.isfinite(value)):
            return UNKNOWN_VALUE
        return float(value) if wanted.minimum <= value <= wanted.maximum else OUT_OF_RANGE
    return wanted.values.get(value, UNKNOWN_VALUE) if isinstance(value, str) else UNKNOWN_VALUE
