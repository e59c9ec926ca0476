"""One pull: claim and decide, fetch each category, then decide again, log and write in one transaction. Safe to repeat, to lose, to kill.

Source errors that time can mend put the row back with a later due time; the sweep wakes it. Nothing is written before the last step.
What nobody foresaw (an exception of ours, a worker that dies) leaves the row running: the sweep wakes it when the lease has run out, as often
as any pull may be tried, and then it is given up.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from aurora.journeys._fetch import fetch_all
from aurora.journeys._keep import give_up, give_up_or_wait, keep, permitted
from aurora.journeys._wake import send
from aurora.outbound.oauth import PeerFailed
from aurora.sources import pulls
from aurora.sources.pulls import Lease
from consent import queries
from consent.rules import AURORA
from consent.scope import citizen_scope

TASK = "aurora.pull"
SWEEP_MOST = 500


def wake(pull_id: UUID) -> None:
    """Send the message once the transaction is committed. A broker that is away costs nothing: the sweep sends it again."""
    transaction.on_commit(partial(send, TASK, pull_id), robust=True)


def sweep(*, now: datetime) -> int:
    """Wake every pull that is overdue: its message was lost, its worker died, or its time to try again has come. How many."""
    overdue = pulls.overdue(now=now, most=SWEEP_MOST)
    for pull_id in overdue:
        send(TASK, pull_id, expires=settings.AURORA_SWEEP_EVERY.total_seconds())  # the next sweep sends it again
    return len(overdue)


def run(*, pull_id: UUID) -> None:
    """Do one pull, or nothing if it is another worker's or finished."""
    citizen_id = pulls.citizen_of(pull_id)
    lease = _begin(pull_id, citizen_id) if citizen_id is not None else None
    if lease is None:
        return
    try:
        answers, failed = fetch_all(lease)
    except PeerFailed as error:
        give_up_or_wait(lease, error)
        return
    keep(lease, answers, failed)


def _begin(pull_id: UUID, citizen_id: UUID) -> Lease | None:
    """Claim the pull and decide what it may ask for, in one transaction. None: it is not ours, or has ended here without asking."""
    now = timezone.now()
    with citizen_scope(citizen_id):
        # Before the pull's row, as whoever withdraws locks them.
        consents = queries.for_decision(citizen_id=citizen_id, recipient=AURORA)
        lease = pulls.claim(pull_id=pull_id, now=now)
        if lease is None:
            return None
        if lease.used_up:
            give_up(lease)
            return None
        return permitted(lease, consents, now)
