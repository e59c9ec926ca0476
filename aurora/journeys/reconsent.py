"""A meaning has changed: whoever's consent it has left behind is told so, once, in batches that any worker may take up where one stopped.

What the consent still covers is decided at each read, whether they have been told or not; their pages say it at once.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from aurora.messages import outbox
from aurora.messages.models import MessageKind
from consent import queries
from consent.models import ConsentRecord, ConsentState, MeaningChange
from consent.scope import citizen_scope

logger = logging.getLogger(__name__)
BATCH = 200
BATCHES = 25  # in a round, of one change
LEASE = timedelta(minutes=5)
AGAIN = timedelta(hours=1)


def sweep(*, now: datetime) -> int:
    """Go on with every change that is due. How many citizens' consents were told of."""
    due = MeaningChange.objects.filter(done_at__isnull=True, due_at__lte=now).order_by("due_at")
    return sum(_go_on(change, now) for change in due)


def _go_on(change: MeaningChange, now: datetime) -> int:
    """Under a lease, which each batch renews. Who could not be told holds up nobody: after the last batch it begins again, later."""
    told = 0
    for _ in range(BATCHES):
        if not _move(change, due_at=now + LEASE):
            return told  # another worker's
        found = _untold(change)
        told += sum(_told(citizen_id=citizen_id, consent_id=consent_id, now=now) for consent_id, citizen_id in found)
        if found:
            _move(change, after=found[-1][0])
        if len(found) < BATCH:
            _end(change, now)
            return told
    _move(change, due_at=now)
    return told


def _end(change: MeaningChange, now: datetime) -> None:
    if _untold(change, after=None):
        _move(change, after=None, due_at=now + AGAIN)
    else:
        _move(change, done_at=now)


def _told(*, citizen_id: UUID, consent_id: UUID, now: datetime) -> bool:
    try:
        return tell(citizen_id=citizen_id, consent_id=consent_id, now=now)
    except Exception as error:
        logger.error("Consent %s: its citizen could not be told of a change: %s", consent_id, type(error).__name__)
        return False


def tell(*, citizen_id: UUID, consent_id: UUID, now: datetime) -> bool:
    """One message for all that has been left behind of a consent and not told of yet. False: there is nothing, or it has ended."""
    with citizen_scope(citizen_id):
        record = ConsentRecord.objects.select_for_update(of=("self",), no_key=True).filter(pk=consent_id).first()
        if record is None or record.state != ConsentState.GIVEN or record.expires_at <= now:
            return False
        behind = queries.left_behind([consent_id])[consent_id] & set(record.covered)
        if behind <= set(record.outdated_told):
            return False
        ConsentRecord.objects.filter(pk=consent_id).update(outdated_told=sorted(behind | set(record.outdated_told)))
        outbox.queue(citizen_id=citizen_id, kind=MessageKind.RECONSENT_NEEDED, about={"consent": consent_id}, now=now)
        return True


def _move(change: MeaningChange, **to: object) -> bool:
    """Compare and set: only while the lease (its due time) is what we last saw."""
    held = MeaningChange.objects.filter(pk=change.pk, done_at__isnull=True, due_at=change.due_at)
    if held.update(**to) != 1:
        return False
    for name, value in to.items():
        setattr(change, name, value)
    return True


def _untold(change: MeaningChange, **at: UUID | None) -> list[tuple[UUID, UUID]]:
    """(consent, citizen), in the order of consents, after the last one seen or as `after` says."""
    passed = at.get("after", change.after)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT consent_id, citizen_id FROM consent_outdated_untold(%s, %s, %s, %s)", [change.kind, change.code, passed, BATCH]
        )
        found: list[tuple[UUID, UUID]] = cursor.fetchall()
    return found
