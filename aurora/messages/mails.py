"""The Mail row: queued, claimed under a lease, finished once. All moves are compare-and-set; in a `citizen_scope`."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet

from aurora.messages.models import Mail, MailAddress, Message

GIVE_UP_AFTER = timedelta(days=3)
LEASE = timedelta(minutes=2)  # twice what one conversation with a mail server may take
FIRST_DELAY_SECONDS = 30.0
LONGEST_DELAY_SECONDS = 6 * 3600.0
TASK = "aurora.send_mail"


@dataclass(frozen=True)
class Lease:
    """The right to send one mail; another worker's claim makes the token stale. `message_id` None: it asks to confirm an address."""

    mail_id: UUID
    citizen_id: UUID
    message_id: UUID | None
    token: UUID
    attempt: int
    created_at: datetime


def offered() -> bool:
    """Whether this service can send mail at all; without it no page speaks of mail."""
    return bool(settings.AURORA_MAIL_FROM)


def enqueue(*, message: Message, now: datetime) -> None:
    """A mail for a message, if its citizen has confirmed an address. In the transaction of the message."""
    wanted = offered() and MailAddress.objects.filter(citizen_id=message.citizen_id, state=MailAddress.State.CONFIRMED).exists()
    if wanted:
        _wake(Mail.objects.create(citizen_id=message.citizen_id, message=message, due_at=now, created_at=now))


def enqueue_confirmation(*, citizen_id: UUID, now: datetime) -> None:
    """A mail that asks to confirm the address; one that still waits comes to nothing."""
    cancel_open(citizen_id=citizen_id, now=now)
    _wake(Mail.objects.create(citizen_id=citizen_id, due_at=now, created_at=now))


def _wake(mail: Mail) -> None:
    transaction.on_commit(lambda: send_task(mail.pk), robust=True)


def send_task(mail_id: UUID) -> None:
    """Send the worker a message with the row's id. Raises kombu's `OperationalError` when the broker is away: the sweep sends it then."""
    current_app.send_task(TASK, (str(mail_id),))


def cancel_open(*, citizen_id: UUID, now: datetime) -> None:
    """The address is gone or another: what waits must not leave."""
    waiting = Mail.objects.filter(citizen_id=citizen_id, state__in=[Mail.State.QUEUED, Mail.State.RUNNING])
    waiting.update(state=Mail.State.CANCELLED, finished_at=now, lease_token=None, lease_until=None)


def citizen_of(mail_id: UUID) -> UUID | None:
    """Whose mail this is; None for a row that does not exist."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT citizen_of_mail(%s)", [mail_id])
        found: UUID | None = cursor.fetchone()[0]
    return found


def overdue(*, now: datetime, most: int) -> list[UUID]:
    """Mails that wait past their time, or whose worker let its lease run out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT mail_id FROM overdue_mails(%s, %s)", [now, most])
        return [row[0] for row in cursor.fetchall()]


def claim(*, mail_id: UUID, now: datetime) -> Lease | None:
    """Take a mail that is due, or whose lease ran out. None: it is another's, or finished."""
    token = uuid.uuid4()
    values = {"state": Mail.State.RUNNING, "lease_token": token, "lease_until": now + LEASE, "attempt": F("attempt") + 1}
    due = Mail.objects.filter(pk=mail_id, state=Mail.State.QUEUED, due_at__lte=now)
    abandoned = Mail.objects.filter(pk=mail_id, state=Mail.State.RUNNING, lease_until__lte=now)
    if due.update(**values) + abandoned.update(**values) != 1:
        return None
    mail = Mail.objects.get(pk=mail_id)
    return Lease(mail_id, mail.citizen_id, mail.message_id, token, mail.attempt, mail.created_at)


def finish(lease: Lease, *, state: Mail.State, error: str = "", now: datetime) -> bool:
    """End it: sent, failed or cancelled. True for the one caller that did."""
    return _held(lease).update(state=state, error=error, finished_at=now, lease_token=None, lease_until=None) == 1


def postpone(lease: Lease, *, error: str, now: datetime) -> bool:
    """Try again later, with growing delays and jitter. False when its three days are over."""
    delay = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** min(lease.attempt - 1, 20)) * random.uniform(0.5, 1.0)
    due = now + timedelta(seconds=delay)
    if due > lease.created_at + GIVE_UP_AFTER:
        return False
    return _held(lease).update(state=Mail.State.QUEUED, due_at=due, error=error, lease_token=None, lease_until=None) == 1


def spent(lease: Lease, *, now: datetime) -> bool:
    """Its three days are over, and its workers died or failed in all of them: it is to be ended. Who was never tried is tried once."""
    return lease.attempt > 1 and now > lease.created_at + GIVE_UP_AFTER


def _held(lease: Lease) -> QuerySet[Mail]:
    return Mail.objects.filter(pk=lease.mail_id, state=Mail.State.RUNNING, lease_token=lease.token)
