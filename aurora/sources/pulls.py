"""The Pull row: queued, claimed under a lease, finished once. All moves are compare-and-set; in a `citizen_scope`.

What each pull does is a function of the database (migration 0012): one call, and a plan that the connection keeps.
"""

from __future__ import annotations

import random
import struct
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection as database
from django.db.models import F, OuterRef, QuerySet, Subquery

from aurora.sources.found import Found, found_of
from aurora.sources.models import Connection, Pull, PullPart
from consent import wire

MAXIMUM_ATTEMPTS = 10
FIRST_DELAY_SECONDS = 2.0
LONGEST_DELAY_SECONDS = 600.0
COUNTED = 1_000  # of a source and state, for operators: written out in `pull_counts`
QUEUED = 10_000  # of a source, for operators: written out in `source_queues`
PURGE_MOST = 10_000  # in a round, so that none holds many rows for long
_TRUE, _NONE = b"\x01", bytes(8)
_PARTS = b"::text[], $%d::text[], $%d::int4[], $%d::text[])"
_OPEN = b"SELECT set_config('aurora.citizen', coalesce(citizen_of_pull($1::uuid)::text, ''), true)"
_LOCK = b"""
WITH mine AS MATERIALIZED (SELECT FROM sources_pull WHERE id = $1::uuid AND state = 'running' AND lease_token = $2::uuid FOR UPDATE)
SELECT count(*) FROM mine"""
_NOTE = b"SELECT pull_note($1::uuid, $2::uuid, $3::timestamptz, $4" + _PARTS % (5, 6, 7)
_FINISH = b"SELECT pull_finish($1::uuid, $2::uuid, $3::timestamptz, $4::text, $5::text, $6" + _PARTS % (7, 8, 9)


@dataclass(frozen=True)
class Lease:
    """The right to work on one pull until `until`; another worker's claim makes the token stale.

    `categories` are to be asked for; `refused` are those of the pull that no consent covers.
    """

    pull_id: UUID
    citizen_id: UUID
    connection_id: UUID
    source_id: UUID
    token: UUID
    attempt: int
    until: datetime
    categories: tuple[str, ...]
    refused: tuple[str, ...] = ()

    @property
    def used_up(self) -> bool:
        """Every attempt was made, and not one worker lived to say how it ended: this claim is for giving up."""
        return self.attempt > MAXIMUM_ATTEMPTS


def enqueue(*, connection: Connection, categories: Iterable[str], now: datetime) -> Pull:
    """A pull that is due now, for which a citizen waits, with a part for each category. One open pull a connection (the database says so)."""
    # Whoever plans refreshes passes a locked connection by.
    Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
    pull = Pull.objects.create(
        citizen_id=connection.citizen_id, connection=connection, source_id=connection.source_id, due_at=now, created_at=now
    )
    Connection.objects.filter(pk=connection.pk).update(newest_pull=pull.pk)
    PullPart.objects.bulk_create(
        PullPart(pull=pull, citizen_id=connection.citizen_id, category=category) for category in sorted(set(categories))
    )
    return pull


class Part(NamedTuple):
    """How one category of a pull stands, for the citizen to see."""

    category: str
    state: PullPart.State
    facts: int = 0
    error: str = ""


def open_scope(pull_id: UUID) -> UUID | None:
    """Whose pull this is, whose scope it opens: in `scope_opened_by`. None for a row that does not exist (a message may outlive it)."""
    whose = wire.call(database, _OPEN, [pull_id.bytes])
    return UUID(whose.decode()) if whose else None


def overdue(*, now: datetime, most: int) -> list[UUID]:
    """Pulls for which citizens wait, past their time, the longest waiting first; then those whose worker let its lease run out."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pull_id FROM overdue_pulls(%s, %s)", [now, most])
        return [row[0] for row in cursor.fetchall()]


def waiting_of(*, source_id: UUID, now: datetime) -> UUID | None:
    """Of one source, the pull for which a citizen waits longest."""
    with database.cursor() as cursor:
        cursor.execute("SELECT waiting_pull_of(%s, %s)", [source_id, now])
        found: UUID | None = cursor.fetchone()[0]
    return found


def refreshes(*, now: datetime, until: datetime, at_once: int) -> list[UUID]:
    """Refreshes for which a message is to be sent now, that holds `until`: so many that no more than `at_once` are under way or on their way."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pull_id FROM refreshes_to_wake(%s, %s, %s)", [now, until, at_once])
        return [row[0] for row in cursor.fetchall()]


