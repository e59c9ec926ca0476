"""After a restore: what was erased since the backup is erased again, by the list that is kept outside the database. Called by `manage.py restore`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from aurora.erasures import outside, rows
from aurora.erasures.outside import GONE, LEFT, STAYED, Line
from aurora.journeys import erase
from aurora.journeys._erase_parts import CATEGORY, EVERYTHING, SOURCE
from consent.scope import citizen_scope

# A line's clock may be another than the database's.
MARGIN = timedelta(minutes=5)


@dataclass(frozen=True)
class Again:
    """What to do for one citizen. `gone`: account and log too. `left`: emptied; `stayed`: and called off since. `parts`: (scope, code)."""

    citizen_id: UUID
    gone: bool
    left: bool
    stayed: bool
    parts: tuple[tuple[str, str], ...]


def needed(lines: Iterable[Line], citizens: Iterable[UUID], *, taken_at: datetime) -> list[Again]:
    """For whom something was erased that the backup brings back. Who is gone is gone whenever that was."""
    by_digest: dict[str, list[Line]] = {}
    for line in lines:
        if line.what == GONE or line.at >= taken_at - MARGIN:
            by_digest.setdefault(line.citizen, []).append(line)
    found = []
    for citizen_id in citizens:
        if mine := by_digest.get(outside.digest(citizen_id)):
            last = next((line.what for line in reversed(mine) if line.what in (LEFT, STAYED)), "")
            parts = sorted({(line.what, line.code) for line in mine if line.what in (SOURCE, CATEGORY)})
            left = any(line.what == LEFT for line in mine)
            found.append(Again(citizen_id, any(line.what == GONE for line in mine), left, last == STAYED, tuple(parts)))
    return found


def run(again: Again, *, end_wait: Callable[[UUID], None], now: datetime) -> None:
    """Do it, as far as it goes without waiting: what is left (files written anew, certificates) the worker ends. As the service's own role."""
    for kind, code in again.parts:
        _do(again.citizen_id, kind, code, now)
    if again.gone or again.left:
        _do(again.citizen_id, EVERYTHING, "", now)
    if again.gone:
        end_wait(again.citizen_id)
        _do(again.citizen_id, EVERYTHING, "", now)
    elif again.stayed:
        erase.call_off(citizen_id=again.citizen_id, now=now)


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
        "left": sum(one.left and not one.gone for one in found),
        "parts": sum(len(one.parts) for one in found),
    }
