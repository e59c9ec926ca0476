"""Uses of data, counted by day and party, as a picture with its numbers. Pure but for the language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from aurora.ui.contexts import Text
from aurora.ui.contexts.timeline import DayUses, OrganisationUses, Tick, Timeline
from aurora.ui.formats import short_day

DAYS = 30
# The drawing: 360 units wide, so that a phone shows its letters at their own size.
LEFT, RIGHT, TOP, BOTTOM = 26, 358, 12, 122


@dataclass(frozen=True)
class Uses:
    """So many uses by one party on one day of the citizen's own time zone."""

    day: date
    actor: str
    refused: bool
    uses: int


def timeline(found: Iterable[Uses], name: Callable[[str], Text], *, today: date) -> Timeline:
    """The picture: a column a day, refused uses on top of allowed ones, and a bar an organisation."""
    found = list(found)
    by_day, refused_by_day = _sums(found, lambda one: one.day)
    by_actor, refused_by_actor = _sums(found, lambda one: one.actor)
    top = nice(max(by_day.values(), default=0))
    shown = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    columns = tuple(_column(place, day, by_day[day], refused_by_day[day], top) for place, day in enumerate(shown))
    most = max(by_actor.values(), default=1)
    return Timeline(
        days=columns,
        organisations=tuple(
            _bar(name(actor), uses, refused_by_actor[actor], most)
            for actor, uses in sorted(by_actor.items(), key=lambda one: (-one[1], one[0]))
        ),
        ticks=tuple(Tick(uses, _number(_height(uses, top))) for uses in _ticks(top)),
        uses=sum(by_day.values()),
        refused=sum(refused_by_day.values()),
        busiest=max(columns, key=lambda one: (one.uses, one.day)) if found else None,
    )


def _sums(found: Iterable[Uses], key: Callable[[Uses], Any]) -> tuple[Counter[Any], Counter[Any]]:
    uses: Counter[Any] = Counter()
    refused: Counter[Any] = Counter()
    for one in found:
        uses[key(one)] += one.uses
        refused[key(one)] += one.uses * one.refused
    return uses, refused


def nice(most: int) -> int:
    """The end of the axis: 4 at least, else the next 1, 2 or 5 times a power of ten."""
    if most <= 4:
        return 4
    power = 1
    while power * 10 <= most:
        power *= 10
    return next(step * power for step in (1, 2, 5, 10) if step * power >= most)


def _ticks(top: int) -> tuple[int, ...]:
    return (0, top // 2, top) if top % 2 == 0 else (0, top)


def _height(uses: int, top: int) -> float:
    return BOTTOM - (BOTTOM - TOP) * uses / top


def _column(place: int, day: date, uses: int, refused: int, top: int) -> DayUses:
    width = (RIGHT - LEFT) / DAYS
    upper, lower = _height(uses, top), _height(uses - refused, top)
    return DayUses(
        day=day,
        uses=uses,
        refused=refused,
        left=_number(LEFT + place * width + 1),
        allowed_top=_number(lower),
        allowed_height=_number(BOTTOM - lower) if uses > refused else "",
        refused_top=_number(upper),
        refused_height=_number(lower - upper) if refused else "",
        label=short_day(day) if place % 7 == DAYS % 7 - 1 else "",
    )


def _bar(name: Any, uses: int, refused: int, most: int) -> OrganisationUses:
    width, part = 100 * uses / most, 100 * refused / most
    return OrganisationUses(name, uses, refused, _number(width), _number(width - part), _number(part))


def _number(value: float) -> str:
    return f"{value:.1f}"
