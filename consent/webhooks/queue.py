"""Deliveries on their way: made, claimed, sent or put off, given up, asked for anew. In the citizen's scope, but for what finds them.

Each move is a compare-and-set by the lease: of two workers on one delivery, one ends it. An attempt counts when it begins, so that a worker
that dies in it has made one.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Case, F, Q, QuerySet, When

from consent.models import ConsentRecord
from consent.oauth.models import Client, Grant

from . import payload
from .models import Delivery

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=6)
TRY_FOR = timedelta(days=3)
# Of one client at a time: an agency whose server hangs must not have all workers wait for it, and there may be but two.
AT_ONCE = 1
PURGE_MOST = ADDRESSED_MOST = 10_000  # in a round, so that none holds many rows for long
State = Delivery.State


@dataclass(frozen=True)
class Lease:
    """The right to make one attempt."""

    delivery_id: UUID
    citizen_id: UUID
    client_pk: int
    token: UUID
    attempt: int
    queued_at: datetime
    recipient: str
    address: str = field(repr=False)
    body: bytes = field(repr=False)


def put(
    *, record: ConsentRecord, grant: Grant, kind: str, categories: Iterable[str], subject: str, by: str, now: datetime, confirm: bool
) -> Delivery:
    """A row for the client of this grant, in the transaction of what it tells. `confirm`: it is asked to delete and to say so."""
    gone, event_id = sorted(categories), uuid.uuid4()
    confirm_by = now + settings.AURORA_CONFIRM_WITHIN if confirm else None
    text = payload.compose(
        event_id=event_id, kind=kind, occurred_at=now, client_id=grant.client.client_id, grant_id=grant.pk, subject=subject,
        purpose=record.purpose_id, categories=gone, by=by, confirm_by=confirm_by,
    )  # fmt: skip
    return Delivery.objects.create(
        id=event_id, citizen_id=record.citizen_id, client=grant.client, grant=grant, consent=record, kind=kind, categories=gone,
        payload=text, created_at=now, queued_at=now, due_at=now if grant.client.notice_uri else None, confirm_by=confirm_by,
    )  # fmt: skip


def put_concern(
    *, citizen_id: UUID, client: Client, concern_id: UUID, kind: str, subject: str, due_at: datetime | None, now: datetime
) -> Delivery:
    """A row for one client of whoever must answer a citizen's case, in the transaction of what it tells. Nothing is to be confirmed: it is answered."""
    event_id = uuid.uuid4()
    text = payload.compose_concern(
        event_id=event_id, kind=kind, occurred_at=now, client_id=client.client_id, subject=subject, concern_id=concern_id, due_at=due_at,
    )  # fmt: skip
    return Delivery.objects.create(
        id=event_id, citizen_id=citizen_id, client=client, concern_id=concern_id, kind=kind, categories=[], payload=text,
        created_at=now, queued_at=now, due_at=now if client.notice_uri else None,
    )  # fmt: skip


def put_correction(
    *,
    citizen_id: UUID,
    client: Client,
    correction_id: UUID,
    kind: str,
    subject: str,
    category: str,
    to_source: bool,
    due_at: datetime | None,
    now: datetime,
) -> Delivery:
    """A row for one client: of the source that is asked to correct a fact (`to_source`), or of an agency that had read what was wrong."""
    event_id = uuid.uuid4()
    text = payload.compose_correction(
        event_id=event_id, kind=kind, occurred_at=now, client_id=client.client_id, subject=subject, category=category,
        correction_id=correction_id if to_source else None, due_at=due_at,
    )  # fmt: skip
    return Delivery.objects.create(
        id=event_id, citizen_id=citizen_id, client=client, correction_id=correction_id, kind=kind, categories=[category], payload=text,
        created_at=now, queued_at=now, due_at=now if client.notice_uri else None,
    )  # fmt: skip


def wait_after(attempt: int, *, retry_after: int = 0) -> timedelta:
    """Exponential, with full jitter, and never sooner than the receiver asked for (RFC 9110, 10.2.3)."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempt - 1, 16))
    return max(longest * random.uniform(0.05, 1.0), timedelta(seconds=retry_after))


def due(*, now: datetime, most: int) -> list[UUID]:
    """What is to be tried now, of all citizens, the longest waiting first and of no client more than may be tried at once.

    A client that has an address by now is told what waited for it in the feed: asked here, since an end may commit after the address.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_webhooks_addressed(%s)", [ADDRESSED_MOST])
        cursor.execute("SELECT delivery_id FROM consent_webhooks_due(%s, %s, %s)", [now, AT_ONCE, most])
        return [row[0] for row in cursor.fetchall()]


