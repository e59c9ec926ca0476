"""Feeds: what of a connection is asked for again, when, and since where. In a `citizen_scope`, but for what is found across citizens.

Who changes a connection and its feeds changes the connection first: the planner locks in that order too.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import connection as database
from django.db.models import Max, QuerySet
from django.db.models.functions import Coalesce

from aurora.identity import vault
from aurora.sources import policy
from aurora.sources.connectors import Mark
from aurora.sources.found import Found, Source
from aurora.sources.models import Connection, DataSource, Feed
from consent import wire
from consent.models import DataCategoryVersion

NO_MARK = Mark()
# All that comes due of a connection within this time goes into one pull.
AHEAD = timedelta(minutes=10)
LONGEST_MARK = 4096
_SEEN = b"SELECT feeds_seen($1::uuid, $2::timestamptz, $3::text[], $4::timestamptz[], $5::bytea[], $6::text[])"


def spread() -> float:
    """What a time is multiplied with, so that what was connected in one campaign does not come due in one second."""
    return random.uniform(0.9, 1.1)


def begin(*, connection: Connection, categories: Iterable[str], now: datetime) -> None:
    """The feeds of a new connection, whose first pull is on its way."""
    declared, share = policy.of(connection.source.settings), spread()
    Feed.objects.bulk_create(
        Feed(
            connection=connection, citizen_id=connection.citizen_id, source_id=connection.source_id, category=category,
            due_at=now + declared.fresh(category) * share,
        )
        for category in sorted(set(categories))
    )  # fmt: skip


def of_connection(*, connection_id: UUID) -> QuerySet[Feed]:
    """In the order of their categories."""
    return Feed.objects.filter(connection_id=connection_id).order_by("category")


def seen_of(*, citizen_id: UUID) -> dict[UUID, datetime]:
    """When each connection last had an answer, by its id."""
    seen = Feed.objects.filter(citizen_id=citizen_id, seen_at__isnull=False).values_list("connection_id").annotate(last=Max("seen_at"))
    return dict(seen)


def due_of(*, connection_id: UUID) -> dict[str, datetime | None]:
    """When each category is asked again."""
    return dict(of_connection(connection_id=connection_id).values_list("category", "due_at"))


def end(*, citizen_id: UUID, source: str, categories: Iterable[str]) -> None:
    """No consent covers these any more, or their facts were erased for good: they are not asked for again."""
    Feed.objects.filter(citizen_id=citizen_id, source__agency__code=source, category__in=list(categories)).delete()


def make_due(*, citizen_id: UUID, source: str, categories: Iterable[str], now: datetime, whole: bool = False) -> int:
    """Ask again with the next planning, such as for what a source has corrected. `whole`: for all that there is, whatever was told before. How many."""
    which = Feed.objects.filter(citizen_id=citizen_id, source__agency__code=source, category__in=list(categories))
    live = which.filter(connection__state=Connection.State.LIVE)
    return live.update(due_at=now, **({"mark_sealed": None} if whole else {}))


def marks(found: Found, *, versions: Mapping[str, DataCategoryVersion]) -> dict[str, Mark]:
    """Where the last answer about each category ended, as far as it still means the same: not of another version, connector or mapping."""
    opened: dict[str, Mark] = {}
    for category, version in versions.items():
        if sealed := found.marks.get(category):
            said = json.loads(vault.open_sealed(sealed, citizen_id=found.citizen_id, context=_context(found.connection_id, category)))
            if said["shape"] == _shape(found.source, version):
                opened[category] = Mark(said["etag"], said["cursor"])
    return opened


def seen(found: Found, *, told: Mapping[str, tuple[DataCategoryVersion, Mark | None]], now: datetime) -> None:
    """The source has answered about these, as it was declared when it was asked. A mark of None is the one that stood: the answer said nothing new."""
    declared, share = policy.of(found.source.settings), spread()
    sealed = [None if mark is None else _sealed(found, category, version, mark) for category, (version, mark) in told.items()]
    values = [
        found.connection_id.bytes, wire.timestamptz(now), wire.text_array(list(told)),
        wire.timestamptz_array([now + declared.fresh(category) * share for category in told]),
        wire.bytea_array(sealed), wire.text_array([category for category, (_, mark) in told.items() if mark is None]),
    ]  # fmt: skip
    wire.call(database, _SEEN, values)


def failed(*, connection_id: UUID, error: str, categories: Iterable[str], again: bool, now: datetime) -> None:
    """No answer about these. `again`: it stays due when it was; else only a citizen or an operator makes it due."""
    which = Feed.objects.filter(connection_id=connection_id, category__in=list(categories))
    values = {} if again else {"due_at": None}
    which.update(error=error, failed_at=Coalesce("failed_at", now), **values)


def park(*, connection_id: UUID, categories: Iterable[str]) -> None:
    """These may not be asked for, and nobody need say so each night. A new consent comes with a new connection."""
    Feed.objects.filter(connection_id=connection_id, category__in=list(categories)).update(due_at=None)


def plan(*, source: DataSource, now: datetime, most: int) -> list[UUID]:
    """New pulls of one source, at most `most`; by a database function that returns their ids."""
    declared = policy.of(source.settings)
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT pull_id FROM plan_pulls(%s, %s, %s, %s, %s, %s)",
            [source.pk, now, most, json.dumps(dict(declared.freshness)), declared.usually, f"{AHEAD.total_seconds():.0f} s"],
        )
        return [row[0] for row in cursor.fetchall()]


class Failing(NamedTuple):
    """How many feeds of a source fail with an error, how many of them because the connection is broken, and since when. No citizen."""

    source: str
    category: str
    error: str
    feeds: int
    broken: int
    oldest: datetime
    newest: datetime


def failing() -> list[Failing]:
    """Over all citizens, the oldest first."""
    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM feeds_failing() ORDER BY oldest")
        return [Failing(*row) for row in cursor.fetchall()]


def retry(*, source: DataSource, error: str, now: datetime, most: int) -> int:
    """Make due what failed at a source with this error; what was broken stands again. At most `most` connections; how many feeds."""
    with database.cursor() as cursor:
        cursor.execute("SELECT feeds_retry(%s, %s, %s, %s)", [source.pk, error, now, most])
        return int(cursor.fetchone()[0])


def _context(connection_id: UUID, category: str) -> bytes:
    return b"feed-mark:" + connection_id.bytes + category.encode()


def _sealed(found: Found, category: str, version: DataCategoryVersion, mark: Mark) -> bytes | None:
    """None for an empty mark, and for one that is longer than any that helps: then all is asked for next time."""
    if mark == NO_MARK or len(mark.etag) + len(mark.cursor) > LONGEST_MARK:
        return None
    plain = json.dumps({"etag": mark.etag, "cursor": mark.cursor, "shape": _shape(found.source, version)}).encode()
    return vault.seal(plain, citizen_id=found.citizen_id, context=_context(found.connection_id, category))


def _shape(source: Source, version: DataCategoryVersion) -> str:
    """What a mark is good for: under another version, connector or mapping the same answer would become other facts."""
    theirs = {name: value for name, value in source.settings.items() if name not in policy.OURS}
    plain = json.dumps([source.connector, source.issuer, version.version, theirs], sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()
