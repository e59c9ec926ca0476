"""After a restore: what was erased since the backup is erased again, by the list that is kept outside the database. Called by `manage.py restore`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aurora.erasures import outside, rows
from aurora.erasures.outside import GONE, LEFT, STAYED, Known, Line
from aurora.journeys import erase
from aurora.journeys._erase_parts import CATEGORY, EVERYTHING, SOURCE
from consent.scope import citizen_scope


@dataclass(frozen=True)
class Again:
    """What to do for one citizen: each erasure that came back, by its line's words, oldest first."""

    citizen_id: UUID
    deeds: tuple[tuple[str, str], ...]

    @property
    def gone(self) -> bool:
        """Account and log too."""
        return any(what == GONE for what, _ in self.deeds)

    @property
    def leaves(self) -> bool:
        """Emptied, and the account waits."""
        return not self.gone and [what for what, _ in self.deeds if what in (LEFT, STAYED)][-1:] == [LEFT]


def needed(lines: Iterable[Line], citizens: Mapping[UUID, Iterable[Known]]) -> list[Again]:
    """For whom something was erased that the backup brings back. `citizens`: all who are there, each with the erasures that the database knows of.

    A line that none of these is of was written after the state that came back, whenever that was backed up and whatever has run on it since.
    Who is gone is gone: nobody who is still there has such a line by right.
    """
    by_digest: dict[str, list[Line]] = {}
    for line in lines:
        by_digest.setdefault(line.citizen, []).append(line)
    found = (
        Again(citizen_id, _deeds(by_digest.get(outside.digest(citizen_id), ()), tuple(known))) for citizen_id, known in citizens.items()
    )
    return [one for one in found if one.deeds]


def _deeds(lines: Iterable[Line], known: tuple[Known, ...]) -> tuple[tuple[str, str], ...]:
    """One after the other, as it was then; of a source or category once, since nothing is fetched between."""
    deeds: list[tuple[str, str]] = []
    for line in lines:
        # Who called off and left anew, all since, has left twice: the row that waits is the first one's.
        left_anew = line.what == LEFT and (STAYED, "") in deeds
        deed = (line.what, line.code)
        said = deed in (deeds if line.what in (SOURCE, CATEGORY) else deeds[-1:])
        if not said and (left_anew or not any(one.has(line) for one in known)):
            deeds.append(deed)
    return ((GONE, ""),) if (GONE, "") in deeds else tuple(deeds)


def run(again: Again, *, end_wait: Callable[[UUID], None], now: datetime) -> None:
    """Do it, as far as it goes without waiting: what is left (files written anew, certificates) the worker ends. As the service's own role."""
    for what, code in again.deeds:
        if what == STAYED:
            erase.call_off(citizen_id=again.citizen_id, now=now)
        elif what in (LEFT, GONE):
            _do(again.citizen_id, EVERYTHING, "", now)
        else:
            _do(again.citizen_id, what, code, now)
    if again.gone:
        end_wait(again.citizen_id)
        _do(again.citizen_id, EVERYTHING, "", now)


def still_there(found: Iterable[Again]) -> list[UUID]:
    """Who should be gone and is not."""
    left = []
    for one in found:
        if one.gone:
            with citizen_scope(one.citizen_id):
                row = rows.current(citizen_id=one.citizen_id, scope=EVERYTHING)
                if row is not None and "account" not in row.steps:
                    left.append(one.citizen_id)
    return left


def _do(citizen_id: UUID, kind: str, code: str, now: datetime) -> None:
    """The citizen asked for it when they did: no mandate or guardian is asked again."""
    with citizen_scope(citizen_id, durable=True):
        if kind == EVERYTHING:
            rows.close(citizen_id=citizen_id, now=now)
        row, _ = rows.ask(citizen_id=citizen_id, scope=kind, code=code, language="en", now=now)
    erase.run(erasure_id=row.pk)


def tally(found: Iterable[Again]) -> Mapping[str, int]:
    """How many of each, for who restored."""
    found = list(found)
    return {
        "gone": sum(one.gone for one in found),
        "left": sum(one.leaves for one in found),
        "parts": sum(what in (SOURCE, CATEGORY) for one in found for what, _ in one.deeds),
    }
