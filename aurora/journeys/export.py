"""A citizen takes along a copy of all that Aurora holds of them (GDPR art. 15 and 20): asked for in a page, made by a worker, fetched sealed.

The passphrase is shown once, by `ask` or `new_passphrase`, and kept nowhere. The file is sealed before it lies on the disk (`aurora.exports.seal`), lies
there for a week or three downloads, and is deleted with its key. Reading is an entry of the log, and each download one of its own.

Whoever acts for another asks for a copy of their own, on their mandate, and a worker makes it on that mandate: what they may not see is not in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, BinaryIO
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction

from aurora.exports import files, rows, seal
from aurora.exports.models import Export
from aurora.journeys._export_run import run
from aurora.journeys._log import confirm, log
from aurora.journeys._wake import send
from aurora.ui import export_page
from consent import acting
from consent.errors import AuroraError, NotFound
from consent.ledger.events import Event
from consent.rules import CITIZEN
from consent.rules.mandates import Deed
from consent.scope import citizen_scope

__all__ = [
    "Asked", "Download", "FileGone", "Progress", "TooManyExports", "ask", "delete", "download", "expire", "new_passphrase", "newest", "progress", "run", "sweep",
]  # fmt: skip
TASK = "aurora.export"
SWEEP_MOST = 500
State = Export.State


class TooManyExports(AuroraError):
    """As many copies as a day may have: each reads everything."""

    code = "too_many_exports"
    sentence = "You have asked for as many copies as a day may have. Try again tomorrow."
    status = 429
    retryable = True


class FileGone(AuroraError):
    """The file is there no more, or is not the one that was written: the citizen may ask for another."""

    code = "export_gone"
    sentence = "The file is no longer there. Ask for a new one."
    status = 410


@dataclass(frozen=True)
class Asked:
    """The copy that is under way after this call. `passphrase` "" where one was under way before: nobody has its passphrase any more but who was shown it."""

    export_id: UUID
    passphrase: str = field(default="", repr=False)


@dataclass(frozen=True)
class Progress:
    """How a copy stands. `code`: why it failed, or went before its time."""

    id: UUID
    state: State
    part: str
    percent: int
    requested_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None
    size: int | None
    downloads_left: int
    code: str

    @property
    def open(self) -> bool:
        return self.state in Export.OPEN


@dataclass(frozen=True)
class Download:
    """A file on its way out: `name` for the browser, `pieces` of the page that it is. It stays readable though it may be deleted already."""

    name: str
    pieces: Iterator[bytes] = field(repr=False)


def ask(*, citizen_id: UUID, language: str, now: datetime) -> Asked:
    """Have a copy made: the one that is under way, else a new one, in place of a finished one. Raises `MandateRefused`, `TooManyExports`."""
    mandate_id, attorney = _whose()
    export_id = uuid4()
    secret = seal.locked(key=seal.new_key(), export_id=export_id)  # a third of a second, and no transaction is open
    with citizen_scope(citizen_id):
        confirm(citizen_id=citizen_id, now=now, deed=Deed.EXPORT)
        mine = rows.of(citizen_id=citizen_id, mandate_id=mandate_id)
        standing = mine.filter(state__in=Export.LIVE).first()
        if standing is not None and standing.state in Export.OPEN:
            return Asked(standing.pk)
        if rows.asked_since(citizen_id=citizen_id, mandate_id=mandate_id, since=now - timedelta(days=1)) >= rows.A_DAY:
            raise TooManyExports()
        if standing is not None:
            _end(standing.pk, "replaced", now)
        row = Export(
            id=export_id, citizen_id=citizen_id, mandate_id=mandate_id, asked_by=attorney, language=language, due_at=now, requested_at=now,
            lock=secret.lock,
        )  # fmt: skip
        if not rows.enqueue(row=row, key=secret.key):  # another tab was faster
            return Asked(mine.filter(state__in=Export.LIVE).values_list("pk", flat=True).get())
        transaction.on_commit(partial(send, TASK, export_id), robust=True)
    return Asked(export_id, secret.passphrase)


def new_passphrase(*, citizen_id: UUID, export_id: UUID, now: datetime) -> str:
    """Another passphrase for a copy that is there or under way: the one before opens no later download. Raises `MandateRefused`, `NotFound`."""
    with citizen_scope(citizen_id):
        confirm(citizen_id=citizen_id, now=now, deed=Deed.EXPORT)
        key = rows.key_of(_one(citizen_id, export_id, Export.LIVE))
    secret = seal.locked(key=key, export_id=export_id)
    with citizen_scope(citizen_id):
        confirm(citizen_id=citizen_id, now=now, deed=Deed.EXPORT)  # making the key took its time
        if not rows.relock(_one(citizen_id, export_id, Export.LIVE), lock=secret.lock):
            raise NotFound()
    return secret.passphrase


def newest(*, citizen_id: UUID) -> Progress | None:
    """The copy that who is here asked for last."""
    with citizen_scope(citizen_id):
        row = rows.of(citizen_id=citizen_id, mandate_id=_whose()[0]).first()
    return _progress(row) if row else None


def progress(*, citizen_id: UUID, export_id: UUID) -> Progress:
    """How one stands. Raises `NotFound`, also for somebody else's."""
    with citizen_scope(citizen_id):
        return _progress(_one(citizen_id, export_id, State.values))


