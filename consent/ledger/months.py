"""Reading the log by months: an entry's id is a UUIDv7 of the time that `at` says, to the day, and entries lie by the month of their ids.

Who looks for a time looks among the ids of that time only; who looks for the newest looks month after month, newest first, until what was
found must be all there is. That can be told: a citizen's numbers have no gaps, so what lies between two of them can be counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet, Subquery
from django.utils import timezone

from consent.ids import first_of, moment_of
from consent.ledger.models import Head, LedgerEntry

SLACK = timedelta(days=1)
"""How far an id's time may be from the entry's: `ledger_append` takes no other."""

STEPS = (1, 11)
"""How many months are looked at in one statement; then all the others. Measured: see docs/decisions/ledger.md."""


def make() -> int:
    """Make this month's part of the log and those of the thirteen months to come; how many were missing. For beat, as for migrations."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_make_months()")
        return int(cursor.fetchone()[0])


def within(found: QuerySet[LedgerEntry], *, since: datetime | None, until: datetime | None) -> QuerySet[LedgerEntry]:
    """Those of the entries that are of this time (`since` inclusive, `until` exclusive), looked for in its months only."""
    if since is not None:
        found = found.filter(at__gte=since, id__gte=_first(since, -SLACK))
    if until is not None:
        found = found.filter(at__lt=until, id__lt=_first(until, SLACK))
    return found


def newest_first(
    found: QuerySet[LedgerEntry],
    *,
    citizen_id: UUID,
    before_seq: int | None = None,
    limit: int,
    until: datetime | None = None,
) -> tuple[LedgerEntry, ...]:
    """The `limit` entries of highest number below `before_seq`, of those that the query finds among the citizen's.

    The same that the query would give over all months at once (unless the head of the chain was set back, which breaks the chain). Usually one
    statement, never more than two for each of STEPS and one for the rest. `until` only says where to begin: the query itself must keep to it
    (`within`).
    """
    if limit <= 0:
        return ()
    if before_seq is not None:
        found = found.filter(seq__lt=before_seq)
    head = Head.objects.filter(citizen_id=citizen_id).values("seq")[:1]
    seen: list[LedgerEntry] = []
    for part, low, high in _steps(until):
        parted = found.filter(part).annotate(head_seq=Subquery(head))
        seen = sorted([*seen, *parted.order_by("-seq")[:limit]], key=lambda entry: -entry.seq)[:limit]
        if seen and _is_all(seen, citizen_id, before_seq, limit, Q(id__gte=low, id__lt=high)):
            break
    return tuple(seen)


def _is_all(seen: list[LedgerEntry], citizen_id: UUID, before_seq: int | None, limit: int, looked: Q) -> bool:
    """Whether the months looked at hold every entry of the citizen's that could belong on the page: then all their numbers are there."""
    head: int = seen[0].head_seq or 0  # type: ignore[attr-defined]
    top = head if before_seq is None else min(head, before_seq - 1)
    lowest = seen[-1].seq if len(seen) == limit else 1
    wanted = top - lowest + 1
    if len({entry.seq for entry in seen}) == wanted:
        return True
    if len(seen) < limit:
        return False  # other months are looked at in any case
    there = LedgerEntry.objects.filter(looked, citizen_id=citizen_id, seq__range=(lowest, top))
    return there.values("seq").distinct().count() == wanted


def _steps(until: datetime | None) -> Iterator[tuple[Q, UUID, UUID]]:
    """What to look at, step by step, and the range of ids that is then looked at: at last all there is, of times to come too."""
    now = timezone.now()
    newest = now if until is None or until >= now - SLACK else moment_of(_first(until, SLACK))
    month = newest.year * 12 + newest.month  # the one after
    top = high = low = _first_of_month(month)
    for step in STEPS:
        month = max(month - step, 1970 * 12)
        low = _first_of_month(month)
        yield Q(id__gte=low, id__lt=high), low, top
        high = low
    # Odd ids and months to come: nothing is there but what a clock that was wrong has put there.
    yield Q(id__lt=low) | Q(id__gte=top), UUID(int=0), UUID(int=2**128 - 1)


def _first_of_month(month: int) -> UUID:
    return first_of(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC))


def _first(at: datetime, slack: timedelta) -> UUID:
    try:
        return first_of(at + slack)
    except OverflowError:
        return first_of(at)