def waiting_refreshes(*, source_id: UUID, most: int) -> int:
    """How many refreshes of one source wait, counted up to `most`."""
    with database.cursor() as cursor:
        cursor.execute("SELECT refreshes_waiting(%s, %s)", [source_id, most])
        return int(cursor.fetchone()[0])


def look(*, pull_id: UUID, citizen_id: UUID, now: datetime) -> Found | None:
    """The pull, locked, if it can be claimed (it is due, or its lease has run out), with all that a worker must know of it."""
    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM pull_look(%s, %s)", [pull_id, now])
        row = cursor.fetchone()
    return None if row is None else found_of(pull_id, citizen_id, row)


def is_used_up(pull: Found) -> bool:
    """Whether no attempt is left: claimed, it would be for giving up."""
    return pull.attempt >= MAXIMUM_ATTEMPTS


def put_off(pull: Found, *, until: datetime) -> None:
    """Its turn has not come: it waits, and no attempt was made. `pull` as `look` locked it."""
    Pull.objects.filter(pk=pull.pull_id).update(state=Pull.State.QUEUED, due_at=until, woken_until=None, lease_token=None, lease_until=None)


def hand_back(lease: Lease, *, until: datetime) -> bool:
    """The same of one that was claimed: the attempt is taken back."""
    back = {"state": Pull.State.QUEUED, "attempt": F("attempt") - 1, "due_at": until}
    return _held(lease).update(**back, lease_token=None, lease_until=None) == 1


def hurry(pull: Pull) -> None:
    """A citizen waits for what was planned: it is due, and comes before all refreshes. One that waits for its source to recover goes on waiting."""
    Pull.objects.filter(pk=pull.pk, priority=Pull.Priority.REFRESH).update(priority=Pull.Priority.WAITING, woken_until=None)


def claim(pull: Found, *, now: datetime) -> Lease | None:
    """Take a pull as `look` locked it. None: it is another's, or finished. Look at `Lease.used_up`."""
    token, until = uuid.uuid4(), now + settings.AURORA_PULL_LEASE
    values = [pull.pull_id.bytes, wire.timestamptz(now), token.bytes, wire.timestamptz(until)]
    [attempt] = struct.unpack("!h", wire.call(database, b"SELECT pull_claim($1::uuid, $2::timestamptz, $3::uuid, $4::timestamptz)", values))
    if not attempt:
        return None
    return Lease(pull.pull_id, pull.citizen_id, pull.connection_id, pull.source.id, token, attempt, until, tuple(pull.versions))


def extend(lease: Lease, *, now: datetime, at_least: timedelta = timedelta(0), parts: Sequence[Part] = ()) -> bool:
    """Still at work: False when the lease has gone to another, and all work on it must stop. `at_least`: the next step may take so long.

    `parts`: what has come of it so far, for the citizen to see.
    """
    until = wire.timestamptz(now + max(settings.AURORA_PULL_LEASE, at_least))
    return wire.call(database, _NOTE, [lease.pull_id.bytes, lease.token.bytes, until, *_told(parts)]) == _TRUE


def lock(lease: Lease) -> bool:
    """Lock the row for the transaction that finishes it. False when the lease is another's now: then nothing may be written."""
    return wire.call(database, _LOCK, [lease.pull_id.bytes, lease.token.bytes]) != _NONE


def finish(lease: Lease, *, state: Pull.State, error: str = "", now: datetime, parts: Sequence[Part] = ()) -> bool:
    """End the pull: done, failed or cancelled, and what came of its categories. True for the one caller that did."""
    values = [lease.pull_id.bytes, lease.token.bytes, wire.timestamptz(now), state.value.encode(), error.encode(), *_told(parts)]
    return wire.call(database, _FINISH, values) == _TRUE


