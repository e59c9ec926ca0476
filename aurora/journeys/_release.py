"""What no consent covers any more is let go: facts, what was derived from them, connection, open pulls."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from aurora.sources import connections, feeds, pulls
from aurora.twin import declared, write
from consent import queries
from consent.rules import AURORA, CITIZEN


def release_uncovered(*, citizen_id: UUID, source: str, now: datetime, keep: bool = False, kept_too: bool = False) -> tuple[int, int]:
    """Erase a source's facts of categories that no live consent covers, or keep them as the citizen's own; with none covered, end the connection.

    `kept_too`: what the citizen kept before goes with it. How many facts went, and how many were kept. In the citizen's scope, in the transaction that changed the consents.
    """
    covered = queries.covered_categories(citizen_id=citizen_id, recipient=AURORA, source=source, at=now)
    held = {c.category_id for c in queries.current_categories(source=source)}
    kept = write.keep(citizen_id=citizen_id, categories=held - covered, source=source, now=now) if keep else 0
    gone = write.erase(citizen_id=citizen_id, categories=held - covered, source=source, kept_too=kept_too)
    if not covered:
        for connection in connections.standing(citizen_id=citizen_id).filter(source__agency__code=source):
            pulls.cancel_open(connection_id=connection.pk, now=now)
            connections.end(connection_id=connection.pk, now=now)
    feeds.end(citizen_id=citizen_id, source=source, categories=held - covered)
    return gone, kept


def release_declared(*, citizen_id: UUID, categories: Iterable[str], asked: bool, keep: bool, now: datetime) -> tuple[int, int]:
    """The same of what the citizen said of themselves: it goes with a consent that they end themselves, unless they keep it.

    `asked`: they end it and were told so. To have said it needs no consent, so a consent that ran out takes nothing along, and what was never
    part of this one stays. How many facts went, and how many were kept by their wish.
    """
    covered = queries.covered_categories(citizen_id=citizen_id, recipient=AURORA, source=CITIZEN, at=now)
    free = set(categories) - covered
    if keep:
        return 0, declared.count(citizen_id=citizen_id, categories=free)
    return (declared.retract(citizen_id=citizen_id, categories=free) if asked and free else 0), 0
