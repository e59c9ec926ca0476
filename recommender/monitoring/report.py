"""A day's report on one model, plain JSON and protected as it is made: no ids, no count under ten, none to be worked out. Pure.

`made(...)` takes observations and gives what is kept and shown; nothing between is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

from recommender.facts import CATEGORIES, PROGRAMMES
from recommender.monitoring import alarms, bias, delayed, protect, reference
from recommender.monitoring.drift import Drift, Shape, drift
from recommender.monitoring.exposure import exposed, first, found
from recommender.monitoring.groups import AXES, UNKNOWN
from recommender.monitoring.observations import KINDS, Observation, Viewed
from recommender.monitoring.protect import Rounder, share
from recommender.monitoring.reference import WATCHED
from recommender.monitoring.tallies import Tally, tally
from recommender.ranking.features import FEATURE_KEYS, matrix
from recommender.ranking.model import Ranker
from recommender.training.dataset import without_history

FORMAT = 1
PLACES = (3, 5)
WEEKS = 12  # of uptake


def made(
    people: Sequence[Observation],
    *,
    ranker: Ranker,
    card: Mapping[str, Any],
    day: date,
    rounder: Rounder,
    earlier: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The report. `card`: the model's `{"thresholds", "reference"}`; `earlier`: a report of about a week before, or None.

    Of fewer than ten people nothing is told but that.
    """
    kept: dict[str, Any] = {"format": FORMAT, "model": ranker.version, "day": day.isoformat(), "people": None}
    if len(people) < protect.SMALLEST:
        return kept | _nothing()
    thresholds, then = {**alarms.THRESHOLDS, **card.get("thresholds", {})}, card["reference"]
    rows = matrix([one.profile for one in people])
    # Held against what is received, and against a reference made so: with every other programme's flag in sight, a flag fewer would tell the answer.
    chances = ranker.scores(without_history(rows))
    tables = _tables(people, chances, ranker.version, rounder)
    drifts = _drifts(rows, chances, then["shapes"])
    weeks = _weeks(people, ranker.version, day, rounder)
    count = max(rounder(len(people), "people"), protect.SMALLEST)
    told: dict[str, Any] = {
        "overall": _overall(people, chances, ranker.version, then["margins"], rounder),
        "groups": tables,
        "consent": _consent(people, then["margins"], rounder),
        "drift": [_plain(one) for one in drifts],
        "suggested": _suggested(chances, rounder),
        "suggested_before": dict(then["suggested"]),
        "known": _known(people, rounder),
        "weeks": weeks,
        "estimate": _estimate(people, ranker.version, day),
    }
    raised = [
        *alarms.of_groups(tables, thresholds),
        *alarms.of_consent(told["consent"], count, thresholds),
        *alarms.of_drift(drifts, thresholds),
        *alarms.of_suggested(told["suggested"], then["suggested"], count, then["people"], thresholds),
        *alarms.of_uptake(weeks, thresholds),
        *(alarms.of_known(told["known"], earlier["known"], count, earlier["people"], thresholds) if earlier and earlier["people"] else ()),
    ]
    return kept | {"people": count} | told | {"alarms": [one.plain() for one in raised]}


def _nothing() -> dict[str, Any]:
    return {
        "overall": {}, "groups": {}, "consent": [], "drift": [], "suggested": {}, "suggested_before": {}, "known": {}, "weeks": [], "estimate": None, "alarms": [],
    }  # fmt: skip


def _tables(people: Sequence[Observation], chances: Any, model: str, rounder: Rounder) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """axis -> measure -> cells. Each measure has its cases and hits a person; who has no case is not in it."""
    measures = _measures(people, chances, model)
    told: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for axis in AXES:
        names = np.array([one.groups[axis] for one in people])
        told[axis] = {
            name: [cell.plain() for cell in protect.cells(tally(names, cases, hits), rounder, axis, name)]
            for name, (cases, hits) in measures.items()
        }
    return told


def _measures(people: Sequence[Observation], chances: Any, model: str) -> dict[str, tuple[Any, Any]]:
    viewed = [one.viewed.get(model) for one in people]
    seen = [exposed(v.shown, v.entitled, v.places) if v else (0.0, 0.0, 0.0) for v in viewed]
    possible = np.array([one[0] for one in seen])
    measures = {
        "entitled_shown": (possible, np.array([one[1] for one in seen])),
        "entitled_weight": ((possible > 0).astype(float), np.array([one[2] for one in seen])),
    }
    taking_part = np.array([[one.received.get(programme, False) for programme in PROGRAMMES] for one in people], dtype=bool)
    for places in PLACES:
        measures[f"found_{places}"] = found(chances, taking_part, places)
    shown = np.array([float(bool(v and v.shown)) for v in viewed])
    for kind in KINDS:
        measures[kind] = (shown, shown * np.array([float(v is not None and kind in v.did) for v in viewed]))
    return measures


