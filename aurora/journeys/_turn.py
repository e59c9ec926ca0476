"""Whether a source may be asked now: not while it is left alone, nor more often than it bears. Who must wait makes no attempt."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from aurora.outbound.oauth import PeerFailed
from aurora.sources import breaker, pace, policy, pulls
from aurora.sources.breaker import Seen
from aurora.sources.found import Found
from aurora.sources.policy import Policy
from aurora.sources.pulls import Lease
from consent.scope import citizen_scope

# Those who waited for a source to recover do not all come at once when it has.
SPREAD_SECONDS = 5.0


@dataclass(frozen=True)
class Turn:
    """The right to ask one source, in `seconds` from now, by what it bears and as it was seen."""

    policy: Policy
    seen: Seen
    seconds: float = 0.0

    @property
    def counted(self) -> bool:
        """Others count on it: of so many a second or at once, or as the one that tries whether the source is up again."""
        return self.policy.limited or self.seen.opened_at is not None


class NotYet(PeerFailed):
    """A pull under way must wait longer for its next request than a worker waits: it goes back, and no attempt was made."""

    def __init__(self, seconds: float) -> None:
        super().__init__("too_many_requests", retry_after=int(seconds) + 1)


def take(pull: Found, *, now: datetime) -> Turn | None:
    """For a pull that is to be claimed, in that transaction. None: it has been put off until its turn may have come."""
    declared, seen, source_id = policy.of(pull.source.settings), pull.seen, pull.source.id
    left_alone = seen.wait(now=now)
    if left_alone is not None:
        pulls.put_off(pull, until=now + left_alone + timedelta(seconds=random.uniform(0, SPREAD_SECONDS)))
        return None
    turn = pace.first(source_id=source_id, pull_id=pull.pull_id, policy=declared, now=now)
    if not turn.granted:
        pulls.put_off(pull, until=now + timedelta(seconds=turn.seconds or 0))
        return None
    if not breaker.admit(source_id=source_id, seen=seen, now=now):
        pulls.put_off(pull, until=now + settings.AURORA_PULL_LEASE)  # another tries whether it answers
        return None
    return Turn(declared, seen, turn.seconds or 0.0)


def another(lease: Lease, declared: Policy) -> None:
    """Before each further request of a pull: wait for its turn, with a lease that lasts. Raises `PeerFailed("lease_lost")`, `NotYet`."""
    turn = pace.another(source_id=lease.source_id, pull_id=lease.pull_id, policy=declared, now=timezone.now())
    if not turn.granted:
        raise NotYet(turn.seconds or 0.0)
    wait(lease, turn.seconds or 0.0)


def wait(lease: Lease, seconds: float) -> None:
    """Until the turn. No transaction is open. What the citizen withdrew meanwhile is not asked for: that took the lease."""
    if seconds <= 0:
        return
    go_on(lease, at_least=timedelta(seconds=seconds) + settings.AURORA_PULL_LEASE)
    time.sleep(seconds)
    go_on(lease)


def go_on(lease: Lease, *, at_least: timedelta = timedelta(0)) -> None:
    """The pull is still ours, for as long again. Raises `PeerFailed("lease_lost")`."""
    with citizen_scope(lease.citizen_id):
        if not pulls.extend(lease, now=timezone.now(), at_least=at_least):
            raise PeerFailed("lease_lost", retryable=False)


def answered(lease: Lease, turn: Turn) -> None:
    """The source has answered: whoever waited because it did not goes on."""
    breaker.answered(source_id=lease.source_id, seen=turn.seen)


def failed(lease: Lease, turn: Turn, error: PeerFailed) -> None:
    """What the source's failure says of it."""
    if error.code in breaker.ANSWERED:
        answered(lease, turn)
    elif not isinstance(error, NotYet):
        breaker.failed(source_id=lease.source_id, error=error, policy=turn.policy, now=timezone.now())
