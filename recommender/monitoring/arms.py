"""Challenger against champion: of those who were shown the one or the other, how many found something helpful or applied. Pure.

Which of the two suggests to a citizen is decided by a keyed number that has nothing to do with them, so that the two differ by nothing else, if
three things are kept to. Only people who were shown nothing at all before the challenger began count: for those of the challenger a new list was made at their
next visit, whereas most of the champion's kept theirs, so that the former would be all who came back and the latter those whose facts had changed. A person
belongs to the model of their first list, whatever came later. And each is watched for the same number of days, which must be over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import NormalDist
from typing import Any

from recommender.monitoring import protect
from recommender.monitoring.protect import Rounder, tallied
from recommender.monitoring.tallies import behind, tally
from recommender.training.rows import Row

CHALLENGER, CHAMPION = "challenger", "champion"
DAYS: Mapping[str, int] = {"helpful": 14, "applied": 28}
LEAST = 50  # people on either side; fewer tell no difference that anybody should act on


def told(rows: Sequence[Row], *, challenger: str, champion: str, until: date, rounder: Rounder) -> dict[str, Any]:
    """By what was done: `cells` (people and share of either side, protected) and `difference`, challenger less champion, with `low` and `high` (95 %, or as many
    as allow for looking at both), None where too few people are known. All from what is kept: nothing exact is behind it."""
    begun = min((day for row in rows for day in _days(row, challenger)), default=None)
    found = (
        {}
        if begun is None
        else {kind: _kind(rows, kind, begun, {challenger: CHALLENGER, champion: CHAMPION}, until, rounder) for kind in DAYS}
    )
    return {"since": None if begun is None else _month(begun), "kinds": found}


def _kind(rows: Sequence[Row], kind: str, begun: date, sides: Mapping[str, str], until: date, rounder: Rounder) -> dict[str, Any]:
    names, hits = [], []
    for row in rows:
        first = min(((day, row.slates[at].model) for at in range(len(row.slates)) if (day := row.first_seen(at)) is not None), default=None)
        if first is None or first[0] < begun or first[1] not in sides or first[0] + timedelta(days=DAYS[kind]) > until:
            continue
        names.append(sides[first[1]])
        hits.append(float(_did(row, kind, *first)))
    kept = [cell.plain() for cell in protect.cells(tally(names, [1.0] * len(names), hits), rounder, "arms", kind)]
    return {"cells": kept, **_difference(kept)}


def _did(row: Row, kind: str, day: date, model: str) -> bool:
    last = day + timedelta(days=DAYS[kind])
    return any(said.kind == kind and row.slates[said.slate].model == model and said.day <= last for said in row.feedback)


def _difference(cells: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    sides = {one.group: one for cell in cells if cell["share"] is not None and (one := tallied(cell)) is not None and one.people >= LEAST}
    if not {CHALLENGER, CHAMPION} <= set(sides):
        return {"difference": None, "low": None, "high": None}
    gap = behind(sides[CHALLENGER], [sides[CHAMPION]], NormalDist().inv_cdf(1 - 0.025 / len(DAYS)))
    return {"difference": round(-gap.gap, 3), "low": round(-gap.high, 3), "high": round(-gap.low, 3)}


def _days(row: Row, model: str) -> list[date]:
    return [day for at, slate in enumerate(row.slates) if slate.model == model and (day := row.first_seen(at)) is not None]


def _month(day: date) -> str:
    """The first person's very day is nobody's business."""
    return day.strftime("%Y-%m")
