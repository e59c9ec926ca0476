"""A citizen's connection to a source: the attempt that leads to it, its beginning, its end. In a `citizen_scope`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection as database

from aurora.identity import vault
from aurora.outbound.oauth import Departure
from aurora.sources import credentials
from aurora.sources.models import ConnectAttempt, Connection, DataSource, Feed

ATTEMPT_MINUTES = 30
# Longer than recording a connection can take; then no connection comes of the tokens any more.
HELD = timedelta(minutes=5)


def begin(*, citizen_id: UUID, source: DataSource, departure: Departure, choices: dict[str, Any], now: datetime) -> ConnectAttempt:
    """Remember what the citizen chose while they are at the source."""
    return ConnectAttempt.objects.create(
        citizen_id=citizen_id,
        source=source,
        state_digest=_digest(departure.state),
        verifier_sealed=vault.seal(departure.verifier.encode(), citizen_id=citizen_id, context=b"pkce-verifier"),
        choices=choices,
        created_at=now,
        expires_at=now + timedelta(minutes=ATTEMPT_MINUTES),
    )


def take_attempt(*, citizen_id: UUID, source: DataSource, state: str, now: datetime) -> ConnectAttempt | None:
    """The attempt that a source's answer belongs to, once: it is spent by being taken."""
    mine = ConnectAttempt.objects.filter(citizen_id=citizen_id, source=source, state_digest=_digest(state))
    if mine.filter(used_at__isnull=True, expires_at__gt=now).update(used_at=now) != 1:
        return None
    return mine.get()


def verifier_of(attempt: ConnectAttempt) -> str:
    """The PKCE verifier of an attempt."""
    return vault.open_sealed(attempt.verifier_sealed, citizen_id=attempt.citizen_id, context=b"pkce-verifier").decode()


def establish(
    *, citizen_id: UUID, source: DataSource, tokens: dict[str, Any], now: datetime, context: Mapping[str, str] = MappingProxyType({})
) -> Connection:
    """A live connection with fresh tokens; one that stood is ended and kept. `context`: what else the token answer told (`Manner.context`)."""
    for former in standing(citizen_id=citizen_id).filter(source=source):
        end(connection_id=former.pk, now=now)
    columns = credentials.sealed(citizen_id=citizen_id, tokens=tokens, now=now)
    told = credentials.sealed_context(citizen_id=citizen_id, context=context)
    return Connection.objects.create(citizen_id=citizen_id, source=source, connected_at=now, context_sealed=told, **columns)


def hold(*, citizen_id: UUID, source: DataSource, tokens: dict[str, Any], now: datetime) -> UUID:
    """Keep tokens that were just redeemed, before anything else is done with them: as a connection that has ended, and is given back by itself in some
    minutes unless it is taken (`take_held`) by the one that comes of it.
    """
    columns = credentials.sealed(citizen_id=citizen_id, tokens=tokens, now=now)
    return Connection.objects.create(
        citizen_id=citizen_id, source=source, connected_at=now, state=Connection.State.ENDED, ended_at=now, return_due_at=now + HELD, **columns
    ).pk  # fmt: skip


def take_held(*, connection_id: UUID) -> bool:
    """A connection comes of these tokens, in this transaction. False: they have been given back meanwhile."""
    mine = Connection.objects.filter(pk=connection_id, state=Connection.State.ENDED, tokens_returned_at__isnull=True)
    return mine.delete()[0] > 0


def drop_returned(*, connection_id: UUID) -> None:
    """No connection came of these tokens, and they are given back: nothing is left to say of them."""
    Connection.objects.filter(pk=connection_id, state=Connection.State.ENDED, tokens_returned_at__isnull=False).delete()


def standing(*, citizen_id: UUID) -> Any:
    """The connections that have not ended."""
    return Connection.objects.filter(citizen_id=citizen_id).exclude(state=Connection.State.ENDED)


def end(*, connection_id: UUID, now: datetime) -> bool:
    """End a connection, and its feeds with it; False when it had ended."""
    which = Connection.objects.filter(pk=connection_id).exclude(state=Connection.State.ENDED)
    ended = which.update(state=Connection.State.ENDED, ended_at=now) == 1
    Feed.objects.filter(connection_id=connection_id).delete()
    return ended


class ToReturn(NamedTuple):
    """An ended connection whose source has not been told."""

    connection_id: UUID
    citizen_id: UUID
    source_id: UUID


def to_return(*, at: datetime, each: int) -> list[ToReturn]:
    """What is due to be given back, the longest waiting first and at most `each` of a source: none keeps another's from its turn."""
    with database.cursor() as cursor:
        cursor.execute("SELECT connection_id, citizen_id, source_id FROM connections_to_return(%s, %s)", [at, each])
        return [ToReturn(*row) for row in cursor.fetchall()]


def mark_broken(*, connection_id: UUID) -> None:
    """The source takes our tokens no more; the citizen is asked to connect again."""
    Connection.objects.filter(pk=connection_id, state=Connection.State.LIVE).update(state=Connection.State.BROKEN)


def purge(*, now: datetime) -> int:
    """Delete the attempts, of all citizens, that ran out a day ago, spent or not; returns how many. A database function sees them all."""
    with database.cursor() as cursor:
        cursor.execute("SELECT sources_purge(%s)", [now])
        return int(cursor.fetchone()[0])


def _digest(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()
