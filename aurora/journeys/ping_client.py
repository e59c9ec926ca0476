"""A test notice to a client's address: asked for by an operator or by a sandbox client's developer, sent by the worker, through the egress guard."""

from __future__ import annotations

import time
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from aurora.audit import trail
from aurora.identity.models import Operator
from aurora.journeys import officers
from aurora.journeys._wake import send
from aurora.outbound.notices import NotTaken, post
from consent.counting import count
from consent.errors import AuroraError, NotFound
from consent.oauth.models import Client
from consent.webhooks import keys, pings, signature
from consent.webhooks.models import Ping

A_MINUTE, A_DAY = 5, 50
SWEEP_MOST = 50


class TooManyPings(AuroraError):
    """Somebody presses the button too often. `retry_after` in seconds."""

    code = "too_many_pings"
    sentence = "Too many test notices were sent to this address. Try again later."
    status = 429
    retryable = True


def ask(*, client_id: str, operator: Operator | None, now: datetime) -> Ping:
    """Put one on its way. `operator` None: the client's own developer, whom the caller has made sure of.

    Raises `NotAnOfficer`, `NotFound`, `TooManyPings`, and what `pings.ask` raises.
    """
    if operator is not None:
        with transaction.atomic():
            officers.check(operator.pk)  # before anything is counted
    client = Client.objects.select_related("agency").filter(client_id=client_id, active=True).first()
    if client is None:
        raise NotFound()
    for seconds, most in ((60, A_MINUTE), (86_400, A_DAY)):
        if count(f"pings:{client_id}:{seconds}", seconds).number > most:
            raise TooManyPings()
    with transaction.atomic():
        if operator is not None:
            officers.check(operator.pk)
        row = pings.ask(client=client, by=operator.pk if operator else None, now=now)
        if operator is not None:
            trail.did(operator_id=operator.pk, deed="client:pinged", about=[client.agency.code, client_id])
        transaction.on_commit(partial(send, "aurora.ping_client", row.pk), robust=True)
    return row


def sweep(*, now: datetime) -> int:
    """Wake what was asked for and not sent. How many."""
    due = pings.due(now=now, most=SWEEP_MOST)
    for ping_id in due:
        send("aurora.ping_client", ping_id)
    return len(due)


def run(*, ping_id: UUID) -> None:
    """Send one, unless another worker does. No transaction is open while it is on its way."""
    claimed = pings.claim(ping_id=ping_id, now=timezone.now())
    if claimed is None:
        return
    named = signature.headers(webhook_id=str(claimed.ping_id), timestamp=int(time.time()), body=claimed.body, keys=keys.private())
    began, status, error = time.monotonic(), None, ""
    try:
        if claimed.address:
            status = post(claimed.address, body=claimed.body, headers=named)
        else:
            error = "no_address"
    except NotTaken as refused:
        status, error = refused.answered, refused.code
    took = int((time.monotonic() - began) * 1000)
    pings.ended(claimed, error=error, status=status, took_ms=took, sent=named if claimed.address else {}, now=timezone.now())
