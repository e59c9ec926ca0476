"""What may be shown of counts about people: nothing about fewer than ten, and nothing from which such a count could be worked out.

Done when a report is made, not when it is shown: the small counts are never stored. Four steps, and an attack in the tests that undoes each:

1. Groups of fewer than ten people go together into one row, REST, which names none of them (that a region is there at all says that
   somebody lives there). REST holds two groups and ten people at least, else the smallest of the others join it.
2. A share is not told when fewer than ten had it or fewer than ten had it not. Since the total less the others would give it, at least two
   rows are silent, with ten or more on either side together; else the total is silent too.
3. Counts are rounded to fives, so that neither the difference of two measures nor of two days says what one person did.
4. A total is the sum of what is told, never counted apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recommender.monitoring.tallies import Tally

SMALLEST = 10
STEP = 5
REST = "rest"


@dataclass(frozen=True, slots=True)
class Cell:
    """One row as it is kept: people and, unless silent (None), the share, both from rounded counts."""

    group: str
    people: int
    share: float | None
    low: float | None = None
    high: float | None = None

    def plain(self) -> dict[str, Any]:
        return {"group": self.group, "people": self.people, "share": self.share, "low": self.low, "high": self.high}


def cells(tallies: Sequence[Tally]) -> list[Cell]:
    """The rows that may be kept, in the order of the tallies, REST last. Empty when all of them together are fewer than ten people."""
    rows = joined(tallies)
    silent = _silent(rows)
    return [_cell(row, row.group in silent) for row in rows]


def joined(tallies: Sequence[Tally]) -> list[Tally]:
    """Step 1."""
    left = sorted((one for one in tallies if one.people), key=lambda one: (one.people, one.group))
    together: list[Tally] = []
    while left and (left[0].people < SMALLEST or (together and _too_few(together))):
        together.append(left.pop(0))
    if together and _too_few(together):
        return []
    names = {one.group for one in left}
    kept = [one for one in tallies if one.group in names]
    if not together:
        return kept
    rest = Tally(REST, sum(o.people for o in together), sum(o.cases for o in together), sum(o.hits for o in together))
    return [*kept, rest]


def _too_few(together: Sequence[Tally]) -> bool:
    return len(together) < 2 or sum(one.people for one in together) < SMALLEST


def _silent(rows: Sequence[Tally]) -> set[str]:
    """Step 2: the groups whose share is not told."""
    by_size = sorted(rows, key=lambda row: (min(row.hits, row.cases - row.hits), row.group))
    silent = [row for row in by_size if min(row.hits, row.cases - row.hits) < SMALLEST]
    others = [row for row in by_size if row not in silent]
    while silent and others and (len(silent) < 2 or min(_sum(silent)) < SMALLEST):
        silent.append(others.pop(0))
    return {row.group for row in silent}


def _sum(rows: Sequence[Tally]) -> tuple[float, float]:
    return sum(row.hits for row in rows), sum(row.cases - row.hits for row in rows)


def _cell(row: Tally, silent: bool) -> Cell:
    people = rounded(row.people)
    if silent:
        return Cell(row.group, people, None)
    cases = max(rounded(row.cases), STEP)
    coarse = Tally(row.group, people, cases, min(rounded(row.hits), cases))
    low, high = coarse.interval
    return Cell(row.group, people, round(coarse.share, 3), round(low, 3), round(high, 3))


def rounded(count: float) -> int:
    """To the nearest five, halves up."""
    return int((count + STEP / 2) // STEP) * STEP


def tallied(cell: dict[str, Any]) -> Tally | None:
    """Back from a kept row, as exact as what is kept; None for a silent one."""
    return None if cell["share"] is None else Tally(cell["group"], cell["people"], float(cell["people"]), cell["share"] * cell["people"])
