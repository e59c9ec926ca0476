"""Feeds that are due become pulls, source by source, in batches: the nightly refresh. What it costs a pull does not grow with the connections.

Safe to repeat, to lose, to kill, and to do at once: a planner passes by what another is at. A source has at most `ROOM` refreshes waiting: what
is due beyond them stays due, so a source that is away, or slow, fills no table and holds up no other.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from aurora import crash
from aurora.journeys import pull
from aurora.sources import feeds, pulls, registry

MOST = 500
ROOM = 5000
PURGE_ROUNDS = 50


def plan(*, now: datetime) -> int:
    """Make the pulls that are due, and wake as many as may be under way. How many were made."""
    made = sum(_plan_source(source, now) for source in registry.active())
    if made:
        crash.reach("plan.planned")
        pull.wake_refreshes(now=now)
    return made


def _plan_source(source: registry.DataSource, now: datetime) -> int:
    """Counted once: of planners at once each may fill the room."""
    room, made = ROOM - pulls.waiting_refreshes(source_id=source.pk, most=ROOM), 0
    while made < room and (found := feeds.plan(source=source, now=now, most=min(MOST, room - made))):
        made += len(found)
    return made


def purge(*, now: datetime) -> int:
    """Delete finished pulls that have been kept for their time, but for the newest of each connection. How many."""
    gone = 0
    for _ in range(PURGE_ROUNDS):  # what is left is left for the next hour
        some = pulls.purge(before=now - settings.AURORA_PULLS_KEPT)
        gone += some
        if some < pulls.PURGE_MOST:
            break
    return gone
