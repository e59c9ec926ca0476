"""The OutcomeReport row: totals of a version's quality, which name no citizen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from aurora.twin.models import OutcomeReport


def keep(*, evaluator_id: UUID, quarter: date | None, content: Mapping[str, Any], pairs: Iterable[UUID], now: datetime) -> None:
    """In place of the former one of that quarter. `pairs`: marks of the people counted, and of what was counted of each."""
    values = {"content": dict(content), "pairs": list(pairs), "made_at": now}
    OutcomeReport.objects.update_or_create(evaluator_id=evaluator_id, quarter=quarter, defaults=values)


def pairs_of(*, evaluator_id: UUID) -> dict[date | None, set[UUID]]:
    """By quarter the marks of whom the report that stands has counted."""
    return {row.quarter: set(row.pairs) for row in OutcomeReport.objects.filter(evaluator_id=evaluator_id)}


def looked_at(*, evaluator_id: UUID, evaluations: Iterable[UUID]) -> bool:
    """Whether exactly these evaluations were judged last."""
    found = OutcomeReport.objects.filter(evaluator_id=evaluator_id, quarter=None)
    return found.filter(looked_at=_digest(evaluations)).exists()


def keep_look(*, evaluator_id: UUID, evaluations: Iterable[UUID]) -> None:
    """These evaluations were judged, whether or not a report came of it."""
    OutcomeReport.objects.filter(evaluator_id=evaluator_id, quarter=None).update(looked_at=_digest(evaluations))


def _digest(evaluations: Iterable[UUID]) -> str:
    return hashlib.sha256(b"".join(one.bytes for one in sorted(evaluations))).hexdigest()


def of(*, evaluator_id: UUID) -> list[OutcomeReport]:
    """All together first, then the newest quarter first."""
    return list(OutcomeReport.objects.filter(evaluator_id=evaluator_id).order_by(F("quarter").desc(nulls_first=True)))
