"""Erasing a citizen's access log: asked for by the citizen alone, with thirty days to call it off, done once their data key is destroyed.

The log's part of what becomes of all that is kept of a citizen who leaves: who destroys the key calls `erase` then, if it is due.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from aurora.journeys._log import log
from consent import acting
from consent.breakglass import changes as glass
from consent.concerns import cases
from consent.errors import NotFound
from consent.ledger import erasure
from consent.ledger.events import Event
from consent.rules import CITIZEN
from consent.scope import citizen_scope
from consent.uses import reports


def ask(*, citizen_id: UUID, now: datetime) -> datetime:
    """The first step: the log itself says so from now on. Returns from when on it may be erased. Nobody does this for another: NotFound."""
    _themself()
    with citizen_scope(citizen_id):
        standing = erasure.due_at(citizen_id=citizen_id)
        if standing is not None:
            return standing
        entry = log(citizen_id=citizen_id, event=Event.ERASURE_ASKED, actor=CITIZEN, at=now)
        return erasure.ask(citizen_id=citizen_id, entry_id=entry.entry_id)


def cancel(*, citizen_id: UUID, now: datetime) -> bool:
    """Call it off; False if there is nothing to call off, and then the log says nothing. Raises NotFound for who acts for another."""
    _themself()
    with citizen_scope(citizen_id):
        if erasure.due_at(citizen_id=citizen_id) is None:
            return False
        entry = log(citizen_id=citizen_id, event=Event.ERASURE_CANCELLED, actor=CITIZEN, at=now)
        return erasure.cancel(citizen_id=citizen_id, entry_id=entry.entry_id)


def erase(*, citizen_id: UUID, also: Callable[[], None] | None = None, counts: dict[str, int] | None = None) -> int:
    """The second step, after the data key is destroyed: how many entries went. In the caller's transaction or one of its own.

    With the log goes what other rooms keep about its entries: what agencies reported and how it was matched, delivery notes, the citizen's cases,
    whom break-glass requests were about; and `also`, while the erasure still is one. `counts` is told how much of those went, by part. All of it or
    nothing. Raises `ErasureRefused`.
    """
    with citizen_scope(citizen_id):
        erasure.hold_ready(citizen_id=citizen_id)
        gone = {
            "uses": reports.erase(citizen_id=citizen_id),
            "concerns": cases.erase(citizen_id=citizen_id),
            "break_glass": glass.erase(citizen_id=citizen_id),
        }
        if counts is not None:
            counts.update(gone)
        if also is not None:
            also()
        return erasure.erase(citizen_id=citizen_id)


def _themself() -> None:
    if acting.current() is not None:
        raise NotFound()
