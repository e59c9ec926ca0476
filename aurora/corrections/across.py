"""What must be found across citizens: one source's requests, whose one of them is, what is overdue, counts. By database functions that give no more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection


def of_source(*, source: str, states: Iterable[str], after: UUID | None, most: int) -> list[tuple[UUID, UUID]]:
    """(request, citizen) of those that one source has to answer or has answered, the oldest first, behind a request."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT correction_id, citizen_id FROM corrections_of(%s, %s::text[], %s, %s)", [source, sorted(states), after, most]
        )
        return [(correction_id, citizen_id) for correction_id, citizen_id in cursor.fetchall()]


def citizen_of(*, correction_id: UUID, source: str) -> UUID | None:
    """Whose request it is; None if there is none, or it is another's to answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT corrections_citizen_of(%s, %s)", [correction_id, source])
        found: UUID | None = cursor.fetchone()[0]
    return found


def overdue(*, now: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """(request, citizen) of what should have been answered by now, and whose citizen has not been told. The longest overdue first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT correction_id, citizen_id FROM corrections_overdue(%s, %s)", [now, most])
        return [(correction_id, citizen_id) for correction_id, citizen_id in cursor.fetchall()]


class Count(NamedTuple):
    """How many requests one source has: to be answered, of those late, corrected, refused, taken back. No citizen, no fact."""

    source: str
    open: int
    overdue: int
    corrected: int
    refused: int
    closed: int


def counts(*, now: datetime) -> list[Count]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM corrections_counts(%s)", [now])
        return [Count(*row) for row in cursor.fetchall()]
