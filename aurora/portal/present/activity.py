"""What stands above the rows of the activity page: the choices of its filter and the counts of the last days."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from aurora.portal.present.log import ACCESS_SUBJECTS
from aurora.ui import words
from aurora.ui.contexts import EntryKind, PeriodSummary
from consent.ledger import queries as ledger
from consent.ledger.events import Event
from consent.rules import AURORA, CITIZEN


def events_of(kind: str) -> list[str] | None:
    """The events behind one choice of the filter; None for all."""
    if kind not in {k.value for k in EntryKind}:
        return None
    return [e.value for e in Event if words.event_kind(e.value) == kind]


def summary(*, citizen_id: UUID, days: int, now: datetime) -> PeriodSummary:
    """Counts over the last days, made in the database."""
    since = ledger.visible(citizen_id).filter(at__gte=now - timedelta(days=days))
    accesses = since.filter(event__regex=f":({'|'.join(ACCESS_SUBJECTS)}):")
    agencies = accesses.exclude(actor__in=[AURORA, CITIZEN])
    return PeriodSummary(
        days=days,
        accesses=accesses.count(),
        by_agencies=agencies.count(),
        refused=accesses.exclude(decision="permit").count(),
        organisations=agencies.values("actor").distinct().count(),
    )


def agencies_seen(*, citizen_id: UUID) -> list[str]:
    """The agencies that stand in this citizen's log."""
    mine = ledger.visible(citizen_id).exclude(actor__in=[AURORA, CITIZEN])
    return list(mine.order_by("actor").values_list("actor", flat=True).distinct())
