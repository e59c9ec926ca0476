"""From database functions that return counts only, to the console's page. Cells under ten are suppressed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from aurora.portal.present.vocabulary import Vocabulary
from aurora.sources import connections, pulls
from aurora.ui import words
from aurora.ui.contexts import AgencyRole, AgencyRow, ConsoleOverviewPage, Health, PurposeCount, SourceRow, StateCount
from consent import queries
from consent.ledger import queries as ledger
from consent.ledger.models import Checkpoint, Leaf, Pending
from consent.models import Agency

SMALLEST_CELL = 10
SHOWN_ROLES = frozenset(AgencyRole)


def overview(*, now: datetime) -> ConsoleOverviewPage:
    """The whole page. Queries: agencies, vocabulary, three counting functions, the ledger's head."""
    vocabulary = Vocabulary()
    counts = pulls.counts()
    newest: Checkpoint | None = ledger.newest_checkpoint()
    return ConsoleOverviewPage(
        agencies=tuple(
            AgencyRow(a.code, a.name, tuple(AgencyRole(r) for r in a.roles if r in SHOWN_ROLES)) for a in Agency.objects.order_by("code")
        ),
        sources=_sources(vocabulary, counts),
        queue=_queue(counts),
        oldest_due_at=min((oldest for _, state, _, _, oldest in counts if state in ("queued", "running")), default=None),
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
    )


def _queue(counts: list[tuple[str, str, str, int, datetime]]) -> tuple[StateCount, ...]:
    found: Counter[str] = Counter()
    for _, state, error, n, _ in counts:
        found["retrying" if state == "queued" and error else state] += n
    return tuple(StateCount(str(words.pull_state(state)), found[state]) for state in sorted(found))


def _sources(vocabulary: Vocabulary, counts: list[tuple[str, str, str, int, datetime]]) -> tuple[SourceRow, ...]:
    linked = connections.counts()
    rows = []
    for agency in Agency.objects.filter(data_source__isnull=False).order_by("code"):
        done = sum(n for source, state, _, n, _ in counts if source == agency.code and state == "done")
        failing = [(error, n) for source, _, error, n, _ in counts if source == agency.code and error]
        rows.append(
            SourceRow(
                code=agency.code,
                name=vocabulary.agency(agency.code),
                health=_health(done, sum(n for _, n in failing)),
                connections=linked.get(agency.code, 0),
                last_error=str(words.pull_error(failing[0][0])) if failing else "",
            )
        )
    return tuple(rows)


def _health(done: int, failing: int) -> Health:
    if not done and not failing:
        return Health.IDLE
    if not failing:
        return Health.GOOD
    return Health.DEGRADED if done else Health.DOWN
