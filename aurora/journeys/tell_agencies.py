"""An agency is told that a consent of its citizen has ended: a row in the transaction of the end, a signed notice after it, again until it arrives.

The first try comes at once, by a message after the commit, else with the next sweep; then with growing pauses for three days. Then an operator
sees it, the citizen too, and it stays in the agency's feed: nothing is dropped. The agency may hear the same thing twice, under the same id.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from aurora import crash
from aurora.audit import trail
from aurora.corrections.models import Correction
from aurora.identity.keys import pairwise
from aurora.journeys import _notices
from aurora.journeys._log import log
from aurora.journeys._wake import send
from aurora.messages import outbox
from aurora.messages.models import MessageKind
from aurora.outbound.notices import NotTaken, post
from consent.concerns.models import Concern
from consent.errors import NotFound
from consent.ledger.events import Event
from consent.ledger.models import LedgerEntry
from consent.models import ConsentRecord, ConsentState
from consent.oauth.models import Client, Grant
from consent.rules import AURORA
from consent.scope import citizen_scope
from consent.services import Ended
from consent.webhooks import feed, keys, queue, signature
from consent.webhooks.feed import Confirmation, Page
from consent.webhooks.models import Delivery
from consent.webhooks.queue import Lease

logger = logging.getLogger(__name__)
SWEEP_MOST = 200
Kind = Delivery.Kind


def announce(ended: Ended, *, by: str, now: datetime) -> None:
    """A row for the client that holds a grant on this consent, in the transaction of the end. A consent to Aurora itself has none."""
    kind = Kind.NARROWED if not ended.whole else Kind.EXPIRED if ended.record.state == ConsentState.EXPIRED else Kind.WITHDRAWN
    _put(ended.record, kind, ended.categories, by=by, now=now, confirm=True)


def announce_replaced(*, record_id: UUID, covered_now: Iterable[str], now: datetime) -> None:
    """The citizen gave the same agency a newer consent. What that one covers goes on; only the rest is asked to be deleted."""
    record = ConsentRecord.objects.select_related("recipient").get(pk=record_id)
    dropped = set(record.covered) - set(covered_now)
    _put(record, Kind.REPLACED, dropped, by="citizen", now=now, confirm=bool(dropped))


def announce_erased(record: ConsentRecord, *, categories: Iterable[str], now: datetime) -> bool:
    """The citizen had erased what was read on this consent, which stands: its client is asked to delete it (GDPR art. 19). False: it has no grant."""
    return _put(record, Kind.ERASED, categories, by="citizen", now=now, confirm=True)


def announce_concern(*, case: Concern, kind: Kind, now: datetime) -> None:
    """A row for the agency that must answer a citizen's case: by the client that read, else by the one that the agency has had longest."""
    client = _client_for(case)
    if client is None:
        return  # found again through the API: the case itself waits there
    subject = pairwise(citizen_id=case.citizen_id, agency=case.about)
    due_at = None if kind is Kind.CONCERN_CLOSED else case.due_at
    row = queue.put_concern(
        citizen_id=case.citizen_id, client=client, concern_id=case.pk, kind=kind, subject=subject, due_at=due_at, now=now
    )
    if row.due_at is not None:
        transaction.on_commit(partial(_send, row.pk), robust=True)


def announce_correction(*, row: Correction, kind: Kind, now: datetime) -> None:
    """To the source that is asked to correct a fact: by the client that it has had longest. Without one the request waits in the API."""
    client = Client.objects.filter(agency__code=row.source, active=True).order_by("pk").first()
    if client is not None:
        _put_correction(row, client, kind, to_source=True, due_at=row.due_at if kind is Kind.CORRECTION_ASKED else None, now=now)


def announce_corrected(*, row: Correction, readers: Iterable[str], now: datetime) -> list[str]:
    """To agencies that had read what was wrong (GDPR art. 19): which fact, and no value. Those that have a client to be told by."""
    told: list[str] = []
    for agency in sorted(readers):
        client = Client.objects.filter(agency__code=agency, active=True).order_by("pk").first()
        if client is not None:
            _put_correction(row, client, Kind.FACT_CORRECTED, to_source=False, due_at=None, now=now)
            told.append(agency)
    return told


