"""Test notices as rows: asked for, claimed, ended. One under way a client; each move is a compare-and-set."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q

from consent.errors import Conflict
from consent.oauth.models import Client

from . import payload
from .models import Ping

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 3  # of workers that died: what the address answers ends it at once
KEPT = timedelta(days=7)
State = Ping.State


class PingUnderWay(Conflict):
    code = "ping_under_way"
    sentence = "A test notice is on its way. Wait for what comes of it."


class NoAddress(Conflict):
    code = "no_notice_address"
    sentence = "This client has no address for notices."


@dataclass(frozen=True)
class Claimed:
    """The right to send one. `address` is the client's at this moment."""

    ping_id: UUID
    lease_until: datetime
    address: str = field(repr=False)
    body: bytes = field(repr=False)


def ask(*, client: Client, by: UUID | None, now: datetime) -> Ping:
    """A row to be sent. Raises `NoAddress`, `PingUnderWay`."""
    if not client.notice_uri:
        raise NoAddress()
    try:
        with transaction.atomic():
            return Ping.objects.create(id=uuid.uuid4(), client=client, asked_by=by, created_at=now)
    except IntegrityError:
        raise PingUnderWay() from None


def due(*, now: datetime, most: int) -> list[UUID]:
    """Those whose message was lost or whose worker died."""
    waiting = Ping.objects.filter(Q(lease_until__isnull=True) | Q(lease_until__lte=now), state=State.PENDING)
    return list(waiting.order_by("created_at").values_list("pk", flat=True)[:most])


def claim(*, ping_id: UUID, now: datetime) -> Claimed | None:
    """None if it is another worker's, or done; a row that no worker survived is given up."""
    until = now + LEASE
    mine = Ping.objects.filter(Q(lease_until__isnull=True) | Q(lease_until__lte=now), pk=ping_id, state=State.PENDING)
    if mine.filter(attempts__gte=MOST_ATTEMPTS).update(state=State.FAILED, error="gave_up", finished_at=now):
        return None
    if mine.update(lease_until=until, attempts=F("attempts") + 1) != 1:
        return None
    row = Ping.objects.select_related("client").get(pk=ping_id)
    text = payload.compose_ping(event_id=row.pk, occurred_at=row.created_at, client_id=row.client.client_id)
    return Claimed(row.pk, until, row.client.notice_uri, payload.body(text))


def ended(claimed: Claimed, *, error: str, status: int | None, took_ms: int, sent: dict[str, str], now: datetime) -> bool:
    """What came of it; False if somebody else has the row by now. `error`: "" if it was taken."""
    mine = Ping.objects.filter(pk=claimed.ping_id, state=State.PENDING, lease_until=claimed.lease_until)
    state = State.FAILED if error else State.DELIVERED
    return mine.update(state=state, error=error, status=status, took_ms=took_ms, sent=sent, finished_at=now, lease_until=None) == 1


def newest(*, client_pk: int, most: int = 10) -> list[Ping]:
    return list(Ping.objects.filter(client_id=client_pk).order_by("-created_at")[:most])


class Told(NamedTuple):
    """A notice of something that happened; of whom, it does not say."""

    kind: str
    created_at: datetime
    state: str
    attempts: int
    error: str


def notices_lately(*, client_id: str, most: int = 20) -> list[Told]:
    """What a sandbox client was told, the newest first; of any other client nothing, by the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM consent_webhooks_lately(%s, %s)", [client_id, most])
        return [Told(*row) for row in cursor.fetchall()]


def purge(*, now: datetime) -> int:
    """Those that are a week old and over."""
    return Ping.objects.filter(created_at__lte=now - KEPT).exclude(state=State.PENDING).delete()[0]
