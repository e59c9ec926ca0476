"""From database functions that count, and what operators declared, to the console's page of sources."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from aurora.journeys.retry_pulls import NEVER
from aurora.portal.present.vocabulary import Vocabulary
from aurora.sources import certificates, feeds, policy, pulls
from aurora.sources.breaker import Seen
from aurora.sources.certificates import Shown
from aurora.sources.feeds import Failing
from aurora.sources.models import DataSource
from aurora.sources.pulls import Durations, Queue
from aurora.ui import formats, words
from aurora.ui.contexts.queues import FailingRow, FreshnessRow, QueueRow, QueuesPage


def sources(*, now: datetime, may_retry: bool) -> QueuesPage:
    """The whole page. Queries: sources with their breakers, vocabulary, three counting functions."""
    vocabulary = Vocabulary()
    waiting = {queue.source: queue for queue in pulls.queues(now=now)}
    took = {one.source: one for one in pulls.durations()}
    rows = list(DataSource.objects.select_related("agency", "breaker").order_by("agency__code"))
    ours = {one.source: one for one in certificates.of(rows)}
    return QueuesPage(
        sources=tuple(
            _row(
                source,
                waiting.get(source.agency.code) or Queue(source.agency.code, 0, 0, 0, 0, None),
                took.get(source.agency.code),
                vocabulary,
                ours.get(source.agency.code),
                now,
            )
            for source in rows
        ),
        failing=tuple(_failing(one, vocabulary) for one in feeds.failing()),
        retry_url=reverse("console:retry_source") if may_retry else "",
    )


def _row(
    source: DataSource, queue: Queue, took: Durations | None, vocabulary: Vocabulary, certificate: Shown | None, now: datetime
) -> QueueRow:
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
        connector=str(words.connector(source.connector)),
        signs=bool(source.settings.get("signature")),
        pause=round(declared.pause),
        last_success_at=took.last_success if took else None,
        half_took=_seconds(took.p50) if took else "",
        most_took=_seconds(took.p95) if took else "",
        certificate_ends_at=certificate.ends_at if certificate else None,
        certificate_needs=certificate is not None and certificate.needs(now=now),
    )


def _seconds(found: float | None) -> str:
    """Tenths are enough, and none of them is no time at all."""
    return "" if found is None else formats.measure(max(0.1, round(found, 1)))


def _hours(seconds: float) -> int:
    return max(1, round(seconds / 3600))


def _failing(one: Failing, vocabulary: Vocabulary) -> FailingRow:
    return FailingRow(
        source_code=one.source,
        source=vocabulary.agency(one.source),
        category=vocabulary.category(one.category),
        reason=str(words.pull_error_to_officers(one.error)),
        error=one.error,
        count=one.feeds,
        broken=one.broken,
        oldest_at=one.oldest,
        newest_at=one.newest,
        only_citizen=one.error in NEVER,
    )
