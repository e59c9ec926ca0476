"""A worker makes a copy, however often it dies: each attempt begins anew, in a file and under a key of its own, and deletes what the last one left."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from uuid import UUID

from django.db import OperationalError
from django.utils import timezone

from aurora import crash
from aurora.exports import files, rows
from aurora.exports.files import NoRoom
from aurora.exports.rows import Lease
from aurora.identity.vault import VaultClosed
from aurora.journeys import act_for
from aurora.journeys._export_write import LeaseLost, Pulse, write
from consent import acting
from consent.acting import MandateRefused
from consent.errors import NotFound
from consent.scope import citizen_scope

_SERIALIZATION_FAILURE = "40001"


def run(*, export_id: UUID) -> None:
    """Make one copy, or nothing if it is another worker's or over."""
    citizen_id = rows.citizen_of(export_id)
    if citizen_id is None:
        return
    now = timezone.now()
    with citizen_scope(citizen_id):
        lease = rows.claim(export_id=export_id, now=now)
    if lease is None:
        return
    files.remove(lease.left)
    crash.reach("export.claimed")
    if lease.used_up:
        _failed(lease, "gave_up")
        return
    try:
        with _on_mandate(lease, now):
            _made(lease, now)
    except LeaseLost:
        files.remove(lease.file_id)
    except (MandateRefused, NotFound):
        _failed(lease, "mandate_over")
    except NoRoom as error:
        _failed(lease, error.code)
    except VaultClosed:
        _failed(lease, "unreadable")
    except OperationalError as error:
        # Somebody else wrote to the citizen's log in the very moment, or the database was away: again, in a while.
        if getattr(error.__cause__, "sqlstate", None) != "40001" or lease.attempt >= rows.MAXIMUM_ATTEMPTS:
            raise
        with citizen_scope(citizen_id):
            rows.postpone(lease, code="busy", now=timezone.now())


def _made(lease: Lease, now: datetime) -> None:
    with files.new(lease.file_id) as out, Pulse(lease) as pulse:
        crash.reach("export.begun")
        written, entry_id = write(lease, out, pulse, now=now)
        crash.reach("export.written")
    with citizen_scope(lease.citizen_id):
        done = rows.finish(lease, entry_id=entry_id, size=written.size, sha256=written.sha256, now=timezone.now())
    if not done:
        files.remove(lease.file_id)
    crash.reach("export.finished")


def _on_mandate(lease: Lease, now: datetime) -> AbstractContextManager[None]:
    """Whoever asked acts while it is made, as in their own request: the rules are asked anew. Raises `MandateRefused`, `NotFound`."""
    if lease.mandate_id is None or lease.asked_by is None:
        return nullcontext()
    return acting.use(act_for.acting_for(actor=lease.asked_by, mandate_id=lease.mandate_id, now=now))


def _failed(lease: Lease, code: str) -> None:
    files.remove(lease.file_id)
    with citizen_scope(lease.citizen_id):
        rows.fail(lease, code=code, now=timezone.now())