def postpone(lease: Lease, *, error: str, after_seconds: int = 0, now: datetime) -> bool:
    """Try again later: the source's own `Retry-After`, or an exponential delay with jitter. False when attempts are used up."""
    if lease.attempt >= MAXIMUM_ATTEMPTS:
        return False
    delay = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** (lease.attempt - 1)) * random.uniform(0.5, 1.0)
    due = now + timedelta(seconds=max(delay, after_seconds))
    moved = _held(lease).update(state=Pull.State.QUEUED, due_at=due, error=error, lease_token=None, lease_until=None)
    return moved == 1


def cancel_open(*, connection_id: UUID, now: datetime) -> None:
    """The consent is gone: what waits or runs comes to nothing."""
    Pull.objects.filter(connection_id=connection_id, state__in=[Pull.State.QUEUED, Pull.State.RUNNING]).update(
        state=Pull.State.CANCELLED, finished_at=now, lease_token=None, lease_until=None
    )


def close_cancelled(lease: Lease, *, error: str) -> bool:
    """Note why a pull that was cancelled under way kept nothing. True for the one caller that did."""
    cancelled = Pull.objects.filter(pk=lease.pull_id, state=Pull.State.CANCELLED, error="", started_at__isnull=False)
    return cancelled.update(error=error) == 1


def latest(*, citizen_id: UUID) -> QuerySet[Pull]:
    """The newest pull of each connection."""
    newest = Connection.objects.filter(citizen_id=citizen_id).values("newest_pull")
    return Pull.objects.filter(citizen_id=citizen_id, pk__in=newest).select_related("connection__source__agency").prefetch_related("parts")


def with_newest(standing: QuerySet[Connection]) -> QuerySet[Connection]:
    """Connections, each with the `pull_state` of its newest pull, None where it has none."""
    return standing.annotate(pull_state=Subquery(Pull.objects.filter(pk=OuterRef("newest_pull")).values("state")))


def purge(*, before: datetime) -> int:
    """Delete, of all citizens, pulls that ended before a time and are not the newest of their connection: the log tells of them. How many."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pulls_purge(%s, %s)", [before, PURGE_MOST])
        return int(cursor.fetchone()[0])


class PullCount(NamedTuple):
    """How many pulls of a source stand in a state with an error ("" for none), when the oldest began and the newest last moved.

    Of a source and state at most `COUNTED` in all: of those that ended the last ones.
    """

    source: str
    state: str
    error: str
    pulls: int
    oldest: datetime
    newest: datetime


def counts() -> list[PullCount]:
    """Over all citizens, by a database function that returns nothing else."""
    with database.cursor() as cursor:
        cursor.execute("SELECT source, state, error, pulls, oldest, newest FROM pull_counts()")
        return [PullCount(*row) for row in cursor.fetchall()]


class Queue(NamedTuple):
    """What waits at one source: for citizens, refreshes that are planned, under way; feeds that are due and not planned yet, the oldest of them.

    Of each at most `QUEUED` are counted.
    """

    source: str
    waiting: int
    refreshes: int
    running: int
    due: int
    oldest: datetime | None


def queues(*, now: datetime) -> list[Queue]:
    """Of every source, by a database function that returns counts only."""
    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM source_queues(%s)", [now])
        return [Queue(*row) for row in cursor.fetchall()]


class Durations(NamedTuple):
    """Of the last two hundred pulls of one source that succeeded: when the newest ended, how many, and how long half and 95 % of them took, in seconds."""

    source: str
    last_success: datetime | None
    pulls: int
    p50: float | None
    p95: float | None


def durations() -> list[Durations]:
    """Of every source, by a database function that names no citizen."""
    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM source_durations()")
        return [Durations(*row) for row in cursor.fetchall()]


def _held(lease: Lease) -> QuerySet[Pull]:
    return Pull.objects.filter(pk=lease.pull_id, state=Pull.State.RUNNING, lease_token=lease.token)


def _told(parts: Sequence[Part]) -> list[bytes]:
    return [
        wire.text_array([p.category for p in parts]), wire.text_array([p.state.value for p in parts]),
        wire.int4_array([p.facts for p in parts]), wire.text_array([p.error for p in parts]),
    ]  # fmt: skip
