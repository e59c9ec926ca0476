"""Reading the log by months: an entry's id is a UUIDv7 of the time that `at` says, to the day, and entries lie by the month of their ids.

Who looks for a time looks among the ids of that time only. The newest are found by one statement over all months, by their numbers: each month
has an index of those (`queries.entries_for`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from consent.ids import first_of
from consent.ledger.models import LedgerEntry

SLACK = timedelta(days=1)
"""How far an id's time may be from the entry's: `ledger_append` takes no other."""


def make() -> int:
    """Make this month's part of the log and those of the thirteen months to come; how many were missing. For beat, as for migrations."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_make_months()")
        return int(cursor.fetchone()[0])


def within(found: QuerySet[LedgerEntry], *, since: datetime | None, until: datetime | None) -> QuerySet[LedgerEntry]:
    """Those of the entries that are of this time (`since` inclusive, `until` exclusive), looked for in its months only."""
    first, last = ids(since=since, until=until)
    if since is not None:
        found = found.filter(at__gte=since, id__gte=first)
    if until is not None:
        found = found.filter(at__lt=until, id__lte=last)
    return found


def ids(*, since: datetime | None, until: datetime | None) -> tuple[UUID | None, UUID | None]:
    """The first and the last id that an entry of this time can have; None where there is no bound."""
    return (None if since is None else _first(since, -SLACK), None if until is None else _first(until, SLACK))


def _first(at: datetime, slack: timedelta) -> UUID:
    try:
        return first_of(at + slack)
    except OverflowError:
        return first_of(at)