def _put_correction(row: Correction, client: Client, kind: Kind, *, to_source: bool, due_at: datetime | None, now: datetime) -> None:
    subject = pairwise(citizen_id=row.citizen_id, agency=client.agency.code)
    made = queue.put_correction(
        citizen_id=row.citizen_id, client=client, correction_id=row.pk, kind=kind, subject=subject, category=row.category,
        to_source=to_source, due_at=due_at, now=now,
    )  # fmt: skip
    if made.due_at is not None:
        transaction.on_commit(partial(_send, made.pk), robust=True)


def _client_for(case: Concern) -> Client | None:
    """Of the agency's own, in use. A grant of the citizen's with the agency says which of several."""
    theirs = Client.objects.filter(agency__code=case.about, active=True)
    grant = Grant.objects.filter(client__in=theirs, parts__consent__in=_rested_on(case)).select_related("client").first()
    return grant.client if grant else theirs.order_by("pk").first()


def _rested_on(case: Concern) -> list[UUID]:
    return LedgerEntry.objects.filter(pk=case.entry_id).values_list("consent_ids", flat=True).first() or []


def _put(record: ConsentRecord, kind: Kind, categories: Iterable[str], *, by: str, now: datetime, confirm: bool) -> bool:
    grant = Grant.objects.select_related("client").filter(parts__consent=record.pk).first()
    if grant is None:
        return False
    subject = pairwise(citizen_id=record.citizen_id, agency=record.recipient.code)
    row = queue.put(record=record, grant=grant, kind=kind, categories=categories, subject=subject, by=by, now=now, confirm=confirm)
    if row.due_at is not None:
        transaction.on_commit(partial(_send, row.pk), robust=True)
    return True


def _send(delivery_id: UUID, **options: Any) -> None:
    crash.reach("tell.before_wake")
    send("aurora.tell_agency", delivery_id, **options)


def sweep(*, now: datetime) -> int:
    """Wake every delivery that is due: its message was lost, its worker died, or its time to try again has come. How many."""
    due = queue.due(now=now, most=SWEEP_MOST)
    for delivery_id in due:
        _send(delivery_id, expires=settings.AURORA_SWEEP_EVERY.total_seconds())  # the next sweep sends it again
    return len(due)


def run(*, delivery_id: UUID) -> None:
    """Make one attempt, or nothing if it is another worker's, not due, or done."""
    citizen_id = queue.citizen_of(delivery_id)
    if citizen_id is None:
        return
    with citizen_scope(citizen_id):
        lease = queue.claim(delivery_id=delivery_id, now=timezone.now(), whole=_notices.whole)
    if lease is None:
        return
    if queue.spent(lease, now=timezone.now()):
        _give_up(lease, "gave_up", timezone.now())
        return
    crash.reach("tell.before_post")
    try:
        _post(lease)
    except NotTaken as error:
        _not_taken(lease, error, timezone.now())
        return
    crash.reach("tell.after_post")
    with citizen_scope(citizen_id):
        now = timezone.now()
        if queue.delivered(lease, now=now):
            _log_notice(Delivery.objects.select_related("client__agency").get(pk=delivery_id), Event.NOTICE_DELIVERED, now)
    _go_on(lease, now)


def _go_on(lease: Lease, now: datetime) -> None:
    """Messages about others of this client may have come, and gone, while this one was under way. Of one that does not answer the sweep tries the next."""
    following = queue.next_of(client_pk=lease.client_pk, now=now)
    if following is not None:
        _send(following)


def _post(lease: Lease) -> None:
    """No transaction is open: a slow agency must not keep a row locked."""
    named = signature.headers(webhook_id=str(lease.delivery_id), timestamp=int(time.time()), body=lease.body, keys=keys.private())
    post(lease.address, body=lease.body, headers=named)


def _not_taken(lease: Lease, error: NotTaken, now: datetime) -> None:
    with citizen_scope(lease.citizen_id):
        if not error.permanent and queue.postpone(lease, error=error.code, retry_after=error.retry_after, now=now):
            return
    _give_up(lease, error.code, now)


