"""From database functions that return counts only, to the console's page. Cells under ten are suppressed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from django.urls import reverse

from aurora.console import present_monitoring
from aurora.portal.present.vocabulary import Vocabulary
from aurora.sources import connections, pulls
from aurora.sources.pulls import PullCount
from aurora.ui import words
from aurora.ui.contexts import AgencyRole, AgencyRow, ConsoleOverviewPage, Health, PurposeCount, SourceRow, StateCount
from consent import queries
from consent.agencies import NO_ORGANISATION
from consent.ledger import cosignatures
from consent.ledger import queries as ledger
from consent.ledger.models import Checkpoint, Leaf, Pending
from consent.models import Agency

SMALLEST_CELL = 10
TROUBLED = timedelta(hours=1)
SHOWN_ROLES = frozenset(AgencyRole)


def overview(
    *,
    now: datetime,
    agencies_url: str = "",
    models_url: str = "",
    monitoring_url: str = "",
    ledger_url: str = "",
    glass: tuple[str, int] = ("", 0),
) -> ConsoleOverviewPage:
    """The whole page. Queries: agencies, vocabulary, three counting functions, the ledger's head, the newest reports on models."""
    vocabulary = Vocabulary()
    counts = pulls.counts()
    newest: Checkpoint | None = ledger.newest_checkpoint()
    return ConsoleOverviewPage(
        agencies=tuple(
            AgencyRow(a.code, a.name, tuple(AgencyRole(r) for r in a.roles if r in SHOWN_ROLES))
            for a in Agency.objects.exclude(code__in=NO_ORGANISATION).order_by("code")
        ),
        sources=_sources(vocabulary, counts),
        queue=_queue(counts),
        oldest_due_at=min((c.oldest for c in counts if c.state in ("queued", "running")), default=None),
        consents=tuple(
            PurposeCount(vocabulary.purpose(purpose), {}, n if n >= SMALLEST_CELL else None)
            for purpose, state, n in queries.counts()
            if state == "given"
        ),
        ledger_size=Leaf.objects.count(),
        pending_entries=Pending.objects.count(),
        made_at=now,
        checkpoint_at=newest.at if newest else None,
        checkpoint_size=newest.size if newest else 0,
        checkpoint_url="/ledger/checkpoint",
        agencies_url=agencies_url,
        models_url=models_url,
        model_alarms=sum(one.alarms for one in present_monitoring.newest()),
        monitoring_url=monitoring_url,
        ledger_url=ledger_url,
        ledger_alarm=cosignatures.unseen(),
        break_glass_url=glass[0],
        glass_troubles=glass[1],
        withdrawals_url=reverse("console:withdrawals"),
        sources_url=reverse("console:sources"),
        uses_url=reverse("console:uses"),
        concerns_url=reverse("console:concerns"),
        delays_url=reverse("console:delays") if agencies_url else "",
    )


def _queue(counts: list[PullCount]) -> tuple[StateCount, ...]:
    """Of a source that has more in a state than are counted, all of that state are "so many and more"."""
    found: Counter[str] = Counter()
    each: Counter[tuple[str, str]] = Counter()
    for one in counts:
        found["retrying" if one.state == "queued" and one.error else one.state] += one.pulls
        each[one.source, one.state] += one.pulls
    more = {state for (_, state), pulls_ in each.items() if pulls_ >= pulls.COUNTED}
    return tuple(
        StateCount(str(words.pull_state(state)), found[state], more=("queued" if state == "retrying" else state) in more)
        for state in sorted(found)
    )


def _sources(vocabulary: Vocabulary, counts: list[PullCount]) -> tuple[SourceRow, ...]:
    linked = connections.counts()
    rows = []
    for agency in Agency.objects.filter(data_source__isnull=False).order_by("code"):
        success = max((c.newest for c in counts if c.source == agency.code and c.state == "done"), default=None)
        fault = max((c for c in counts if c.source == agency.code and c.error), key=lambda c: c.newest, default=None)
        rows.append(
            SourceRow(
                code=agency.code,
                name=vocabulary.agency(agency.code),
                health=_health(success, fault.newest if fault else None),
                connections=linked.get(agency.code, 0),
                last_success_at=success,
                last_error=str(words.pull_error(fault.error)) if fault else "",
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
