"""How things stand, asked of the database and the broker when Prometheus asks us: queues, dead letters, deliveries, the log, processes. Counts only.

What counts citizens one by one (what waits at a source, fetches that fail, notices on their way) is told in tens, rounded down: a gauge that goes from none
to one tells in that second that somebody was read, or withdrew. What somebody must see to is exact: notices that failed or are overdue.

Where something is away its figures are left out and `aurora_up` says which: an absent figure is an alarm, an old one is none.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID

from celery import current_app
from django.db import connection
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from aurora.sources import certificates, feeds, pulls
from aurora.telemetry import hearts
from consent.ledger import cosignatures
from consent.ledger import queries as ledger
from consent.webhooks import queue as deliveries

logger = logging.getLogger(__name__)
EXACT = ("failed", "overdue")
STEP = 600  # seconds: what has waited for less may be one person's and is no trouble


class Figures:
    """A collector of prometheus_client's."""

    def describe(self) -> list[Metric]:
        """Nothing is asked at registration."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All of it, as of now."""
        up = GaugeMetricFamily("aurora_up", "Whether what Aurora stands on answers.", labels=["part"])
        found: list[Metric] = []
        for part, ask in (("database", _database), ("broker", _broker)):
            try:
                found += list(ask(timezone.now()))
                up.add_metric([part], 1)
            except Exception as error:
                logger.warning("No figures of the %s: %s", part, type(error).__name__)
                connection.close()
                up.add_metric([part], 0)
        yield up
        yield from found


def _database(now: datetime) -> Iterator[Metric]:
    parts: tuple[Callable[[datetime], Iterator[Metric]], ...] = (
        _processes,
        _queues,
        _dead_letters,
        _deliveries,
        _ledger,
        _connections,
        _certificates,
    )
    for part in parts:
        yield from part(now)


def _processes(now: datetime) -> Iterator[Metric]:
    alive = GaugeMetricFamily("aurora_processes_well", "Processes of a kind that said within a minute that they are well.", labels=["kind"])
    seen = hearts.last_seen(now=now)
    for kind in hearts.KINDS:
        alive.add_metric([kind], sum(one.well for one in seen if one.kind == kind))
    yield alive


def _queues(now: datetime) -> Iterator[Metric]:
    depth = GaugeMetricFamily("aurora_queue", "Pulls and feeds that wait at a source, by what they are.", labels=["source", "what"])
    oldest = GaugeMetricFamily("aurora_queue_oldest_seconds", "How long the oldest due feed of a source has waited.", labels=["source"])
    for one in pulls.queues(now=now):
        for what in ("waiting", "refreshes", "running", "due"):
            depth.add_metric([one.source, what], _tens(getattr(one, what)))
        oldest.add_metric([one.source], max((now - one.oldest).total_seconds(), 0) // STEP * STEP if one.oldest else 0)
    yield depth
    yield oldest


def _dead_letters(now: datetime) -> Iterator[Metric]:
    dead = GaugeMetricFamily("aurora_dead_letters", "Feeds that fail, by source and class of error.", labels=["source", "error"])
    total: dict[tuple[str, str], int] = {}
    for one in feeds.failing():
        total[one.source, one.error] = total.get((one.source, one.error), 0) + one.feeds
    for labels, number in sorted(total.items()):
        if _tens(number):  # an error of few has no figure, as one of nobody
            dead.add_metric(list(labels), _tens(number))
    yield dead


def _deliveries(now: datetime) -> Iterator[Metric]:
    counted = GaugeMetricFamily("aurora_deliveries", "Notices to agencies, by what they wait for.", labels=["agency", "state"])
    total: dict[tuple[str, str], int] = {}
    for one in deliveries.counts(now=now):
        for state in ("pending", "failed", "unconfirmed", "overdue"):
            total[one.agency, state] = total.get((one.agency, state), 0) + getattr(one, state)
    for labels, number in sorted(total.items()):
        counted.add_metric(list(labels), number if labels[1] in EXACT else _tens(number))
    yield counted


def _ledger(now: datetime) -> Iterator[Metric]:
    newest = ledger.newest_checkpoint()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), (SELECT entry_id FROM ledger_pending WHERE entry_id IS NOT NULL ORDER BY id LIMIT 1) FROM ledger_pending"
        )
        pending, oldest = cursor.fetchone()
    yield GaugeMetricFamily("aurora_ledger_entries", "Entries in the signed tree.", value=newest.size if newest else 0)
    yield GaugeMetricFamily("aurora_ledger_pending", "Entries that wait for their place in the tree.", value=pending)
    lag = max((now - _time_of(oldest)).total_seconds(), 0) if oldest else 0
    yield GaugeMetricFamily("aurora_ledger_lag_seconds", "How long the oldest of them has waited.", value=lag)
    yield GaugeMetricFamily(
        "aurora_ledger_alarm", "1 while an alarm of the log waits for somebody to look.", value=int(cosignatures.unseen())
    )


def _connections(now: datetime) -> Iterator[Metric]:
    states = GaugeMetricFamily("aurora_database_connections", "Connections of the service's own role.", labels=["state"])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE state = 'idle'), count(*) FILTER (WHERE state LIKE 'idle in%'), "
            "count(*) FILTER (WHERE state NOT LIKE 'idle%'), current_setting('max_connections')::integer "
            "FROM pg_stat_activity WHERE usename = current_user"
        )
        idle, within, active, most = cursor.fetchone()
    for state, number in (("idle", idle), ("idle_in_transaction", within), ("active", active)):
        states.add_metric([state], number)
    yield states
    yield GaugeMetricFamily("aurora_database_connections_limit", "How many the server takes, of all roles.", value=most)


def _certificates(now: datetime) -> Iterator[Metric]:
    left = GaugeMetricFamily(
        "aurora_certificate_seconds_left", "How long the certificate lasts by which Aurora shows itself to a source.", labels=["source"]
    )
    for one in certificates.shown():
        # One that cannot be read opens as little as one that has run out.
        left.add_metric([one.source], max((one.ends_at - now).total_seconds(), 0) if one.ends_at else 0)
    yield left


def _broker(now: datetime) -> Iterator[Metric]:
    with current_app.connection_for_read(connect_timeout=2) as broker:
        name = current_app.conf.task_default_queue
        # As workers declare it, so that it may be there or not.
        waiting = current_app.amqp.queues[name].bind(broker.default_channel).queue_declare().message_count
    yield GaugeMetricFamily("aurora_broker_messages", "Messages to workers that nobody has taken yet.", value=waiting)


def _tens(number: int) -> int:
    return number // 10 * 10


def _time_of(entry: UUID) -> datetime:
    """When an entry was made: its id is a UUIDv7 of that time."""
    return datetime.fromtimestamp((entry.int >> 80) / 1000, UTC)
