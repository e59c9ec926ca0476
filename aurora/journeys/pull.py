"""One pull: claim and decide, fetch each category, then decide again, log and write in one transaction. Safe to repeat, to lose, to kill.

Source errors that time can mend put the row back with a later due time; the sweep wakes it. Nothing is written before the last step.
What nobody foresaw (an exception of ours, a worker that dies) leaves the row running: the sweep wakes it when the lease has run out, as often
as any pull may be tried, and then it is given up.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from aurora import crash
from aurora.journeys import _turn
from aurora.journeys._fetch import fetch_all
from aurora.journeys._keep import give_up, give_up_or_wait, keep, permitted
from aurora.journeys._turn import NotYet, Turn
from aurora.journeys._wake import send
from aurora.outbound.oauth import PeerFailed
from aurora.sources import pulls
from aurora.sources.found import Found
from aurora.sources.models import Pull
from aurora.sources.pulls import Lease
from aurora.telemetry import metrics, traces
from consent import queries
from consent.rules import AURORA
from consent.scope import citizen_scope, may_be_lost, scope_opened_by

TASK = "aurora.pull"
SWEEP_MOST = 500


def wake(pull_id: UUID) -> None:
    """Send the message once the transaction is committed. A broker that is away costs nothing: the sweep sends it again."""
    transaction.on_commit(partial(_send, pull_id), robust=True)


def _send(pull_id: UUID) -> None:
    crash.reach("pull.before_message")
    send(TASK, pull_id)
    crash.reach("pull.after_message")


def sweep(*, now: datetime) -> int:
    """Wake what is overdue: its message was lost, its worker died, or its time to try again has come. Those that citizens wait for come first. How many."""
    overdue = pulls.overdue(now=now, most=SWEEP_MOST)
    for pull_id in overdue:
        send(TASK, pull_id, expires=settings.AURORA_SWEEP_EVERY.total_seconds())  # the next sweep sends it again
    return len(overdue) + wake_refreshes(now=now)


def wake_refreshes(*, now: datetime) -> int:
    """Send messages for refreshes, as far as there is room: however many are due, a citizen's pull finds few before it. How many."""
    lasts = settings.AURORA_PULL_LEASE
    found = pulls.refreshes(now=now, until=now + lasts, at_once=settings.AURORA_REFRESHES_AT_ONCE)
    for pull_id in found:
        send(TASK, pull_id, expires=lasts.total_seconds())
    return len(found)


def run(*, pull_id: UUID) -> None:
    """Do one pull, or nothing if it is another worker's or finished, or if its source is to be left alone now. Then wake what comes next."""
    begun = _begin(pull_id)
    if begun is None:
        return
    crash.reach("pull.begun")
    if isinstance(begun, Begun):
        _do(begun)
        crash.reach("pull.before_next")
        _wake_waiting(begun)
    if begun.refresh:  # no other held a place
        wake_refreshes(now=timezone.now())


@dataclass(frozen=True)
class Begun:
    """A pull that is ours, what was found of it, and the right to ask its source."""

    lease: Lease
    found: Found
    turn: Turn

    @property
    def refresh(self) -> bool:
        return self.found.priority == Pull.Priority.REFRESH


@dataclass(frozen=True)
class Over:
    """It ended, or was put off, without asking."""

    refresh: bool


def _begin(pull_id: UUID) -> Begun | Over | None:
    """Claim the pull and decide what it may ask for, in one transaction. None: it is not ours."""
    now = timezone.now()
    with scope_opened_by(partial(pulls.open_scope, pull_id)) as citizen_id:
        if citizen_id is None:
            return None
        # Before the pull's row, as whoever withdraws locks them.
        consents = queries.for_decision(citizen_id=citizen_id, recipient=AURORA)
        found = pulls.look(pull_id=pull_id, citizen_id=citizen_id, now=now)
        if found is None:
            return None
        over = Over(found.priority == Pull.Priority.REFRESH)
        turn = None if pulls.is_used_up(found) else _turn.take(found, now=now)
        if turn is None and not pulls.is_used_up(found):
            return over
        crash.reach("pull.turn_taken")
        lease = pulls.claim(found, now=now)
        crash.reach("pull.claimed")
        if lease is None:
            return None
        if turn is None:
            give_up(lease)
            return over
        allowed = permitted(lease, found.source, consents, now)
        if allowed is None:
            return over
        if not turn.counted:
            may_be_lost()  # then it is due as it was, and nobody counts on this attempt
        return Begun(allowed, found, turn)


def _do(begun: Begun) -> None:
    since, source = time.perf_counter(), begun.found.source.code
    with traces.calling(source), traces.step(f"pull {source}", peer=source) as step:
        outcome = _fetch_and_keep(begun)
        step.also(outcome=outcome, failed=outcome not in ("answered", "later"))
    metrics.pulled(source=source, outcome=outcome, seconds=time.perf_counter() - since)


def _fetch_and_keep(begun: Begun) -> str:
    """What became of it: `answered`, `later`, or the code of what went wrong."""
    lease, turn = begun.lease, begun.turn
    try:
        _turn.wait(lease, turn.seconds)
        fetched = fetch_all(lease, begun.found, turn.policy)
    except NotYet as later:
        with citizen_scope(lease.citizen_id):
            pulls.hand_back(lease, until=timezone.now() + timedelta(seconds=later.retry_after))
        return "later"
    except PeerFailed as error:
        _turn.failed(lease, turn, error)
        give_up_or_wait(lease, error)
        return error.code
    _turn.answered(lease, turn)
    keep(lease, begun.found, fetched)
    return "answered"


def _wake_waiting(begun: Begun) -> None:
    """Whoever found as many at this source as it bears, or found it left alone, waits for this pull to end."""
    if begun.turn.policy.at_once is None and begun.turn.seen.opened_at is None:
        return
    waiting = pulls.waiting_of(source_id=begun.lease.source_id, now=timezone.now())
    if waiting is not None and waiting != begun.lease.pull_id:
        send(TASK, waiting, expires=settings.AURORA_SWEEP_EVERY.total_seconds())
