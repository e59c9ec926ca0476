"""Agencies that keep a findUsage address are asked what they used data for, citizen by citizen, after they have read and until they have told.

A question is signed as notices are (Standard Webhooks, the keys at `/webhooks/keys`): the agency knows that it is Aurora who asks. What is told is a
report like any other; told again, it is none. An answer that cannot be true is refused whole, and the agency asked again later.
"""

from __future__ import annotations

import json
import logging
import time
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from aurora import crash
from aurora.identity.keys import pairwise
from aurora.journeys import report_use
from aurora.journeys._wake import send
from aurora.outbound import usage
from aurora.outbound.usage import NotAnswered
from consent.models import DataCategory, Purpose
from consent.scope import citizen_scope
from consent.uses import accounts, batches, find_usage, reports, tally
from consent.uses.accounts import Lease
from consent.uses.find_usage import AnswerRefused
from consent.uses.models import Finding, UsageReport
from consent.uses.values import Use
from consent.webhooks import keys, signature

logger = logging.getLogger(__name__)
SWEEP_MOST = 200
OVERLAP = timedelta(days=2)  # asked for once more: logs come late


def sweep(*, now: datetime) -> int:
    """Wake every question that is due. How many."""
    due = accounts.to_ask(now=now, most=SWEEP_MOST)
    for account_id in due:
        send("aurora.ask_uses", account_id, expires=settings.AURORA_SWEEP_EVERY.total_seconds())
    return len(due)


def run(*, account_id: UUID) -> None:
    """Ask one agency about one citizen, or nothing if it is another worker's, not due, or has no address."""
    citizen_id = accounts.citizen_of(account_id)
    if citizen_id is None:
        return
    now = timezone.now()
    with citizen_scope(citizen_id):
        lease = accounts.claim(account_id=account_id, now=now)
    if lease is None:
        return
    crash.reach("ask.before_post")
    try:
        uses = _all_pages(lease, until=now)
        crash.reach("ask.after_post")
        _keep(lease, uses, until=now)
    except (NotAnswered, AnswerRefused) as error:
        with citizen_scope(citizen_id):
            accounts.ask_later(lease, error=error.code, retry_after=getattr(error, "retry_after", 0), now=timezone.now())


def _all_pages(lease: Lease, *, until: datetime) -> list[Use]:
    """Page by page until one is not full. No transaction is open: a slow agency must not keep a row locked."""
    since = max(lease.polled_to - OVERLAP if lease.polled_to else until - batches.OLDEST, until - batches.OLDEST)
    subject = pairwise(citizen_id=lease.citizen_id, agency=lease.agency.code)
    name = str(lease.agency.name["en"])
    found: list[Use] = []
    for page in range(find_usage.MOST_PAGES):
        asked = find_usage.question(subject=subject, since=since, until=until, offset=page * find_usage.LIMIT + 1)
        told = find_usage.parse(_ask(lease, asked), since=since, until=until, default_name=name)
        found += told
        if len(told) < find_usage.LIMIT:
            return found
        with citizen_scope(lease.citizen_id):
            if not accounts.extend(lease, now=timezone.now()):
                raise NotAnswered("timeout")
    raise AnswerRefused(code="answer_too_many")


def _ask(lease: Lease, question: dict[str, object]) -> bytes:
    body = json.dumps(question, separators=(",", ":"), sort_keys=True, ensure_ascii=True).encode()
    named = signature.headers(webhook_id=f"uses-{uuid4()}", timestamp=int(time.time()), body=body, keys=keys.private())
    return usage.ask(lease.address, body=body, headers=named, largest=find_usage.LARGEST)


def _keep(lease: Lease, uses: list[Use], *, until: datetime) -> None:
    """In one transaction with the end of the lease. Raises `AnswerRefused` for what names an entry, a category or a purpose that there is not.

    Of more than a day has room for the oldest are kept, and the rest is asked for tomorrow, from where those end.
    """
    _vocabulary(uses)
    with citizen_scope(lease.citizen_id, durable=True):
        named = report_use.reads_named(lease.citizen_id, lease.agency, uses)
        if any(use.entry_id and use.entry_id not in named for use in uses):
            raise AnswerRefused(code="answer_entry_unknown")
        room = tally.room(citizen_id=lease.citizen_id, agency=lease.agency, now=until) if uses else 0
        touched = accounts.touch(citizen_id=lease.citizen_id, agency=lease.agency, now=until) if uses else None
        new = reports.new_among(citizen_id=lease.citizen_id, agency=lease.agency, uses=uses)[::-1]
        kept = new[:room]
        if not _told(lease, kept, until, all_of_it=len(kept) == len(new)):
            return
        tally.add(citizen_id=lease.citizen_id, agency=lease.agency, uses=len(kept), now=until)
        for use in kept:
            report_use.keep(
                citizen_id=lease.citizen_id, agency=lease.agency, use=use, came=UsageReport.Came.POLL,
                read=named.get(use.entry_id) if use.entry_id else None, now=until,
            )  # fmt: skip
        if touched:
            transaction.on_commit(partial(send, "aurora.reconcile", touched), robust=True)


def _told(lease: Lease, kept: list[Use], until: datetime, *, all_of_it: bool) -> bool:
    if all_of_it:
        return accounts.told_all(lease, until=until, next_at=_next(lease, until))
    logger.warning("%s told more uses of one citizen than a day has room for: the rest is asked for tomorrow.", lease.agency.code)
    return accounts.told_all(lease, until=kept[-1].used_at if kept else lease.polled_to, next_at=tally.tomorrow(until))


def _vocabulary(uses: list[Use]) -> None:
    categories = set(DataCategory.objects.values_list("code", flat=True))
    purposes = set(Purpose.objects.values_list("code", flat=True))
    if not all(set(u.categories) <= categories and (not u.purpose or u.purpose in purposes) for u in uses):
        raise AnswerRefused()


def _next(lease: Lease, now: datetime) -> datetime:
    """Tomorrow while it owes something of the last month; else in a week."""
    owing = Finding.objects.filter(
        citizen_id=lease.citizen_id, agency=lease.agency, state__in=["open", "not_reported", "in_doubt"], at__gte=now - timedelta(days=31)
    ).exists()
    return now + (accounts.ASK_AGAIN if owing else accounts.ASK_AT_LEAST)
