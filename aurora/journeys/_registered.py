"""What guardianships and estates have in common: mandates that a register tells of, and takes back by telling of them no longer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from consent import mandate_changes, mandates
from consent.models import Mandate
from consent.scope import citizen_scope


@dataclass(frozen=True)
class Changes:
    """The mandates that began and that ended with one answer of a register; both sides of each are still to be told."""

    begun: list[Mandate] = field(default_factory=list)
    ended: list[Mandate] = field(default_factory=list)


def registered(holder_id: UUID, kind: Mandate.Kind, source: str) -> list[Mandate]:
    """The mandates of a kind that somebody holds by a register's word. In their scope."""
    mine = mandates.of_party(citizen_id=holder_id).filter(attorney_id=holder_id, kind=kind)
    return list(mine.filter(state__in=[Mandate.State.STANDING, Mandate.State.FROZEN], evidence__source=source))


def end_each(rows: Iterable[Mandate], now: datetime) -> list[Mandate]:
    """End what nothing supports any longer, each in its principal's scope; with what was passed on from it.

    What was passed on comes last: whoever acts on it locks what it came from before it.
    """
    ended = []
    for row in sorted(rows, key=lambda r: (r.parent_id is not None, r.pk)):
        with citizen_scope(row.principal_id):
            ended += mandate_changes.end_without_answer(mandate_id=row.pk, now=now)
    return ended


def last_day(text: str | None) -> date | None:
    """The last day of what a register tells; None without one. Registers write the last one of the calendar where there is none."""
    day = date.fromisoformat(text) if text is not None else None
    return None if day == date.max else day
