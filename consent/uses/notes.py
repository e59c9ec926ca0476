"""That answers left us: many at once, by a database function that takes notes only of reads which stand in the access log."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from . import match
from .models import DeliveryNote, Scanned

SCAN_AT_ONCE = 3600  # seconds of the log in one statement


def keep(notes: Sequence[tuple[UUID, datetime]]) -> int:
    """Note them: (entry, when its answer had left). How many were new and of a read. One statement."""
    values: list[Any] = [[entry for entry, _ in notes], [at for _, at in notes], match.REPORT_WITHIN]
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_uses_note(%s, %s, %s)", values)
        return int(cursor.fetchone()[0])


def noted(*, citizen_id: UUID, entries: Collection[UUID]) -> frozenset[UUID]:
    """Those of the reads whose answer is known to have left us. In the citizen's scope."""
    found = DeliveryNote.objects.filter(citizen_id=citizen_id, entry_id__in=list(entries))
    return frozenset(found.values_list("entry_id", flat=True))


def scan(*, now: datetime) -> int:
    """Look the log through for reads that should have a note by now and have none, from where the last scan ended; their accounts become due.

    How many accounts. An entry is found by the time in its id; of two scans at once one waits for the other.
    """
    marked, until = 0, now - match.DOUBT_AFTER
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            row, _ = Scanned.objects.select_for_update().get_or_create(pk=1, defaults={"until": until})
            step = min(until, datetime.fromtimestamp(row.until.timestamp() + SCAN_AT_ONCE, UTC))
            if step <= row.until:
                return marked
            cursor.execute("SELECT consent_uses_scan(%s, %s, %s)", [first_id(row.until), first_id(step), now])
            marked += int(cursor.fetchone()[0])
            Scanned.objects.filter(pk=1).update(until=step)


def first_id(at: datetime) -> UUID:
    """The smallest id that an entry of this time can have (RFC 9562, 5.7)."""
    return UUID(int=int(at.timestamp() * 1000) << 80)
