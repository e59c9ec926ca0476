"""A source says that it has corrected a fact: it is fetched again at once, if it still may be. In the citizen's scope, in the transaction of the answer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from aurora.journeys import pull
from aurora.journeys.fetch_again import OPEN
from aurora.sources import connections, feeds, pulls
from aurora.sources.models import Connection
from aurora.sources.pushes import batches


def refetch(*, citizen_id: UUID, source: str, category: str, now: datetime) -> None:
    """All that the source holds of this category, whatever it told before. A source that pushes tells by itself; a connection that is gone brings nothing."""
    feeds.make_due(citizen_id=citizen_id, source=source, categories=[category], now=now, whole=True)
    live = connections.standing(citizen_id=citizen_id).filter(source__agency__code=source, state=Connection.State.LIVE)
    connection = live.select_for_update(no_key=True).first()
    if connection is None or batches.is_pushed(connection.source):
        return
    newest = pulls.latest(citizen_id=citizen_id).filter(connection=connection).first()
    if newest is not None and newest.state in OPEN:
        return  # it is under way; what it misses the feed is due for
    pull.wake(pulls.enqueue(connection=connection, categories=[category], now=now).pk)