def _overall(
    people: Sequence[Observation], chances: Any, model: str, margins: Mapping[str, Mapping[str, float]], rounder: Rounder
) -> dict[str, dict[str, Any]]:
    """Each measure of everybody, as it is and as it would be if those who consented were spread as those who could (`bias.weights`)."""
    groups = {axis: np.array([one.groups[axis] for one in people]) for axis in margins}
    weights = bias.weights(groups, margins, unknown=UNKNOWN)
    told = {}
    for name, (cases, hits) in _measures(people, chances, model).items():
        for cell in protect.cells([Tally("", int((cases > 0).sum()), cases.sum(), hits.sum())], rounder, "overall", name):
            mended = None if cell.share is None else round(float((hits * weights).sum() / (cases * weights).sum()), 2)
            told[name] = cell.plain() | {"weighted": mended}
    return told


def _consent(people: Sequence[Observation], margins: Mapping[str, Mapping[str, float]], rounder: Rounder) -> list[dict[str, Any]]:
    """Share among those who consented and among those who could, for each group of the reference; small ones together, as everywhere."""
    told = []
    for axis, margin in margins.items():
        rows = bias.represented({axis: np.array([one.groups[axis] for one in people])}, {axis: margin}, unknown=UNKNOWN)
        known = sum(row.people for row in rows)
        shares = {row.group: row.reference for row in rows}
        kept = protect.joined([Tally(row.group, row.people, row.people, row.people) for row in rows])
        if not kept:
            continue
        rest = 1 - sum(shares[one.group] for one in kept if one.group != protect.REST)
        of = max(rounder(known, "consent", axis), protect.SMALLEST)
        for one in kept:
            count = rounder(one.people, "consent", axis, one.group)
            told.append(
                {
                    "axis": axis,
                    "group": one.group,
                    "people": count,
                    "share": round(min(1.0, count / of), 3),
                    "reference": round(shares.get(one.group, max(0.0, rest)), 3),
                }
            )
    return told


def _drifts(rows: Any, chances: Any, shapes: Mapping[str, Any]) -> list[Drift]:
    columns = {key: rows[:, FEATURE_KEYS.index(key)] for key in WATCHED}
    columns |= {f"chance.{programme}": chances[:, at] for at, programme in enumerate(PROGRAMMES)}
    told = (drift(name, Shape.of_plain(shapes[name]), values) for name, values in columns.items() if name in shapes)
    return [one for one in told if one is not None]


def _suggested(chances: Any, rounder: Rounder) -> dict[str, float]:
    """As `reference.suggested`, protected."""
    among = first(chances, reference.PLACES)
    return {programme: share(among[:, at], rounder, "suggested", programme) for at, programme in enumerate(PROGRAMMES)}


def _plain(one: Drift) -> dict[str, Any]:
    return {"name": one.name, "psi": round(one.psi, 3), "ks": round(one.ks, 3), "shift": round(one.shift, 3)}


def _known(people: Sequence[Observation], rounder: Rounder) -> dict[str, float]:
    """Of how many each category is known, in hundredths."""
    return {category: share([category in one.categories for one in people], rounder, "known", category) for category in CATEGORIES}


def _viewed(people: Sequence[Observation], model: str) -> list[Viewed]:
    return [one.viewed[model] for one in people if model in one.viewed and one.viewed[model].shown]


def _weeks(people: Sequence[Observation], model: str, day: date, rounder: Rounder) -> list[dict[str, Any]]:
    """Who was first shown this model's suggestions in a week, and how many of them applied within four; the incomplete weeks without a share."""
    shown = [delayed.Shown(v.day, v.did.get("applied")) for v in _viewed(people, model)]
    found_ = [one for one in delayed.cohorts(shown, day) if one.start > day - timedelta(weeks=WEEKS)]
    starts = {one.start.isoformat(): one for one in found_}
    cells = protect.cells(
        [Tally(one.start.isoformat(), one.people, one.people, one.hits) for one in found_ if one.complete], rounder, "weeks"
    )
    told = [{"start": c.group, "people": c.people, "share": c.share, "note": c.note, "complete": True} for c in cells]
    waiting = protect.joined([Tally(start, one.people, one.people, 0.0) for start, one in starts.items() if not one.complete])
    return told + [
        {"start": one.group, "people": rounder(one.people, "weeks", one.group), "share": None, "note": "", "complete": False}
        for one in waiting
    ]


def _estimate(people: Sequence[Observation], model: str, day: date) -> float | None:
    shown = [delayed.Shown(v.day, v.did.get("applied")) for v in _viewed(people, model)]
    applied = sum(one.after is not None for one in shown)
    if min(applied, len(shown) - applied) < protect.SMALLEST:
        return None
    share = delayed.estimate(shown, day)
    return None if share is None else round(share, 2)
