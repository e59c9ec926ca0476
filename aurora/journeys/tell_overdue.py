"""A citizen is told that an agency has not confirmed in time that it deleted: once for each notice, whether or not the agency was ever reached."""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from aurora.messages import outbox
from aurora.messages.models import MessageKind
from consent.scope import citizen_scope
from consent.webhooks import queue
from consent.webhooks.models import Delivery

logger = logging.getLogger(__name__)
MOST = 500


def sweep(*, now: datetime) -> int:
    """Tell whoever is due, at most `MOST` a round. How many were told. One that fails does not keep the others."""
    told = 0
    for delivery_id, citizen_id in queue.overdue(now=now, most=MOST):
        try:
            told += tell(citizen_id=citizen_id, delivery_id=delivery_id, now=now)
        except Exception as error:
            logger.error("Delivery %s: its citizen could not be told that it is overdue: %s", delivery_id, type(error).__name__)
    return told


def tell(*, citizen_id: UUID, delivery_id: UUID, now: datetime) -> bool:
    """Note and tell it, together. False: it has been confirmed meanwhile, or another worker told it."""
    with citizen_scope(citizen_id):
        row = queue.note_overdue(delivery_id=delivery_id, now=now)
        if row is None:
            return False
        about = {"consent": row.consent_id, "delivery": row.pk, "reached": row.state == Delivery.State.DELIVERED}
        outbox.queue(citizen_id=citizen_id, kind=MessageKind.AGENCY_OVERDUE, about=about, now=now)
    return True
