"""Signs of life of the processes that answer nobody: worker, beat, sequencer.

`pulse(kind)` is called by the very loop that does the work, so that a loop that hangs falls silent. It touches a file, `alive/<kind>` in the
state folder, by which `manage.py healthy` judges on the same host, tells systemd's watchdog, and has a thread note it in the database, for
the console. A database that is away or slow holds up neither the loop nor the file: starting a process again would not mend that.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from celery import bootsteps
from celery.beat import PersistentScheduler
from django.conf import settings
from django.db import Error, connection
from django.utils import timezone

from aurora.telemetry.models import Heartbeat
from aurora.telemetry.places import SILENT_SECONDS, alive_file
from aurora.telemetry.systemd import notify

KINDS = ("worker", "beat", "sequencer")
EVERY = 10.0  # seconds between two signs of life
SILENT_AFTER = timedelta(seconds=SILENT_SECONDS)
FORGOTTEN_AFTER = timedelta(days=7)

_UPSERT = (
    "INSERT INTO telemetry_heartbeat (kind, place, since, at) VALUES (%s, %s, %s, %s) "
    "ON CONFLICT (kind, place) DO UPDATE SET since = excluded.since, at = excluded.at"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A process and when it was last seen; `at` None: never. `well`: within the last minute."""

    kind: str
    place: str
    since: datetime | None
    at: datetime | None
    well: bool


def last_seen(*, now: datetime) -> tuple[Seen, ...]:
    """Worker, beat and sequencer, in this order, each on every host on which it was in the last week; one that never was is there too."""
    rows = Heartbeat.objects.filter(at__gte=now - FORGOTTEN_AFTER).order_by("place")
    found = [Seen(row.kind, row.place, row.since, row.at, now - row.at < SILENT_AFTER) for row in rows]
    never = [Seen(kind, "", None, None, False) for kind in KINDS if kind not in {one.kind for one in found}]
    return tuple(sorted([*found, *never], key=lambda one: (KINDS.index(one.kind), one.place)))


def silent(*, now: datetime) -> list[str]:
    """The kinds of which no process at all is well."""
    well = {one.kind for one in last_seen(now=now) if one.well}
    return [kind for kind in KINDS if kind not in well]


class Heart:
    """The sign of life of one process."""

    def __init__(self, kind: str, *, state_dir: Path, place: str = "", note: Callable[[Heart], None] | None = None) -> None:
        """`note` writes it down where others see it; by default into the database, by a thread that ends with the process."""
        self.kind, self.place, self.since = kind, (place or socket.gethostname())[:64], timezone.now()
        self._file, self._last, self._pid = alive_file(kind, state_dir), 0.0, os.getpid()
        self._note = note or _note
        self._beaten = threading.Event()
        self._noting: threading.Thread | None = None

    def pulse(self) -> None:
        """The loop turns. Often is cheap: all but one call in `EVERY` seconds do nothing."""
        now = time.monotonic()
        if (self._last and now - self._last < EVERY) or os.getpid() != self._pid:
            return
        first, self._last = not self._last, now
        with contextlib.suppress(OSError):  # a full disk is told by who needs the room
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file.touch(mode=0o600)
        notify("READY=1\nWATCHDOG=1" if first else "WATCHDOG=1")
        if self._noting is None:
            self._noting = threading.Thread(target=self._keep_noting, name="heart", daemon=True)
            self._noting.start()
        self._beaten.set()

    def _keep_noting(self) -> None:
        while self._beaten.wait():
            self._beaten.clear()
            with contextlib.suppress(Error):  # the next one will do
                self._note(self)


def _note(heart: Heart) -> None:
    now = timezone.now()
    try:
        with connection.cursor() as cursor:
            cursor.execute(_UPSERT, [heart.kind, heart.place, heart.since, now])
            cursor.execute("DELETE FROM telemetry_heartbeat WHERE kind = %s AND at < %s", [heart.kind, now - FORGOTTEN_AFTER])
    finally:
        connection.close()  # this thread's own; one that is kept would be handed to forked children


_hearts: dict[str, Heart] = {}


def pulse(kind: str) -> None:
    """This process's loop turns, as what it is."""
    if kind not in _hearts:
        _hearts[kind] = Heart(kind, state_dir=settings.AURORA_STATE_DIR)
    _hearts[kind].pulse()


def sequencer() -> None:
    """For the access log's sequencer, which does not know us (`CONSENT_SEQUENCER_PULSE`)."""
    pulse("sequencer")


class WorkerHeart(bootsteps.StartStopStep):
    """In the worker's event loop, which hands the messages out."""

    requires = {"celery.worker.components:Timer"}

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._entry: Any = None

    def start(self, parent: Any) -> None:
        """From when the loop turns, which it does once the broker has answered: whoever says that it is ready takes messages."""
        self._entry = parent.timer.call_repeatedly(EVERY / 2, pulse, ("worker",), priority=10)
        parent.timer.call_after(0, pulse, ("worker",))

    def stop(self, parent: Any) -> None:
        """No longer well once it ends."""
        if self._entry is not None:
            self._entry.cancel()
            self._entry = None


class BeatHeart(PersistentScheduler):
    """The scheduler of beat, which says at each tick that it is there."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """One round, never longer than a heart may be silent."""
        pulse("beat")
        return min(float(super().tick(*args, **kwargs)), EVERY / 2)
