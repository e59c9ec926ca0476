"""What may be shown of counts about people: nothing about fewer than ten, and nothing from which such a count could be worked out.

Done when a report is made, not when it is shown: the small counts are never stored. Four steps, and an attack in the tests that undoes each:

1. Groups of fewer than ten people go together into one row, REST, which names none of them (that a region is there at all says that
   somebody lives there). REST holds two groups and ten people at least, else the smallest of the others join it.
2. A share is not told when fewer than ten had it or fewer than ten had it not: only that it is so (FEW, MOST), since a group that gets nothing is
   what monitoring is for. Since the total less the others would give the share, rows fall silent with it until every count from none to nine is
   as possible as before; where that cannot be had, all rows are silent.
3. Counts are rounded to fives, up or down by chance with the count itself as the mean, so that neither the difference of two measures nor of two
   days says what one person did: rounded to the nearest, a step from 40 to 45 on the day when one person joined would. The chance hangs on a
   secret key and all counts of the row: the same row is always rounded the same way, so that no mean of many reports finds it out, and all of it
   anew when anybody joins, so that a figure that stands still tells as little as one that moves.
4. A total is the sum of what is told, never counted apart.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from recommender.monitoring.tallies import Tally

SMALLEST = 10
STEP = 5
REST = "rest"
FEW, MOST = "few", "most"


@dataclass(frozen=True, slots=True)
class Cell:
    """One row as it is kept: people and, unless silent (None), the share, both from rounded counts. `note`: FEW, MOST or empty."""

    group: str
    people: int
    share: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""

    def plain(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Rounder:
    """Step 3. `key`: a secret of this installation, at least 16 bytes."""

    key: bytes = field(repr=False)

    def __call__(self, count: float, *about: str) -> int:
        """A multiple of five next to `count`. `about` says what is counted, so that no two figures of one report are rounded alike."""
        low = int(count // STEP) * STEP
        text = "\n".join((*about, f"{count:.6f}"))
        drawn = int.from_bytes(hmac.digest(self.key, text.encode(), hashlib.sha256)[:7], "big") / 2**56
        return low + STEP if drawn < (count - low) / STEP else low


def share(had: Sequence[bool] | Any, rounder: Rounder, *about: str) -> float:
    """Of how many, in hundredths; where fewer than ten had it, or had it not, as if ten did: that much may be told. Of ten people at least."""
    count, had_it = len(had), int(sum(had))
    few = SMALLEST / count
    return round(min(max(rounder(had_it, *about, str(count)) / count, few), max(few, 1 - few)), 2)


def cells(tallies: Sequence[Tally], rounder: Rounder, *about: str) -> list[Cell]:
    """The rows that may be kept, in the order of the tallies, REST last. Empty when all of them together are fewer than ten people."""
    rows = joined(tallies)
    silent = _silent(rows)
    return [_cell(row, silent.get(row.group), rounder, *about) for row in rows]


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


def _silent(rows: Sequence[Tally]) -> dict[str, str]:
    """Step 2: the groups whose share is not told, with what is told of it."""
    by_size = sorted(rows, key=lambda row: (min(row.hits, row.cases - row.hits), row.group))
    silent = {row.group: note for row in by_size if (note := _note(row))}
    others = [row for row in by_size if row.group not in silent]
    while silent and _betrayed([row for row in rows if row.group in silent]):
        if not others:
            return dict.fromkeys((row.group for row in rows), "")
        silent[others.pop(0).group] = ""
    return silent


def _note(row: Tally) -> str:
    return FEW if row.hits < SMALLEST else MOST if row.cases - row.hits < SMALLEST else ""


def _bounds(row: Tally) -> tuple[float, float]:
    """Between which hits a silent row lies, for who reads its note and knows these rules."""
    if (note := _note(row)) == FEW:
        return 0.0, min(SMALLEST - 1.0, row.cases)
    return (max(0.0, row.cases - SMALLEST + 1), row.cases) if note == MOST else (float(SMALLEST), row.cases - SMALLEST)


def _betrayed(silent: Sequence[Tally]) -> bool:
    """Whether the hits of all silent rows together, which the total gives away, say more of a small count than its note."""
    total = sum(row.hits for row in silent)
    for row in silent:
        low, high = _bounds(row)
        others = [_bounds(other) for other in silent if other is not row]
        if _note(row) and (total - sum(h for _, h in others) > low or total - sum(w for w, _ in others) < high):
            return True
    return False


def _cell(row: Tally, note: str | None, rounder: Rounder, *about: str) -> Cell:
    about = (*about, row.group, f"{row.people} {row.cases:.6f} {row.hits:.6f}")
    people = max(rounder(row.people, *about, "people"), SMALLEST)
    if note is not None:
        return Cell(row.group, people, None, note=note)
    cases = max(rounder(row.cases, *about, "cases"), SMALLEST)
    hits = min(rounder(row.hits, *about, "hits"), cases)
    coarse = Tally(row.group, people, cases, hits)
    low, high = coarse.interval
    return Cell(row.group, people, round(coarse.share, 3), round(low, 3), round(high, 3))


def tallied(cell: Mapping[str, Any]) -> Tally | None:
    """Back from a kept row, as exact as what is kept: FEW and MOST as if it were ten. None for a row that is silent for another's sake."""
    people = cell["people"]
    if cell["share"] is not None:
        return Tally(cell["group"], people, float(people), cell["share"] * people)
    hits = {FEW: min(SMALLEST, people), MOST: max(0, people - SMALLEST)}
    return Tally(cell["group"], people, float(people), float(hits[cell["note"]])) if cell["note"] else None
