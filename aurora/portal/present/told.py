"""What agencies were told of consents that ended, and what they said, for the citizen's pages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import withdrawal_words
from aurora.ui.contexts import AgencyTold, KeptByLaw, Telling
from consent.webhooks import queue
from consent.webhooks.models import Delivery


def told(consent_id: UUID, vocabulary: Vocabulary, *, now: datetime) -> tuple[AgencyTold, ...]:
    """All that was told of one consent, oldest first. In the citizen's scope."""
    return tuple(_view(row, vocabulary, now) for row in queue.of_consent(consent_ids=[consent_id]))


def last_of_each(consent_ids: Iterable[UUID], *, now: datetime) -> dict[UUID, Telling]:
    """How far the agency is with the last that ended of each consent. One query."""
    return {row.consent_id: telling(row, now) for row in queue.of_consent(consent_ids=consent_ids) if row.consent_id is not None}


def telling(row: Delivery, now: datetime) -> Telling:
    """What a confirmation says stands above how it was told; what was not heard of cannot be overdue."""
    if row.confirmed_at is not None:
        return Telling.KEPT if row.deleted_at is None else Telling.PARTLY if row.kept else Telling.CONFIRMED
    if row.state != Delivery.State.DELIVERED:
        return Telling.WAITING if row.state == Delivery.State.PENDING else Telling.UNDELIVERED
    if row.confirm_by is None:
        return Telling.HEARD
    return Telling.OVERDUE if row.confirm_by <= now else Telling.TOLD


def _unheard(row: Delivery) -> str:
    """Why it has not arrived, for the sentence that says so; "" where it has."""
    if row.confirmed_at is not None or row.state == Delivery.State.DELIVERED:
        return ""
    if row.state == Delivery.State.FAILED:
        return "gone" if row.error == "gone" else "failed"
    if not row.client.notice_uri:
        return "feed"
    return "trying" if row.attempts else "untried"


def _view(row: Delivery, vocabulary: Vocabulary, now: datetime) -> AgencyTold:
    why = _unheard(row)
    return AgencyTold(
        agency=row.client.agency.name,
        what=str(withdrawal_words.told(row.kind)),
        at=row.created_at,
        categories=tuple(vocabulary.category(code) for code in row.categories),
        telling=telling(row, now),
        unheard=withdrawal_words.unheard(why, row.kind, row.client.agency.name) if why else "",
        told_at=row.delivered_at,
        confirm_by=row.confirm_by,
        confirmed_at=row.confirmed_at,
        deleted_at=row.deleted_at,
        kept=tuple(KeptByLaw(vocabulary.category(one["category"]), one["legal_basis"]) for one in row.kept),
    )
