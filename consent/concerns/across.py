"""What must be found across citizens: one agency's cases, whose one of them is, what is overdue, counts. By database functions that give no more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection


def of_agency(*, about: str, states: Iterable[str], after: UUID | None, most: int) -> list[tuple[UUID, UUID]]:
    """(case, citizen) of those that one agency (or `aurora`) has to answer, the oldest first, behind a case."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT concern_id, citizen_id FROM consent_concerns_of(%s, %s::text[], %s, %s)", [about, sorted(states), after, most]
        )
        return [(concern_id, citizen_id) for concern_id, citizen_id in cursor.fetchall()]


def citizen_of(*, concern_id: UUID, about: str) -> UUID | None:
    """Whose case it is; None if there is none, or it is another's to answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_concerns_citizen_of(%s, %s)", [concern_id, about])
        found: UUID | None = cursor.fetchone()[0]
    return found


def overdue(*, now: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """(case, citizen) of what should have been answered by now, and whose citizen has not been told. The longest overdue first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT concern_id, citizen_id FROM consent_concerns_overdue(%s, %s)", [now, most])
        return [(concern_id, citizen_id) for concern_id, citizen_id in cursor.fetchall()]


class Count(NamedTuple):
    """How many cases one agency (or `aurora`) has: to be answered, of those late, answered and not closed, closed, of those not satisfied."""

    about: str
    open: int
    overdue: int
    answered: int
    closed: int
    not_satisfied: int


def counts(*, now: datetime) -> list[Count]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM consent_concerns_counts(%s)", [now])
        return [Count(*row) for row in cursor.fetchall()]


class Late(NamedTuple):
    """A case that is overdue: no citizen, no entry, no text."""

    concern_id: UUID
    about: str
    kind: str
    raised_at: datetime
    due_at: datetime


def late(*, now: datetime, most: int) -> list[Late]:
    """The longest overdue first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM consent_concerns_late(%s, %s)", [now, most])
        return [Late(*row) for row in cursor.fetchall()]
