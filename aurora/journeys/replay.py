"""Suggestions that were shown, made again from what was kept of them: the same bits, or a difference that is told.

Whoever has this done stands in the citizen's log. No new data are read: the run has all that it came from, and goes with the consent.
What this does not say: whether the suggestions were good ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aurora.journeys._log import log
from aurora.journeys.suggest import PURPOSE
from aurora.twin import suggestions as runs
from consent.errors import NotFound
from consent.ledger.events import Event
from consent.rules import AURORA, CITIZEN
from consent.scope import citizen_scope
from recommender.catalogue import store
from recommender.registry import serving
from recommender.suggesting.replay import Replayed
from recommender.suggesting.replay import replay as make_again

ROW = Replayed(False, ("row",))


@dataclass(frozen=True)
class Recomputed:
    """`differences`: names of what is not the same, never a value. `since`: see `recommender.suggesting.replay`. `entry_id`: the entry in the citizen's log that tells of it."""

    run_id: UUID
    same: bool
    differences: tuple[str, ...]
    since: tuple[str, ...]
    entry_id: UUID


def recompute(*, run_id: UUID, by: str, now: datetime) -> Recomputed:
    """An operator has a run made again. `by`: who, for the citizen to read. Raises `NotFound`, and what another try can mend (`retryable`)."""
    citizen_id = runs.citizen_of(run_id)
    if citizen_id is None:
        raise NotFound()
    return _recompute(citizen_id, run_id, Event.SUGGESTION_REPLAYED, AURORA, by, now)


def recompute_own(*, citizen_id: UUID, run_id: UUID, now: datetime) -> Recomputed:
    """The citizen has a run of theirs made again. Raises `NotFound`, for another citizen's too."""
    return _recompute(citizen_id, run_id, Event.OWN_SUGGESTION_REPLAYED, CITIZEN, CITIZEN, now)


def _recompute(citizen_id: UUID, run_id: UUID, event: Event, actor: str, by: str, now: datetime) -> Recomputed:
    with citizen_scope(citizen_id):
        categories: list[str] = []
        try:
            run = runs.get(run_id)
            if run is None:
                raise NotFound()
            categories = list(run.content["categories"])
            found = make_again(run.content["record"], catalogue_at=store.at, ranker_at=serving.ranker)
        except (runs.RunDamaged, KeyError, TypeError):
            found = ROW
        entry = log(
            citizen_id=citizen_id, event=event, actor=actor, purpose=PURPOSE, categories=categories,
            details={"run": str(run_id), "by": by, "same": found.same, "differences": list(found.differences), "since": list(found.since)},
            at=now,
        )  # fmt: skip
    return Recomputed(run_id, found.same, found.differences, found.since, entry.entry_id)
