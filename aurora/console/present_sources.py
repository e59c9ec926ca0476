"""From database functions that count, and what operators declared, to the console's page of sources."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from aurora.journeys.retry_pulls import NEVER
from aurora.portal.present.vocabulary import Vocabulary
from aurora.sources import feeds, policy, pulls
from aurora.sources.breaker import Seen
from aurora.sources.feeds import Failing
from aurora.sources.models import DataSource
from aurora.sources.pulls import Queue
from aurora.ui import words
from aurora.ui.contexts.queues import FailingRow, FreshnessRow, QueueRow, QueuesPage


def sources(*, now: datetime, may_retry: bool) -> QueuesPage:
    """The whole page. Queries: sources with their breakers, vocabulary, two counting functions."""
    vocabulary = Vocabulary()
    waiting = {queue.source: queue for queue in pulls.queues(now=now)}
    rows = DataSource.objects.select_related("agency", "breaker").order_by("agency__code")
    return QueuesPage(
        sources=tuple(
            _row(source, waiting.get(source.agency.code) or Queue(source.agency.code, 0, 0, 0, 0, None), vocabulary) for source in rows
        ),
        failing=tuple(_failing(one, vocabulary) for one in feeds.failing()),
        retry_url=reverse("console:retry_source") if may_retry else "",
    )


def _row(source: DataSource, queue: Queue, vocabulary: Vocabulary) -> QueueRow:
    breaker = getattr(source, "breaker", None)
    seen = Seen(breaker.failures, breaker.opened_at, breaker.retry_at) if breaker else Seen()
    declared = policy.of(source.settings)
    return QueueRow(
        code=source.agency.code,
        name=vocabulary.agency(source.agency.code),
        in_use=source.active and source.agency.active,
        waiting=queue.waiting,
        refreshes=queue.refreshes,
        running=queue.running,
        due=queue.due,
        oldest_due_at=queue.oldest,
        most=pulls.QUEUED,
        left_alone_since=seen.opened_at,
        retry_at=seen.retry_at,
        failures=seen.failures,
        a_second=declared.a_second,
        at_once=declared.at_once,
        freshness=(
            *(FreshnessRow(vocabulary.category(c), _hours(s)) for c, s in sorted(declared.freshness.items())),
            FreshnessRow(None, _hours(declared.usually)),
        ),
    )


def _hours(seconds: float) -> int:
    return max(1, round(seconds / 3600))


def _failing(one: Failing, vocabulary: Vocabulary) -> FailingRow:
    return FailingRow(
        source_code=one.source,
        source=vocabulary.agency(one.source),
        category=vocabulary.category(one.category),
        reason=str(words.pull_error(one.error)),
        error=one.error,
        count=one.feeds,
        broken=one.broken,
        oldest_at=one.oldest,
        newest_at=one.newest,
        only_citizen=one.error in NEVER,
    )
