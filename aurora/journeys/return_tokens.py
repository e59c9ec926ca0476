"""Ended connections: the source is told that we are done with its tokens (RFC 7009), now or later, and they are forgotten."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db import transaction

from aurora import crash
from aurora.identity.vault import VaultClosed
from aurora.journeys._wake import send
from aurora.outbound.oauth import PeerFailed
from aurora.sources import connections, credentials
from aurora.sources.connections import ToReturn

logger = logging.getLogger(__name__)
TASK = "aurora.return_tokens"
RETURN_EACH = 20  # of a source in a round
SLOW_SECONDS = 5.0
RETURN_LOCK = 0x7265_7475_726E  # any number that no other advisory lock has


def wake() -> None:
    """Begin at once, when the transaction has been committed. A broker that is away costs nothing: the next round finds what is due."""
    transaction.on_commit(partial(send, TASK), robust=True)


def sweep(*, now: datetime) -> bool:
    """Wake the round when a connection is due: its message was lost, or its worker died in it. Whether one was."""
    due = bool(connections.to_return(at=now, each=1))
    if due:
        send(TASK)
    return due


def return_tokens(*, now: datetime) -> int:
    """Tell sources that we are done with ended connections (RFC 7009). What fails is tried again later. How many went.

    One worker at a time. A source that did not answer, or took its time, is not waited for again in this round.
    """
    returned = 0
    away: set[UUID] = set()
    with _alone() as alone:
        for due in connections.to_return(at=now, each=RETURN_EACH) if alone else []:
            if due.source_id in away:
                credentials.put_off(citizen_id=due.citizen_id, connection_id=due.connection_id, asked=False, now=now)
                continue
            began = time.monotonic()
            if _gave_back(due, now):
                returned += 1
                slow = time.monotonic() - began > SLOW_SECONDS
            else:
                slow = True
            if slow:
                away.add(due.source_id)
    return returned


def _gave_back(due: ToReturn, now: datetime) -> bool:
    """Done with this one. What goes wrong with it, whatever it is, must not keep the others: it is put off, or given up."""
    which: Any = {"citizen_id": due.citizen_id, "connection_id": due.connection_id, "now": now}
    crash.reach("return.before")
    try:
        credentials.give_back(**which)
        return True
    except VaultClosed:
        logger.error("Connection %s cannot be opened; its tokens are forgotten.", due.connection_id)
        credentials.forget(**which)
        return True
    except PeerFailed as error:
        logger.info("Connection %s could not be given back yet: %s", due.connection_id, error.code)
    except Exception as error:
        logger.error("Connection %s could not be given back yet: %s", due.connection_id, type(error).__name__)
    credentials.put_off(**which, asked=True)
    return False


@contextmanager
def _alone() -> Iterator[bool]:
    """True for one worker at a time: a lock of the session, which ends with it when the worker dies (PostgreSQL 18 manual, 13.3.5)."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [RETURN_LOCK])
        mine = bool(cursor.fetchone()[0])
        try:
            yield mine
        finally:
            if mine:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [RETURN_LOCK])
