"""Turns at a source: no more requests a second, and no more at once, than its operator declares that it bears; over all workers on all hosts.

A request's time is given by one row a source, by the database's clock: each turn moves it on, so a worker that dies has used a turn and holds
none. How many ask at once is counted by the leases of the source's running pulls, each of which makes one request after the other: a worker
that dies gives its place back when its lease runs out. The row is locked from the count to the end of the claim, so that no two count the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection as database

from aurora.sources.policy import Policy

# What a worker waits itself for a turn: for the first request, and, since what was done would be lost, between two of one pull.
AT_FIRST, BETWEEN = 5.0, 30.0


@dataclass(frozen=True)
class Turn:
    """`granted`: `seconds` from now. Else look again after so many, or (None) when another pull of this source has ended."""

    granted: bool
    seconds: float | None


FREE = Turn(True, 0.0)


def first(*, source_id: UUID, pull_id: UUID, policy: Policy, now: datetime) -> Turn:
    """For a pull that is about to be claimed, in the transaction of the claim."""
    if not policy.limited:
        return FREE
    return _ask(source_id, pull_id, policy.a_second, policy.at_once, AT_FIRST, now)


def another(*, source_id: UUID, pull_id: UUID, policy: Policy, now: datetime) -> Turn:
    """For a further request of a pull that is under way."""
    if policy.a_second is None:
        return FREE
    return _ask(source_id, pull_id, policy.a_second, None, BETWEEN, now)


def _ask(source_id: UUID, pull_id: UUID, a_second: float | None, at_once: int | None, patience: float, now: datetime) -> Turn:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT granted, seconds FROM source_turn(%s, %s, %s, %s, %s, %s)", [source_id, pull_id, now, a_second, at_once, patience]
        )
        return Turn(*cursor.fetchone())
