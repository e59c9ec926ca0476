"""A citizen withdraws a consent (GDPR art. 7(3)): as easy as giving it, at once, and with what follows from it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db import transaction

from aurora.identity.vault import VaultClosed
from aurora.journeys._log import log
from aurora.journeys._release import release_uncovered
from aurora.outbound.oauth import PeerFailed
from aurora.sources import connections, credentials
from aurora.sources.connections import ToReturn
from aurora.twin import write
from consent import services
from consent.ledger.events import Event
from consent.models import ConsentRecord
from consent.oauth import tokens
from consent.rules import AURORA, CITIZEN
from consent.scope import citizen_scope

logger = logging.getLogger(__name__)
RETURN_EACH = 20  # of a source in a round
SLOW_SECONDS = 5.0
RETURN_LOCK = 0x7265_7475_726E  # any number that no other advisory lock has


@dataclass(frozen=True)
class Withdrawn:
    """What a withdrawal did: the record as it stands now, how many facts went, and the entry that tells of it."""

    record: ConsentRecord
    facts_erased: int
    entry_id: UUID


def withdraw(*, citizen_id: UUID, consent_id: UUID, now: datetime) -> Withdrawn:
    """End one consent in one transaction: tokens die, facts that nothing else covers go, suggestions go, the log tells.

    Raises `NotFound` (also for another citizen's), `Conflict` when it had ended.
    """
    with citizen_scope(citizen_id):
        record = services.withdraw(consent_id=consent_id, now=now)
        tokens.revoke_for_consent(consent_id=record.pk, now=now)
        gone = 0
        if record.recipient.code == AURORA:
            write.forget_derived(citizen_id=citizen_id)
            if record.source is not None:
                gone = release_uncovered(citizen_id=citizen_id, source=record.source.code, now=now)
        entry = log(
            citizen_id=citizen_id, event=Event.CONSENT_WITHDRAWN, actor=CITIZEN, purpose=record.purpose_id,
            categories=record.categories, consent_ids=[record.pk], source=record.source.code if record.source else None,
            details={"recipient": record.recipient.code, "facts_erased": gone}, at=now,
        )  # fmt: skip
        transaction.on_commit(_wake, robust=True)
    return Withdrawn(record, gone, entry.entry_id)


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


def _wake() -> None:
    from aurora.journeys.tasks import return_tokens as task

    try:
        task.apply_async()
    except task.OperationalError:
        logger.warning("The broker is away; tokens are given back by the next round.")
