"""A citizen has a source fetched again now, and waits for it: before every refresh that is only planned."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from aurora.journeys import pull
from aurora.sources import connections, feeds, pulls, registry
from aurora.sources.models import Connection, Pull
from consent.errors import AuroraError, NotFound
from consent.scope import citizen_scope

# A source is not asked more often for one citizen's impatience.
AGAIN_AFTER = timedelta(minutes=5)
OPEN = frozenset({Pull.State.QUEUED, Pull.State.RUNNING})


class FetchedJustNow(AuroraError):
    """The last fetch ended less than `AGAIN_AFTER` ago."""

    code = "fetched_just_now"
    sentence = "Data was fetched from this source a moment ago. Try again in five minutes."
    status = 429
    retryable = True


def ask(*, citizen_id: UUID, code: str, now: datetime) -> UUID:
    """The pull to watch: a new one, or the one that is open, which a citizen waits for from now on.

    Raises `NotFound` where there is no live connection that is asked, `FetchedJustNow`.
    """
    source = registry.by_code(code)
    with citizen_scope(citizen_id):
        live = connections.standing(citizen_id=citizen_id).filter(source=source, state=Connection.State.LIVE)
        # Of two who press at once the second finds the first one's pull; a planner passes by.
        connection = live.select_for_update(no_key=True).first()
        categories = [] if connection is None else [f.category for f in feeds.of_connection(connection_id=connection.pk)]
        if connection is None or not categories:
            raise NotFound()
        newest = pulls.latest(citizen_id=citizen_id).filter(connection=connection).first()
        if newest is not None and newest.state in OPEN:
            pulls.hurry(newest)
        elif newest is not None and newest.finished_at is not None and newest.finished_at > now - AGAIN_AFTER:
            raise FetchedJustNow()
        else:
            newest = pulls.enqueue(connection=connection, categories=categories, now=now)
        pull.wake(newest.pk)
    return newest.pk
