"""The uses of the last thirty days, counted in the database in one go: what the summaries and the picture are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from aurora.portal.present import log
from aurora.ui.contexts import PeriodSummary
from aurora.ui.uses import DAYS, Uses
from consent import days
from consent.ledger import queries as ledger
from consent.ledger.events import Event
from consent.rules import AURORA, CITIZEN

ACCESSES = sorted(event.value for event in log.ACCESSES)
REFUSALS = [event.value for event in Event if event.is_refusal]


def count(*, citizen_id: UUID, now: datetime) -> tuple[Uses, ...]:
    """The last 30 days, today among them. One query, within `citizen_scope`; an attorney's counts are of what they may see."""
    since = days.start_of(days.day_of(now) - timedelta(days=DAYS - 1))
    found = (
        ledger.visible(citizen_id, since=since)
        .filter(event__in=ACCESSES)
        .annotate(day=TruncDate("at", tzinfo=timezone.get_default_timezone()))
        .values("day", "actor")
        .annotate(uses=Count("pk"), refused=Count("pk", filter=Q(event__in=REFUSALS)))
        .order_by("day", "actor")
    )
    return tuple(part for row in found for part in _parts(row))


def _parts(row: Mapping[str, Any]) -> Iterable[Uses]:
    for refused, uses in ((False, row["uses"] - row["refused"]), (True, row["refused"])):
        if uses:
            yield Uses(row["day"], row["actor"], refused, uses)


def summary(found: Iterable[Uses], *, days: int, today: date) -> PeriodSummary:
    """Today and the days before it, `days` in all."""
    within = [one for one in found if one.day > today - timedelta(days=days)]
    agencies = [one for one in within if one.actor not in (AURORA, CITIZEN)]
    return PeriodSummary(
        days=days,
        accesses=sum(one.uses for one in within),
        by_agencies=sum(one.uses for one in agencies),
        refused=sum(one.uses for one in within if one.refused),
        organisations=len({one.actor for one in agencies}),
    )