def delete(*, citizen_id: UUID, export_id: UUID, now: datetime) -> None:
    """Delete the file and its key at once; one under way comes to nothing. Raises `MandateRefused`, `NotFound`."""
    with citizen_scope(citizen_id):
        confirm(citizen_id=citizen_id, now=now, deed=Deed.EXPORT)
        _end(_one(citizen_id, export_id, Export.LIVE).pk, "deleted", now)


def download(*, citizen_id: UUID, export_id: UUID, now: datetime) -> Download:
    """Fetch a file: an entry of its own, noted before the first byte leaves. The third download is the last.

    Raises `MandateRefused`, `NotFound`, `FileGone`.
    """
    with citizen_scope(citizen_id):
        confirm(citizen_id=citizen_id, now=now, deed=Deed.EXPORT)
        _one(citizen_id, export_id, [State.DONE])
        row = rows.take(export_id=export_id, now=now)
        if row is None or row.file_id is None or row.lock is None or row.salt is None:
            raise NotFound()
        source = _file(row)
        if source is None:
            _end(row.pk, "lost", now)
        else:
            _log_download(row, now)
            if row.downloads >= rows.MOST_DOWNLOADS:
                _end(row.pk, "fetched", now)
    if source is None:
        raise FileGone()
    head = seal.head(export_id=row.pk, lock=row.lock, salt=bytes(row.salt))
    return Download(f"aurora-{now:%Y-%m-%d}.html", export_page.opener(head=head, pieces=_pieces(source), language=row.language))


def sweep(*, now: datetime) -> int:
    """Wake what is overdue. How many."""
    overdue = rows.overdue(now=now, most=SWEEP_MOST)
    for export_id in overdue:
        send(TASK, export_id, expires=settings.AURORA_SWEEP_EVERY.total_seconds())
    return len(overdue)


def expire(*, now: datetime) -> int:
    """Delete files and keys whose week is over, files that no row names, and rows that have said for long enough that they were. How many files."""
    gone = 0
    for export_id, citizen_id in rows.run_out(now=now, most=SWEEP_MOST):
        with citizen_scope(citizen_id):
            gone += _end(export_id, "run_out", now)
    for export_id, citizen_id in rows.long_over(before=now - rows.REMEMBERED, most=SWEEP_MOST):
        with citizen_scope(citizen_id):
            Export.objects.filter(pk=export_id).delete()
    return gone + files.remove_orphans()


def _end(export_id: UUID, code: str, now: datetime) -> int:
    """Its key goes with this transaction, its file after it: a file without a key opens no more. How many files."""
    gone = rows.end(export_id=export_id, code=code, now=now)
    for file_id in gone:
        transaction.on_commit(partial(files.remove, file_id), robust=True)
    return len(gone)


def _whose() -> tuple[UUID | None, UUID | None]:
    """(mandate, attorney) of who is here; both None for the citizen."""
    doing = acting.current()
    return (doing.mandate.id, doing.attorney) if doing else (None, None)


def _one(citizen_id: UUID, export_id: UUID, states: Any) -> Export:
    row = rows.of(citizen_id=citizen_id, mandate_id=_whose()[0]).filter(pk=export_id, state__in=states).first()
    if row is None:
        raise NotFound()
    return row


def _progress(row: Export) -> Progress:
    return Progress(
        row.pk, State(row.state), row.part, row.percent, row.requested_at, row.finished_at, row.expires_at, row.size,
        rows.MOST_DOWNLOADS - row.downloads, row.code,
    )  # fmt: skip


def _file(row: Export) -> BinaryIO | None:
    """The open file, if it is the one that was written."""
    assert row.file_id is not None
    try:
        source = files.path_of(row.file_id).open("rb")
    except OSError:
        return None
    if hashlib.file_digest(source, "sha256").hexdigest() != row.sha256:
        source.close()
        return None
    source.seek(0)
    return source


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    with source:
        yield from seal.pieces(source)


def _log_download(row: Export, now: datetime) -> None:
    details = {"export": str(row.pk), "download": row.downloads}
    log(citizen_id=row.citizen_id, event=Event.EXPORT_DOWNLOADED, actor=CITIZEN, details=details, at=now)
