"""A citizen withdraws a consent (GDPR art. 7(3)): as easy as giving it, at once, and with what follows from it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from aurora.journeys._log import log
from aurora.journeys._release import release_uncovered
from aurora.outbound.oauth import PeerFailed
from aurora.sources import connections
from aurora.twin import write
from consent import services
from consent.ledger.events import Event
from consent.models import ConsentRecord
from consent.oauth import tokens
from consent.rules import AURORA, CITIZEN
from consent.scope import citizen_scope

logger = logging.getLogger(__name__)
RETURN_MOST = 100


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
    """Tell sources that we are done with ended connections (RFC 7009). What fails is tried again by the next sweep. How many went."""
    returned = 0
    away: set[UUID] = set()  # a source that did not answer once is not waited for again in this round
    for connection_id, citizen_id in connections.to_return(most=RETURN_MOST):
        with citizen_scope(citizen_id):
            source_id = connections.source_of(connection_id)
        if source_id in away:
            continue
        try:
            with citizen_scope(citizen_id):
                connections.give_back(connection_id=connection_id, now=now)
            returned += 1
        except PeerFailed as error:
            away.add(source_id)
            logger.info("Connection %s could not be given back yet: %s", connection_id, error.code)
    return returned


def _wake() -> None:
    from aurora.journeys.tasks import return_tokens as task

    try:
        task.apply_async()
    except task.OperationalError:
        logger.warning("The broker is away; tokens are given back by the sweep.")
