"""Who has read what of a citizen's, counted in the log: by party, event and category, and since when what was read has been as it is.

One statement that looks at the newest `NEWEST` entries of one citizen at most, however long the log is: by their numbers, which each month has an
index of. Nothing is opened.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Subquery

from consent.ledger.models import Head
from consent.ledger.queries import visible

NEWEST = 10_000


@dataclass(frozen=True, slots=True)
class Tally:
    """So many entries of one party, event and category, and the newest of them. `after`: the latest of the times asked about that all of them
    came at or after; None where they came before the first.
    """

    actor: str
    event: str
    category: str
    after: datetime | None
    times: int
    last: datetime


def tallies(citizen_id: UUID, *, events: Collection[str], since: datetime, at: Iterable[datetime]) -> tuple[Tally, ...]:
    """Those of the entries that `visible` gives, from `since` on and among the newest `NEWEST` of the log. Within `citizen_scope`. One query.

    `at`: the times between which they are told apart.
    """
    marks = sorted(set(at))
    newest = Head.objects.filter(citizen_id=citizen_id).values("seq")
    found = (
        visible(citizen_id, since=since)
        .filter(event__in=list(events), seq__gt=Subquery(newest) - NEWEST)
        .order_by()
        .values("actor", "event", "categories", "at", "seq")
    )
    inner, params = found.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.actor, e.event, c.category, width_bucket(e.at, %s::timestamptz[]), count(*), max(e.at) "
            f"FROM ({inner}) AS e, unnest(e.categories) AS c (category) GROUP BY 1, 2, 3, 4",
            [marks, *params],
        )
        return tuple(
            Tally(actor, event, category, marks[place - 1] if place else None, times, last)
            for actor, event, category, place, times, last in cursor.fetchall()
        )
