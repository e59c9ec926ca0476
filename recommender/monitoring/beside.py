"""A model that nobody sees, or few, beside the champion: the list that each makes of the same facts, and what was shown. Pure.

What a shadow said at the time is kept with the citizen's own run and in no training row: a row would tell more of somebody than it must. Both lists are
made again from the row instead, with the draw, the day and what had been set aside then. So it is the models that differ, and everybody with a list is
compared at once, however few new lists were made since the shadow began. Facts may have changed since a list was shown, and a row holds nothing that was
declared for suggestions only: how often the champion's own list comes out as it was shown is told beside, and no more can be asked of the shadow.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from recommender.catalogue import Catalogue
from recommender.errors import UnknownCatalogue
from recommender.facts import PROGRAMMES
from recommender.monitoring import protect
from recommender.monitoring.exposure import exposed
from recommender.monitoring.groups import AXES, groups
from recommender.monitoring.observations import FIRST, entitled
from recommender.monitoring.protect import Rounder, share
from recommender.monitoring.tallies import Tally, tally
from recommender.ranking.features import matrix
from recommender.ranking.model import Ranker
from recommender.suggesting.candidates import candidates
from recommender.suggesting.compiled import compiled
from recommender.suggesting.logged import options_on, profile_on
from recommender.suggesting.slate import Options
from recommender.training.dataset import without_history
from recommender.training.rows import Row

MOST = 2000  # people: some 20 ms each, and they tell two points from none
PLACES = 10  # of a list
# Each is cases and hits a person: of the champion's first three or five, those among the model's too; of those shown, those among the model's first
# five, and among the champion's made again; of the services that the rules entitle to, those among the first five of either.
MEASURES = ("same_3", "same_5", "shown", "again", "entitled", "entitled_champion")


@dataclass(frozen=True, slots=True)
class Beside:
    """One person's two lists. `measures`: (cases, hits) by name. `dropped`, `brought`: kinds of which a service leaves or enters the first five, of
    all the `kinds` that the catalogue has. `seconds`: that the model's list and the champion's took."""

    groups: Mapping[str, str]
    measures: Mapping[str, tuple[float, float]]
    dropped: frozenset[str]
    brought: frozenset[str]
    kinds: frozenset[str]
    seconds: tuple[float, float] = field(repr=False)


def compared(
    rows: Sequence[Row], *, model: Ranker, champion: Ranker, catalogue_at: Callable[[str], Catalogue], until: date
) -> list[Beside]:
    """Of the first `MOST` rows of which a list was shown by the end of the day `until`. `rows` in an order that has nothing to do with the people."""
    found: list[Beside] = []
    for row in rows:
        if len(found) == MOST:
            break
        shown = [at for at in range(len(row.slates)) if (day := row.first_seen(at)) is not None and day <= until]
        seen = [at for at in shown if row.slates[at].model != model.version]
        if seen and (one := _beside(row, max(seen, key=lambda at: (row.slates[at].day, -at)), model, champion, catalogue_at, until)):
            found.append(one)
    return found


def told(found: Sequence[Beside], rows: Sequence[Row], *, model: Ranker, champion: Ranker, rounder: Rounder) -> dict[str, Any] | None:
    """What is kept of it, protected as a report is: `overall`, `groups`, `kinds`, `chances`, `milliseconds`. None of fewer than ten people."""
    if len(found) < protect.SMALLEST:
        return None
    columns = {name: np.array([one.measures[name] for one in found]).T for name in MEASURES}
    kinds = sorted(frozenset().union(*(one.kinds for one in found)))  # whether one is there must not hang on what anybody was shown
    return {
        "champion": champion.version,
        "people": max(rounder(len(found), "beside"), protect.SMALLEST),
        "overall": {
            name: [cell.plain() for cell in protect.cells([_everybody(*column)], rounder, "beside", name)] for name, column in columns.items()
        },
        "groups": {
            axis: {
                name: [cell.plain() for cell in protect.cells(tally([one.groups[axis] for one in found], *column), rounder, "beside", axis, name)]
                for name, column in columns.items()
            }
            for axis in AXES
        },
        "kinds": {
            kind: {
                "dropped": share([kind in one.dropped for one in found], rounder, "beside", "dropped", kind),
                "brought": share([kind in one.brought for one in found], rounder, "beside", "brought", kind),
            }
            for kind in kinds
        },
        "chances": _chances(rows[:MOST], model, champion),
        "milliseconds": [round(1000 * statistics.median(one.seconds[at] for one in found), 1) for at in (0, 1)],
    }  # fmt: skip


def _beside(row: Row, at: int, model: Ranker, champion: Ranker, catalogue_at: Callable[[str], Catalogue], until: date) -> Beside | None:
    slate = row.slates[at]
    try:
        catalogue = catalogue_at(slate.catalogue)
    except UnknownCatalogue:
        return None
    profile, options = profile_on(row, slate, catalogue), options_on(row, at, PLACES)
    if profile is None or options is None:
        return None
    (theirs, spent), (ours, spent_ours) = (_listed(profile, catalogue, ranker, options) for ranker in (model, champion))
    shown = {item.service for item in row.seen(at, until=until) if item.position <= FIRST}
    yes = entitled(profile, catalogue_at, slate)
    measures = {
        **{f"same_{places}": (float(len(ours[:places])), float(len({*ours[:places]} & {*theirs[:places]}))) for places in (3, FIRST)},
        "shown": (float(len(shown)), float(len(shown & {*theirs[:FIRST]}))),
        "again": (float(len(shown)), float(len(shown & {*ours[:FIRST]}))),
        **{
            name: exposed({one: place_ for place_, one in enumerate(listed, start=1)}, yes, FIRST)[:2]
            for name, listed in (("entitled", theirs), ("entitled_champion", ours))
        },
    }  # fmt: skip
    first, first_ours = {*theirs[:FIRST]}, {*ours[:FIRST]}
    dropped, brought = (frozenset(catalogue[one].thematic_area for one in some) for some in (first_ours - first, first - first_ours))
    return Beside(groups(row.facts), measures, dropped, brought, _kinds(catalogue), (spent, spent_ours))


def _kinds(catalogue: Catalogue) -> frozenset[str]:
    return frozenset(one.thematic_area for one in compiled(catalogue).services if one.thematic_area)


def _listed(profile: Any, catalogue: Catalogue, ranker: Ranker, options: Options) -> tuple[tuple[str, ...], float]:
    """The services of the list, the first place first, and the seconds that it took."""
    begun = time.perf_counter()
    found = candidates(profile, catalogue=catalogue, ranker=ranker, options=options)
    placed = found.placed(options)
    return tuple(one.identifier for one in placed), time.perf_counter() - begun


def _everybody(cases: Any, hits: Any) -> Tally:
    return Tally("", int((cases > 0).sum()), float(cases.sum()), float(hits[cases > 0].sum()))


def _chances(rows: Sequence[Row], model: Ranker, champion: Ranker) -> dict[str, dict[str, float]]:
    """By programme how much higher the model's chance is than the champion's on average, and how far they lie apart; in hundredths, without history."""
    facts = without_history(matrix([row.profile for row in rows]))
    apart = model.scores(facts) - champion.scores(facts)
    return {
        programme: {"higher": round(float(apart[:, at].mean()), 2), "apart": round(float(np.abs(apart[:, at]).mean()), 2)}
        for at, programme in enumerate(PROGRAMMES)
    }