def citizen_of(delivery_id: UUID, *, client_id: str | None = None) -> UUID | None:
    """Whose consent a delivery is about; None if there is none, or none of this client."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_webhooks_citizen_of(%s, %s)", [delivery_id, client_id])
        found: UUID | None = cursor.fetchone()[0]
    return found


def _as_held(row: Delivery) -> dict[str, Any]:
    return dict(row.payload)


def claim(*, delivery_id: UUID, now: datetime, whole: Callable[[Delivery], dict[str, Any]] = _as_held) -> Lease | None:
    """Take a delivery that is due; `whole` says what is sent of its row. None: it is another's, done, its client has nowhere to be told (then it waits in the feed), or as many
    of its client are under way as may be (then it stays due).
    """
    found = Delivery.objects.select_related("client__agency").filter(pk=delivery_id, state=State.PENDING).first()
    if found is None:
        return None
    if not found.client.notice_uri:
        Delivery.objects.filter(pk=delivery_id, state=State.PENDING, lease_token__isnull=True).update(due_at=None)
        return None
    if _under_way(found.client_id, now) >= AT_ONCE:
        return None
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    token, until = uuid.uuid4(), now + settings.AURORA_PULL_LEASE
    which = Delivery.objects.filter(free, pk=delivery_id, state=State.PENDING, due_at__lte=now)
    # The days of trying count from the first attempt: our own outage before it takes none of them.
    began = Case(When(attempts=0, then=now), default=F("queued_at"))
    if which.update(lease_token=token, lease_until=until, attempts=F("attempts") + 1, queued_at=began) != 1:
        return None
    found.refresh_from_db(fields=["attempts", "queued_at"])
    return Lease(
        delivery_id, found.citizen_id, found.client_id, token, found.attempts, found.queued_at, found.client.agency.code, found.client.notice_uri,
        payload.body(whole(found)),
    )  # fmt: skip


def next_of(*, client_pk: int, now: datetime) -> UUID | None:
    """What of one client waits longest: whom it has just answered, it may be told the next."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_webhooks_next(%s, %s)", [client_pk, now])
        found: UUID | None = cursor.fetchone()[0]
    return found


def _under_way(client_pk: int, now: datetime) -> int:
    """Attempts that are being made at one client. Until the transaction ends nobody else counts them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_webhooks_under_way(%s, %s)", [client_pk, now])
        return int(cursor.fetchone()[0])


def delivered(lease: Lease, *, now: datetime) -> bool:
    """The receiver took it. True for the one caller that may log it."""
    return _end(lease, state=State.DELIVERED, delivered_at=now, error="", due_at=None)


def postpone(lease: Lease, *, error: str, retry_after: int, now: datetime) -> bool:
    """Try again later. False when the three days are over: then it is to be given up."""
    next_try = now + wait_after(lease.attempt, retry_after=retry_after)
    if next_try > lease.queued_at + TRY_FOR:
        return False
    _end(lease, state=State.PENDING, due_at=next_try, error=error)
    return True


def spent(lease: Lease, *, now: datetime) -> bool:
    """Its days are over, and its workers died or failed in all of them: it is to be given up. Who was never tried is tried once."""
    return lease.attempt > 1 and lease.queued_at + TRY_FOR + LONGEST_WAIT < now


def give_up(lease: Lease, *, error: str) -> bool:
    """No more attempts. True for the one caller that may log it."""
    return _end(lease, state=State.FAILED, error=error, due_at=None)


def try_anew(*, delivery_id: UUID, now: datetime) -> bool:
    """An operator asks for new attempts at one that was given up. False when it was not."""
    failed = Delivery.objects.filter(pk=delivery_id, state=State.FAILED)
    return failed.update(state=State.PENDING, queued_at=now, due_at=now, attempts=0) == 1


def of_consent(*, consent_ids: Iterable[UUID]) -> QuerySet[Delivery]:
    """What agencies were told about these consents, oldest first."""
    return Delivery.objects.filter(consent_id__in=list(consent_ids)).select_related("client__agency").order_by("created_at", "pk")


def overdue(*, now: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """(delivery, citizen) of what should have been confirmed by now and was not, and whose citizen has not been told. The longest overdue first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT delivery_id, citizen_id FROM consent_webhooks_overdue(%s, %s)", [now, most])
        return [(delivery_id, citizen_id) for delivery_id, citizen_id in cursor.fetchall()]


def note_overdue(*, delivery_id: UUID, now: datetime) -> Delivery | None:
    """The row for the one caller that may tell its citizen; None if it was confirmed or told meanwhile. In the citizen's scope."""
    late = Delivery.objects.filter(pk=delivery_id, confirm_by__lte=now, confirmed_at__isnull=True, overdue_told_at__isnull=True)
    return Delivery.objects.get(pk=delivery_id) if late.update(overdue_told_at=now) else None


def purge(*, now: datetime) -> int:
    """Delete, of all citizens, what has been confirmed, or overdue, or (where nothing was asked) told for `AURORA_NOTICES_KEPT`. How many went.

    What is still being tried stays, and so does the newest of each client's feed, from which places are counted on.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_webhooks_purge(%s, %s)", [now - settings.AURORA_NOTICES_KEPT, PURGE_MOST])
        return int(cursor.fetchone()[0])


class Count(NamedTuple):
    """How many deliveries of one client: waiting to be told, told, given up; and of those to be confirmed: waited for, late, confirmed."""

    client_id: str
    agency: str
    pending: int
    delivered: int
    failed: int
    unconfirmed: int
    overdue: int
    confirmed: int


def counts(*, now: datetime) -> list[Count]:
    """Over all citizens, by a database function that returns nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM consent_webhooks_counts(%s)", [now])
        return [Count(*row) for row in cursor.fetchall()]


class Trouble(NamedTuple):
    """A delivery that has been tried in vain, or is not confirmed in time. No citizen, no consent."""

    delivery_id: UUID
    client_id: str
    agency: str
    kind: str
    state: str
    error: str
    attempts: int
    created_at: datetime
    due_at: datetime | None
    confirm_by: datetime | None


def troubled(*, now: datetime, most: int) -> list[Trouble]:
    """The oldest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM consent_webhooks_troubled(%s, %s)", [now, most])
        return [Trouble(*row) for row in cursor.fetchall()]


def _end(lease: Lease, **values: Any) -> bool:
    mine = Delivery.objects.filter(pk=lease.delivery_id, state=State.PENDING, lease_token=lease.token)
    return mine.update(lease_token=None, lease_until=None, **values) == 1