def _give_up(lease: Lease, code: str, now: datetime) -> None:
    with citizen_scope(lease.citizen_id):
        if queue.give_up(lease, error=code):
            logger.error("Delivery %s could not be made: %s", lease.delivery_id, code)
            row = Delivery.objects.select_related("client__agency").get(pk=lease.delivery_id)
            _log_notice(row, Event.NOTICE_FAILED, now, error=code)


def try_anew(*, delivery_id: UUID, now: datetime, operator_id: UUID = trail.NOBODY) -> bool:
    """An operator has a given-up delivery tried again. False if it was none. Raises `NotFound`."""
    citizen_id = queue.citizen_of(delivery_id)
    if citizen_id is None:
        raise NotFound()
    with citizen_scope(citizen_id):
        anew = queue.try_anew(delivery_id=delivery_id, now=now)
        if anew:
            transaction.on_commit(partial(_send, delivery_id), robust=True)
            trail.did(operator_id=operator_id, deed="notice:tried_again")
    return anew


def read_feed(*, client_id: str, after: int, most: int, now: datetime) -> Page:
    """One client's events behind a place in its feed. Going on behind a place tells that all before it has arrived: that is noted."""
    if after:
        feed.check_place(client_id=client_id, position=after)
        for delivery_id, citizen_id in feed.fetched(client_id=client_id, up_to=after):
            _note_fetched(delivery_id, citizen_id, now)
    page = feed.page(client_id=client_id, after=after, most=most)
    return replace(page, events=tuple(_notices.event(one, client_id=client_id) for one in page.events))


def _note_fetched(delivery_id: UUID, citizen_id: UUID, now: datetime) -> None:
    """One of many: what goes wrong with it must not keep the agency from its feed. It is found again with the next call."""
    try:
        with citizen_scope(citizen_id):
            row = feed.note_fetched(delivery_id=delivery_id, now=now)
            if row is not None:
                _log_notice(row, Event.NOTICE_DELIVERED, now, by="feed")
    except Exception as error:
        logger.error("Delivery %s could not be noted as fetched yet: %s", delivery_id, type(error).__name__)


def confirm(*, client_id: str, agency_code: str, delivery_id: UUID, said: Confirmation, now: datetime) -> Delivery:
    """The agency says that it deleted, or what it must keep by which law; said twice, it is noted once.

    Raises `NotFound` (another client's too), and what `consent.webhooks.feed.confirm` raises.
    """
    citizen_id = queue.citizen_of(delivery_id, client_id=client_id)
    if citizen_id is None:
        raise NotFound()
    with citizen_scope(citizen_id):
        noted = feed.confirm(delivery_id=delivery_id, said=said, now=now)
        row = noted.row
        if noted.arrived:
            _log_notice(row, Event.NOTICE_DELIVERED, now, by="confirmation")
        if noted.new:
            kept = [f"{category}: {basis}" for category, basis in said.kept]
            _log(row, Event.DELETION_CONFIRMED, agency_code, now, deleted=bool(said.deleted_at), kept=kept)
            _tell_citizen(row, said, now)
        crash.reach("confirm.before_commit")
    return row


def _tell_citizen(row: Delivery, said: Confirmation, now: datetime) -> None:
    """Deleted, deleted in part, or nothing deleted: three messages, since "it deleted" would be untrue of the last two."""
    kept = "" if not said.kept else "part" if said.deleted_at else "all"
    about = {"consent": row.consent_id, "delivery": row.pk, "kept": kept}
    outbox.queue(citizen_id=row.citizen_id, kind=MessageKind.AGENCY_CONFIRMED_DELETION, about=about, now=now)


def _log_notice(row: Delivery, event: Event, now: datetime, **details: Any) -> None:
    if row.concern_id is not None or row.correction_id is not None:
        return  # the citizen's case shows it: the entries of a notice are about consents that ended
    _log(row, event, AURORA, now, **details)


def _log(row: Delivery, event: Event, actor: str, now: datetime, **details: Any) -> None:
    log(
        citizen_id=row.citizen_id, event=event, actor=actor, purpose=row.payload["data"]["purpose"], categories=row.categories,
        consent_ids=[row.consent_id], at=now,
        details={"recipient": row.client.agency.code, "delivery": str(row.pk), "kind": row.kind, **details},
    )  # fmt: skip
