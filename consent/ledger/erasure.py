"""Erasing a citizen's log down to its commitments, in two steps. Migration 0005 says why so, and enforces it; only journeys may import this."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import ProgrammingError, connection

from consent.errors import AuroraError
from consent.ledger.models import Erasure


class ErasureRefused(AuroraError):
    """It was not asked for thirty days ago, or was called off, or the citizen's data key is not destroyed yet. Nothing was changed."""

    code = "erasure_refused"
    sentence = "This log cannot be erased now."
    status = 409


def ask(*, citizen_id: UUID, entry_id: UUID) -> datetime:
    """The first step, in the transaction of the entry `citizen:erasure:asked` with this id; from when on the second may follow."""
    due: datetime = _call("ledger_ask_erasure(%s, %s)", citizen_id, entry_id)
    return due


def cancel(*, citizen_id: UUID, entry_id: UUID) -> bool:
    """Call it off, in the transaction of the entry `citizen:erasure:cancelled`. False if there is nothing to call off."""
    return bool(_call("ledger_cancel_erasure(%s, %s)", citizen_id, entry_id))


def due_at(*, citizen_id: UUID) -> datetime | None:
    """From when on the citizen's log may be erased; None if that was not asked for. In their `citizen_scope`."""
    return Erasure.objects.filter(citizen_id=citizen_id).values_list("due_at", flat=True).first()


def hold_ready(*, citizen_id: UUID) -> None:
    """That the second step may be done now, and nobody calls it off until this transaction ends. In their scope. Raises ErasureRefused."""
    _call("ledger_erasure_ready(%s)", citizen_id)


def erase(*, citizen_id: UUID) -> int:
    """The second step, in the citizen's `citizen_scope`: entries and head are gone, and what leads from a leaf to them; how many entries.

    Their commitments stay: who kept a proof can still have it verified. Raises ErasureRefused.
    """
    return int(_call("ledger_erase(%s)", citizen_id))


def _call(function: str, *arguments: UUID) -> Any:
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}", arguments)
            return cursor.fetchone()[0]
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", None) == "42501":
            raise ErasureRefused() from None
        raise
