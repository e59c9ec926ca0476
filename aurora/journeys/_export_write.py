"""A worker writes a copy: a zip that leaves memory sealed, piece by piece.

1. Through the door, in one REPEATABLE READ transaction: the entry, then every part twice, for machines and for a person. All of it is as it was at one
   moment, and nobody else's entry in the citizen's log waits longer than this takes.
2. The log, up to that entry, without a transaction that stays open: by its numbers it is as it was.
A worker that is killed leaves half a file that opens nowhere, since its last piece is missing, and that the next attempt deletes.
"""

from __future__ import annotations

import io
import logging
import threading
import time
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.db import connection
from django.utils import timezone, translation

from aurora import crash
from aurora.exports import rows, seal
from aurora.exports.rows import Lease
from aurora.identity import citizens
from aurora.identity.models import Citizen
from aurora.journeys import _export_document, _export_pages, _export_parts, prove
from aurora.journeys._door import open_door
from aurora.journeys._export_log import ACTIVITY
from aurora.journeys._export_part import Asked, Part
from aurora.journeys._steady import steady
from aurora.twin import whole
from aurora.ui import export_page, verify_offline
from consent import acting, mandates
from consent.ledger.events import Event
from consent.ledger.models import LedgerEntry
from consent.rules import CITIZEN, AccessRequest
from consent.rules.mandates import Deed
from consent.scope import citizen_scope

logger = logging.getLogger(__name__)
OWN_DATA = "own-data"
_BEAT_SECONDS = 0.5


class LeaseLost(Exception):
    """Another worker has it, or nobody wants it any more: what was written must go."""


@dataclass
class Pulse:
    """Tells the row how far it is and that somebody is at it, from a thread with a connection of its own: the writer's is in a transaction.

    `with Pulse(lease) as pulse`; the writer calls `at` for each part, which raises `LeaseLost` once the row says so.
    """

    lease: Lease
    part: str = ""
    percent: int = 0
    lost: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)
    _wake: threading.Event = field(default_factory=threading.Event)
    _heard: float = field(default_factory=time.monotonic)

    def __enter__(self) -> Pulse:
        self._thread = threading.Thread(target=self._run, name="export-pulse", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._wake.set()
        self._thread.join()

    def at(self, part: str, percent: int) -> None:
        self.part, self.percent = part, min(percent, 99)
        self._wake.set()
        self.still()

    def still(self) -> None:
        if self.lost or time.monotonic() - self._heard > settings.AURORA_PULL_LEASE.total_seconds():
            raise LeaseLost

    def _run(self) -> None:
        try:
            while not self._stop.is_set() and not self.lost:
                self._wake.wait(_BEAT_SECONDS)
                self._wake.clear()
                self._beat()
        finally:
            connection.close()

    def _beat(self) -> None:
        try:
            with citizen_scope(self.lease.citizen_id):
                self.lost = not rows.note(self.lease, part=self.part, percent=self.percent, now=timezone.now())
            self._heard = time.monotonic()
        except Exception:
            # The database is away: it may come back before the lease has run out, of which `still` knows.
            logger.warning("The pulse of an export could not be noted.")
            connection.close()


def write(lease: Lease, out: BinaryIO, pulse: Pulse, *, now: datetime) -> tuple[seal.Writer, Any]:
    """Write the whole copy, sealed. What was written, and the entry's id. Raises `LeaseLost`, and what the door raises."""
    sealed = seal.Writer(out, key=lease.key, salt=lease.salt, export_id=lease.export_id)
    with translation.override(lease.language), zipfile.ZipFile(cast(Any, sealed), "w") as packed:
        asked, long = _through_the_door(lease, packed, pulse, now)
        crash.reach("export.read")
        if asked.doing is None:
            _log(asked, packed, pulse, further=ACTIVITY in long.parts, now=now)
        program = (export_page.FOLDER / export_page.PROGRAM).read_bytes()
        _entry(packed, export_page.PROGRAM, [program], now)
    sealed.close()
    return sealed, asked.permit.id


def _through_the_door(lease: Lease, packed: zipfile.ZipFile, pulse: Pulse, now: datetime) -> tuple[Asked, _export_pages.Long]:
    whose, doing = lease.citizen_id, acting.current()
    with citizen_scope(whose):
        held = whole.categories_ever(citizen_id=whose)
        mandates.confirm(citizen_id=whose, now=now, deed=Deed.EXPORT)
    if doing is not None and not doing.scope.everything:
        held &= doing.scope.categories
    request = AccessRequest(whose, CITIZEN, OWN_DATA, held)
    details = {"what": "everything", "export": str(lease.export_id)}
    with (
        steady(),
        open_door(
            request, granted=Event.OWN_DATA_EXPORTED, refused=Event.OWN_DATA_REFUSED, now=now, details=details, unread=True
        ) as opened,
    ):
        crash.reach("export.opened")
        seq = LedgerEntry.objects.values_list("seq", flat=True).get(pk=opened.entry_id)
        asked = Asked(whose, lease.export_id, lease.language, now, opened.permit, seq, doing)
        parts = _export_parts.of(asked)
        shown = parts if doing else (*parts, ACTIVITY)
        steps = _Steps(pulse, total=len(parts) + len(shown) + 4)
        _entry(packed, "export.jsonld", _export_document.written(asked, parts, reached=steps.reached), now)
        name = citizens.name_of(Citizen.objects.get(pk=whose))
        long = _export_pages.Long()
        _entry(packed, _export_pages.INDEX, _export_pages.index(asked, shown, name=name, long=long, reached=steps.reached), now)
        for part in long.parts:
            if part is not ACTIVITY:
                _further(asked, part, packed, pulse, now)
        pulse.still()
    return asked, long


@dataclass
class _Steps:
    pulse: Pulse
    total: int
    done: int = 0

    def reached(self, part: Part) -> None:
        self.pulse.at(part.name, 100 * self.done // self.total)
        self.done += 1


def _further(asked: Asked, part: Part, packed: zipfile.ZipFile, pulse: Pulse, now: datetime) -> None:
    for name, pieces in _export_pages.further(asked, part):
        pulse.still()
        _entry(packed, name, pieces, now)


def _log(asked: Asked, packed: zipfile.ZipFile, pulse: Pulse, *, further: bool, now: datetime) -> None:
    """The pages of a long log, the bundle and what checks it."""
    if further:
        _further(asked, ACTIVITY, packed, pulse, now)
    pulse.at("log", 95)
    begun = prove.begin(citizen_id=asked.citizen_id, now=now)
    _entry(packed, "log/aurora-log.json", _still(prove.written(begun), pulse), now)
    _entry(packed, "log/aurora-verify.html", [verify_offline.composed(asked.language).encode()], now)
    _entry(packed, "log/aurora_verify.py", [(verify_offline.FOLDER / "aurora_verify.py").read_bytes()], now)


def _still(pieces: Iterable[bytes], pulse: Pulse) -> Iterator[bytes]:
    for piece in pieces:
        pulse.still()
        yield piece


def _entry(packed: zipfile.ZipFile, name: str, pieces: Iterable[bytes], now: datetime) -> None:
    info = zipfile.ZipInfo(name, date_time=timezone.localtime(now).timetuple()[:6])
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
    with packed.open(info, "w") as member, io.BufferedWriter(cast(Any, member), 256 * 1024) as buffered:
        for piece in pieces:
            buffered.write(piece)
