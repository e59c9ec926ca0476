"""A source that keeps failing is left alone for a while, by all workers; then one of them tries. The row is all the state there is.

    closed   `opened_at` is null; `failures` counts those in a row
    open     until `retry_at` nobody asks
    half     `retry_at` has passed: who moves it on, by compare-and-set, may try. A worker that dies over it is followed by another when the
             moved time passes too; an answer closes, a failure makes the next pause longer

What counts is what time can mend and what concerns all alike: no answer, none in time, 5xx, 429. Whatever else the source answers, be it
a refusal of one citizen, is an answer.
"""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F

from aurora.outbound.oauth import PeerFailed
from aurora.sources.models import Breaker
from aurora.sources.policy import Policy

logger = logging.getLogger(__name__)
LONGEST_PAUSE = timedelta(minutes=15)
TIME_MENDS = frozenset({"source_down", "timeout", "too_many_requests"})
ANSWERED = frozenset({"revoked", "wrong_citizen", "invalid_answer", "too_large", "oauth_error"})


@dataclass(frozen=True)
class Seen:
    """A source's breaker as it was read. `opened_at` and `retry_at` are set while it is open."""

    failures: int = 0
    opened_at: datetime | None = None
    retry_at: datetime | None = None

    def wait(self, *, now: datetime) -> timedelta | None:
        """How long it is left alone yet; None when it may be asked, or tried."""
        return self.retry_at - now if self.retry_at is not None and self.retry_at > now else None


def look(*, source_id: UUID) -> Seen:
    """How it stands."""
    found = Breaker.objects.filter(pk=source_id).values_list("failures", "opened_at", "retry_at").first()
    return Seen(*found) if found else Seen()


def admit(*, source_id: UUID, seen: Seen, now: datetime) -> bool:
    """Whether who has `seen` it may ask: of all who find that an open one may be tried, one may, until the lease of a pull is over."""
    if seen.opened_at is None:
        return True
    if seen.wait(now=now) is not None:
        return False
    mine = Breaker.objects.filter(pk=source_id, opened_at=seen.opened_at, retry_at=seen.retry_at)
    return mine.update(retry_at=now + settings.AURORA_PULL_LEASE, tries=F("tries") + 1) == 1


def failed(*, source_id: UUID, error: PeerFailed, policy: Policy, now: datetime) -> None:
    """The source did not answer as a service does that is up. Other errors than those that time mends change nothing."""
    if error.code not in TIME_MENDS:
        return
    row, _ = Breaker.objects.get_or_create(pk=source_id)
    Breaker.objects.filter(pk=source_id).update(failures=F("failures") + 1)
    row.refresh_from_db()
    if row.failures < policy.failures:
        return
    until = now + _pause(policy, row.tries, error.retry_after)
    if row.opened_at is None:
        if Breaker.objects.filter(pk=source_id, opened_at__isnull=True, failures__gte=policy.failures).update(
            opened_at=now, retry_at=until
        ):
            logger.warning("Source %s is left alone after %d failures: %s", source_id, row.failures, error.code)
        return
    # By the one that tried, and by those that were under way when it opened: nobody brings the next try forward.
    Breaker.objects.filter(pk=source_id, opened_at=row.opened_at, retry_at__lt=until).update(retry_at=until)


def answered(*, source_id: UUID, seen: Seen) -> None:
    """The source answers: closed, and counted from nothing. Who has `seen` no failure has none to take back: the next to begin does."""
    if seen == Seen():
        return
    if Breaker.objects.filter(pk=source_id, failures__gt=0).update(failures=0, opened_at=None, retry_at=None, tries=0) and seen.opened_at:
        logger.warning("Source %s answers again, since %s it was left alone.", source_id, seen.opened_at.isoformat(timespec="seconds"))


def _pause(policy: Policy, tries: int, retry_after: int) -> timedelta:
    """Twice as long after each try, with jitter, and never shorter than the source asked for (RFC 9110 10.2.3)."""
    longest = min(LONGEST_PAUSE, timedelta(seconds=policy.pause) * 2 ** min(tries, 10))
    return max(longest * random.uniform(0.75, 1.0), timedelta(seconds=retry_after))
