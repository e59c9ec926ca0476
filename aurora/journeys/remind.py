"""Reminders of consents: of ongoing use, and of an end that comes near. Each once; of several that were missed, the newest."""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection

from aurora.messages import outbox
from aurora.messages.models import MessageKind, Reminder
from consent import queries
from consent.days import day_of, last_day
from consent.models import ConsentRecord, ConsentState
from consent.rules import reminders
from consent.scope import citizen_scope

logger = logging.getLogger(__name__)
MOST = 500


def sweep(*, now: datetime) -> int:
    """Remind whoever is due, at most `MOST` consents a round. How many were told. One that fails does not keep the others."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_id, citizen_id FROM consents_to_remind(%s, %s, %s)", [now, settings.TIME_ZONE, MOST])
        found = cursor.fetchall()
    told = 0
    for consent_id, citizen_id in found:
        try:
            told += remind(citizen_id=citizen_id, consent_id=consent_id, now=now)
        except Exception as error:
            logger.error("Consent %s: no reminder could be given: %s", consent_id, type(error).__name__)
    return told


def remind(*, citizen_id: UUID, consent_id: UUID, now: datetime) -> bool:
    """Give the reminder that is due, and note it and those that it takes the place of. False: nothing is due, or another worker gave it."""
    with citizen_scope(citizen_id):
        # The consent's row first, as whoever ends it does: what has ended meanwhile is not reminded of.
        record = ConsentRecord.objects.select_for_update(of=("self",), no_key=True).filter(pk=consent_id).first()
        if record is None or record.state != ConsentState.GIVEN or not record.not_before <= now < record.expires_at:
            return False
        due = reminders.due(given=day_of(record.not_before), last=last_day(record.expires_at), today=day_of(now), once=record.once)
        sent = set(Reminder.objects.filter(consent=record).values_list("kind", flat=True))
        newest, passed_over = reminders.newest_unsent(due, sent)
        _note(record, newest, passed_over, now)
        if newest is None or not _covers(record):
            return False
        kind = MessageKind.REMINDER_ENDING if newest.of_the_end else MessageKind.REMINDER_ONGOING
        days = int(newest.kind.rpartition("-")[2])
        outbox.queue(citizen_id=citizen_id, kind=kind, about={"consent": consent_id, "days": days}, now=now)
        return True


def _covers(record: ConsentRecord) -> bool:
    """Whether anything can still be read on it: what was used up, or was given to another meaning, is not worth a letter."""
    gone = set(record.spent) if record.once else set[str]()
    return bool(set(record.covered) - gone - queries.left_behind([record.pk])[record.pk])


def _note(record: ConsentRecord, newest: reminders.Due | None, passed_over: tuple[reminders.Due, ...], now: datetime) -> None:
    given = [newest] if newest else []
    Reminder.objects.bulk_create(
        Reminder(consent=record, citizen_id=record.citizen_id, kind=d.kind, at=now, skipped=d is not newest) for d in (*passed_over, *given)
    )
