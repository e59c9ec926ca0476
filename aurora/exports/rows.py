"""The Export row: queued, claimed under a lease, ended once, deleted in time. All moves are compare-and-set; in a `citizen_scope`."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection as database
from django.db.models import F, QuerySet

from aurora.exports import seal
from aurora.exports.models import Export
from aurora.identity import vault

MAXIMUM_ATTEMPTS = 5
KEPT = timedelta(days=7)
MOST_DOWNLOADS = 3
A_DAY = 5
# Of one that is over, the row says for a month that it was.
REMEMBERED = timedelta(days=30)
State = Export.State
_GONE = {"key_sealed": None, "lock": None, "file_id": None, "salt": None, "lease_token": None, "lease_until": None, "part": ""}


@dataclass(frozen=True)
class Lease:
    """The right to write one export's file; another worker's claim makes the token stale. `left`: a file of an attempt that came to nothing."""

    export_id: UUID
    citizen_id: UUID
    mandate_id: UUID | None
    asked_by: UUID | None
    language: str
    token: UUID
    attempt: int
    file_id: UUID
    salt: bytes = field(repr=False)
    key: bytes = field(repr=False)
    left: UUID | None = None

    @property
    def used_up(self) -> bool:
        """Every attempt was made, and not one worker lived to say how it ended."""
        return self.attempt > MAXIMUM_ATTEMPTS


def of(*, citizen_id: UUID, mandate_id: UUID | None) -> QuerySet[Export]:
    """Those that the citizen asked for themself, or that were asked for on this mandate, newest first."""
    return Export.objects.filter(citizen_id=citizen_id, mandate_id=mandate_id).order_by("-requested_at", "pk")


def asked_since(*, citizen_id: UUID, mandate_id: UUID | None, since: datetime) -> int:
    return of(citizen_id=citizen_id, mandate_id=mandate_id).filter(requested_at__gt=since).count()


def enqueue(*, row: Export, key: bytes) -> bool:
    """Keep a new one, due now. False: another is live, which the database alone can say for sure."""
    row.key_sealed = vault.seal(key, citizen_id=row.citizen_id, context=_place(row.pk))
    Export.objects.bulk_create([row], ignore_conflicts=True)
    return Export.objects.filter(pk=row.pk).exists()


def claim(*, export_id: UUID, now: datetime) -> Lease | None:
    """Take one that is due, or whose lease ran out; it begins anew, in a file of its own. None: another's, or over."""
    former = Export.objects.filter(pk=export_id).values_list("file_id", flat=True).first()
    token, salt = uuid.uuid4(), secrets.token_bytes(seal.SALT_BYTES)
    values: dict[str, Any] = {
        "state": State.RUNNING, "lease_token": token, "lease_until": now + settings.AURORA_PULL_LEASE, "attempt": F("attempt") + 1,
        "file_id": uuid.uuid4(), "salt": salt, "part": "", "percent": 0,
    }  # fmt: skip
    due = Export.objects.filter(pk=export_id, state=State.QUEUED, due_at__lte=now, file_id=former)
    abandoned = Export.objects.filter(pk=export_id, state=State.RUNNING, lease_until__lte=now, file_id=former)
    if due.update(**values) + abandoned.update(**values) != 1:
        return None
    row = Export.objects.get(pk=export_id)
    assert row.file_id is not None
    return Lease(
        row.pk, row.citizen_id, row.mandate_id, row.asked_by, row.language, token, row.attempt, row.file_id, salt, key_of(row), former
    )  # fmt: skip


def key_of(row: Export) -> bytes:
    """The file's key. Raises `VaultClosed` when the citizen's key is gone."""
    return vault.open_sealed(row.key_sealed or b"", citizen_id=row.citizen_id, context=_place(row.pk))


def note(lease: Lease, *, part: str, percent: int, now: datetime) -> bool:
    """How far it is, and that somebody is at it still. False: the lease is another's, or the export was ended: stop."""
    return _held(lease).update(part=part[:32], percent=percent, lease_until=now + settings.AURORA_PULL_LEASE) == 1


