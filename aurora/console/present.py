"""From database functions that return counts only, to the console's page. People are told in tens, as of once a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from django.urls import reverse

from aurora.console import present_break_glass, present_monitoring
from aurora.journeys import waiting
from aurora.journeys.waiting import Waiting
from aurora.sources import certificates, pulls
from aurora.sources.pulls import PullCount
from aurora.telemetry import hearts
from aurora.telemetry.hearts import Seen
from aurora.ui import need_words, words
from aurora.ui.contexts import AgencyRole, ConsoleOverviewPage, Health, SourceRow, StateCount
from aurora.ui.contexts.console import Need, ProcessRow
from consent.concerns import across
from consent.ledger import queries as ledger
from consent.ledger.models import Checkpoint
from consent.models import Agency
from consent.transparency import standing
from consent.webhooks import queue

TROUBLED = timedelta(hours=1)
# States of fetches in the order in which they are told: what goes on first, then what came of it.
QUEUE = ("queued", "running", "retrying", "done", "failed", "cancelled")
# Where on its page something is seen to.
_AT = {"ledger": "#alarms", "monitoring": "#alarms"}
SHOWN_ROLES = frozenset(AgencyRole)


def overview(*, now: datetime, opens: Callable[[str], bool]) -> ConsoleOverviewPage:
    """The whole page. `opens`: whether this operator's roles open a page. Of what they do not open nothing is counted."""
    counts, found, counted = pulls.counts(), waiting.now_waiting(), standing.newest()
    agencies = list(Agency.objects.filter(data_source__isnull=False).select_related("data_source").order_by("code"))
    newest: Checkpoint | None = ledger.newest_checkpoint()
    seen = hearts.last_seen(now=now)
    return ConsoleOverviewPage(
        needs=tuple(_needs(found, seen, agencies, opens, now)),
        processes=tuple(ProcessRow(str(need_words.process(one.kind)), one.place, one.well, one.at) for one in seen),
        sources=_sources(agencies, counts, dict(counted.by["source"]) if counted else {}),
        queue=_queue(counts),
        oldest_due_at=min((c.oldest for c in counts if c.state in ("queued", "running")), default=None),
        ledger_size=newest.size if newest else 0,
        pending_entries=found.unsealed,
        made_at=now,
        checkpoint_at=newest.at if newest else None,
        checkpoint_url="/ledger/checkpoint" if newest else "",
        sources_url=reverse("console:sources") if opens("sources") else "",
        counted_on=counted.day if counted else None,
    )


def _needs(found: Waiting, seen: Iterable[Seen], agencies: list[Agency], opens: Callable[[str], bool], now: datetime) -> Iterator[Need]:
    """The most pressing first. A page that is not for this operator is not asked."""
    well, kinds = {one.kind for one in seen if one.well}, {one.kind for one in seen}
    asked: tuple[tuple[str, str, Callable[[], int]], ...] = (
        ("processes", "overview", lambda: len(kinds - well)),
        ("ledger", "ledger", lambda: found.ledger_alarms),
        ("break_glass", "break_glass", lambda: present_break_glass.for_overview(now=now)[1]),
        ("withdrawals", "withdrawals", lambda: sum(one.failed + one.overdue for one in queue.counts(now=now))),
        ("endings", "withdrawals", lambda: found.endings),
        ("concerns", "concerns", lambda: sum(one.overdue for one in across.counts(now=now))),
        ("feedback", "feedback", lambda: found.feedback),
        ("sources", "sources", lambda: found.left_alone),
        ("certificates", "sources", lambda: _certificates(agencies, now)),
        ("monitoring", "monitoring", lambda: sum(one.alarms for one in present_monitoring.newest())),
        ("agencies", "agencies", lambda: found.agencies),
        ("delays", "delays", lambda: found.delays),
        ("models", "models", lambda: found.models),
        ("suggestion_models", "suggestion_models", lambda: found.suggestion_models),
        ("catalogue", "catalogue", lambda: found.catalogue),
    )
    for code, page, number in asked:
        if opens(page) and (many := number()):
            yield Need(need_words.need(code, many), "" if page == "overview" else reverse(f"console:{page}") + _AT.get(code, ""))


def _certificates(agencies: list[Agency], now: datetime) -> int:
    return sum(one.needs(now=now) for one in certificates.of(agency.data_source for agency in agencies))


def _queue(counts: list[PullCount]) -> tuple[StateCount, ...]:
    """Of a source that has more in a state than are counted, all of that state are "so many and more". What failed for good leads to what was wrong."""
    found: Counter[str] = Counter()
    each: Counter[tuple[str, str]] = Counter()
    for one in counts:
        found["retrying" if one.state == "queued" and one.error else one.state] += one.pulls
        each[one.source, one.state] += one.pulls
    more = {state for (_, state), pulls_ in each.items() if pulls_ >= pulls.COUNTED}
    return tuple(
        StateCount(str(words.pull_state(state)), found[state], more=("queued" if state == "retrying" else state) in more)
        for state in QUEUE
        if found[state]
    )


def _sources(agencies: list[Agency], counts: list[PullCount], people: Mapping[str, int | None]) -> tuple[SourceRow, ...]:
    """People as of their daily count: a live number would tell on the spot that somebody has connected, or has stopped."""
    rows = []
    for agency in agencies:
        success = max((c.newest for c in counts if c.source == agency.code and c.state == "done"), default=None)
        fault = max((c for c in counts if c.source == agency.code and c.error), key=lambda c: c.newest, default=None)
        rows.append(
            SourceRow(
                code=agency.code,
                name=agency.name,
                health=_health(success, fault.newest if fault else None),
                people=people.get(agency.code),
                last_success_at=success,
                last_error=str(words.pull_error_to_officers(fault.error)) if fault else "",
            )
        )
    return tuple(rows)


def _health(success: datetime | None, fault: datetime | None) -> Health:
    """By what happened last: a fault after the last success is a source in trouble, one within the hour before it half a trouble."""
    if success is None:
        return Health.IDLE if fault is None else Health.DOWN
    if fault is None or fault < success - TROUBLED:
        return Health.GOOD
    return Health.DEGRADED if fault < success else Health.DOWN
