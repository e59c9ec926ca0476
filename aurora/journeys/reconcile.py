"""What an agency says it used beside what it got, for one citizen at a time: again whenever something new has come, and when something falls due.

The row is the account: `due_at` says that there is something to do, a message only wakes.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from aurora import crash
from aurora.identity.keys import pairwise
from aurora.journeys._wake import send
from consent.ledger.events import Event
from consent.ledger.models import LedgerEntry
from consent.models import Agency
from consent.scope import citizen_scope
from consent.uses import accounts, findings, match, notes, reports
from consent.uses.match import Delivery, Report
from consent.uses.models import Account

logger = logging.getLogger(__name__)
SWEEP_MOST = 500
BACK = timedelta(days=400)  # what is older stays as it was found
MOST = 5_000  # reads, and reports, of one agency about one citizen: the newest


def sweep(*, now: datetime) -> int:
    """Wake every account that is due. How many."""
    due = accounts.due(now=now, most=SWEEP_MOST)
    for account_id in due:
        send("aurora.reconcile", account_id, expires=settings.AURORA_SWEEP_EVERY.total_seconds())
    return len(due)


def look_through(*, now: datetime) -> int:
    """Find reads whose answer is not known to have left us, and name the accounts that have no name yet. How many accounts became due."""
    accounts.name(pairwise=pairwise)
    return notes.scan(now=now)


def run(*, account_id: UUID) -> int:
    """Reconcile one account, unless it is gone. How many findings changed."""
    citizen_id = accounts.citizen_of(account_id)
    if citizen_id is None:
        return 0
    with citizen_scope(citizen_id, durable=True):
        account, now = accounts.locked(account_id), timezone.now()
        if account is None:
            return 0
        changed = _reconciled(account, now)
        crash.reach("reconcile.before_commit")
    return changed


def _reconciled(account: Account, now: datetime) -> int:
    citizen_id, agency = account.citizen_id, account.agency
    since = now - BACK
    reads, told = deliveries(citizen_id, agency, since), _reports(citizen_id, agency, since)
    # Where there is more than is looked at, what lies before all of it stays as it was found; a pair of which one lies before stands too.
    cut = [rows[0].at if isinstance(rows[0], Delivery) else rows[0].used_at for rows in (reads, told) if len(rows) == MOST]
    since = max([since, *cut])
    stand = findings.standing(citizen_id=citizen_id, agency=agency, since=since)
    reads, told = [d for d in reads if d.entry_id not in stand.entries], [r for r in told if r.report_id not in stand.reports]
    # All reads: reports without end are no way to have one forgotten.
    found = match.reconcile(reads, [r for r in told if r.used_at >= since], now)
    changed = findings.write(citizen_id=citizen_id, agency=agency, found=found, since=since, now=now, stand=stand)
    accounts.settled(account, due_at=match.next_due(found, now))
    return changed


def deliveries(citizen_id: UUID, agency: Agency, since: datetime) -> list[Delivery]:
    """The agency's reads that were allowed, oldest first. In the citizen's scope."""
    rows = LedgerEntry.objects.filter(citizen_id=citizen_id, actor=agency.code, event=Event.AGENCY_READ.value, at__gte=since)
    newest = list(rows.order_by("-seq").values_list("pk", "at", "purpose", "categories")[:MOST])
    known = notes.noted(citizen_id=citizen_id, entries=[pk for pk, *_ in newest])
    return sorted(
        (Delivery(pk, at, agency.code, purpose or "", tuple(categories), pk in known) for pk, at, purpose, categories in newest),
        key=lambda d: d.at,
    )


def _reports(citizen_id: UUID, agency: Agency, since: datetime) -> list[Report]:
    rows = reports.of_account(citizen_id=citizen_id, agency=agency, since=since, most=MOST)
    return [Report(r.pk, r.used_at, r.receiver_code, r.purpose, tuple(r.categories), r.entry_id) for r in reversed(rows)]