def finish(lease: Lease, *, entry_id: UUID, size: int, sha256: str, now: datetime) -> bool:
    """The file is there. True for the one caller that said so."""
    done = {
        "state": State.DONE, "entry_id": entry_id, "size": size, "sha256": sha256, "finished_at": now, "expires_at": now + KEPT, "percent": 100,
        "part": "", "lease_token": None, "lease_until": None,
    }  # fmt: skip
    return _held(lease).update(**done) == 1


def fail(lease: Lease, *, code: str, now: datetime, entry_id: UUID | None = None) -> bool:
    """It comes to nothing, and its key goes. The file is the caller's to remove."""
    return _held(lease).update(**_GONE, state=State.FAILED, code=code, entry_id=entry_id, finished_at=now) == 1


def postpone(lease: Lease, *, code: str, now: datetime) -> bool:
    """Another attempt in a while. The file is the caller's to remove."""
    again = {"state": State.QUEUED, "due_at": now + timedelta(seconds=2.0 * 2**lease.attempt), "code": code}
    return _held(lease).update(**again, part="", percent=0, file_id=None, salt=None, lease_token=None, lease_until=None) == 1


def relock(row: Export, *, lock: dict[str, Any]) -> bool:
    """A new passphrase in place of the one before."""
    return Export.objects.filter(pk=row.pk, state__in=Export.LIVE).update(lock=lock) == 1


def take(*, export_id: UUID, now: datetime) -> Export | None:
    """Count a download of one that is there, as it was before. None: it is over, or has been fetched often enough."""
    row = Export.objects.select_for_update(of=("self",)).filter(pk=export_id, state=State.DONE, expires_at__gt=now).first()
    if row is None or row.downloads >= MOST_DOWNLOADS:
        return None
    Export.objects.filter(pk=row.pk).update(downloads=F("downloads") + 1)
    row.downloads += 1
    return row


def end(*, export_id: UUID, code: str, now: datetime) -> list[UUID]:
    """No more of it: its key goes now. The file that the caller is to remove, if there is one; [] too where it was over already."""
    row = Export.objects.select_for_update(of=("self",)).filter(pk=export_id, state__in=Export.LIVE).first()
    if row is None:
        return []
    Export.objects.filter(pk=row.pk).update(**_GONE, state=State.EXPIRED, code=code, finished_at=now)
    return [row.file_id] if row.file_id else []


def citizen_of(export_id: UUID) -> UUID | None:
    """Whose it is; None for a row that does not exist."""
    with database.cursor() as cursor:
        cursor.execute("SELECT citizen_of_export(%s)", [export_id])
        found: UUID | None = cursor.fetchone()[0]
    return found


def overdue(*, now: datetime, most: int) -> list[UUID]:
    """Those that wait past their time, or whose worker let its lease run out."""
    with database.cursor() as cursor:
        cursor.execute("SELECT export_id FROM overdue_exports(%s, %s)", [now, most])
        return [row[0] for row in cursor.fetchall()]


def run_out(*, now: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """(export, citizen) of files whose time is over, over all citizens, by a function that gives ids only."""
    with database.cursor() as cursor:
        cursor.execute("SELECT export_id, citizen_id FROM exports_run_out(%s, %s)", [now, most])
        return [(export_id, citizen_id) for export_id, citizen_id in cursor.fetchall()]


def long_over(*, before: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """(export, citizen) of those that came to an end before, over all citizens, by a function that gives ids only."""
    with database.cursor() as cursor:
        cursor.execute("SELECT export_id, citizen_id FROM exports_over_since(%s, %s)", [before, most])
        return [(export_id, citizen_id) for export_id, citizen_id in cursor.fetchall()]


def _held(lease: Lease) -> QuerySet[Export]:
    return Export.objects.filter(pk=lease.export_id, state=State.RUNNING, lease_token=lease.token)


def _place(export_id: UUID) -> bytes:
    return b"export-key:" + export_id.bytes
