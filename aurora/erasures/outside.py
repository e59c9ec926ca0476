"""The list of erasures that is kept outside the database, so that a backup from before one does not bring back what it took.

One line of JSON each, added and on the disk before the erasure goes on: when, of what, and a digest of the citizen's number. Numbers are random, so
the digest finds nobody but in a database in which they still (or again) stand. `manage.py restore` reads it; docs/operations/backup.md.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings

LEFT, STAYED, GONE = "left", "stayed", "gone"  # emptied, with the account waiting; called off after that; account, key and log taken

# Who asks and who writes the line may be two hosts, whose clocks differ.
MARGIN = timedelta(minutes=5)
KINDS = frozenset({LEFT, STAYED, GONE, "source", "category"})


@dataclass(frozen=True, slots=True)
class Line:
    """One erasure. `what`: `left`, `stayed`, `gone`, or the scope `source` or `category` with its code."""

    at: datetime
    citizen: str
    what: str
    code: str


@dataclass(frozen=True, slots=True)
class Known:
    """An erasure that a database has done, as its row tells: of what, from when until when (None: the account still waits), and whether it was called off."""

    scope: str
    code: str
    asked_at: datetime
    finished_at: datetime | None
    called_off: bool

    def has(self, line: Line) -> bool:
        """Whether the line was written for this erasure. Of one scope and code there is one at a time, so the time tells which."""
        whole = line.what in (LEFT, STAYED)
        if line.what == GONE or self.scope != ("everything" if whole else line.what) or self.code != line.code:
            return False
        if line.what == STAYED and not self.called_off:
            return False
        return self.asked_at - MARGIN <= line.at and (self.finished_at is None or line.at <= self.finished_at)


def digest(citizen_id: UUID) -> str:
    """By which a line finds its citizen."""
    return hashlib.sha256(b"aurora-erased\0" + citizen_id.bytes).hexdigest()


def note(*, citizen_id: UUID, what: str, code: str = "", now: datetime) -> None:
    """Add a line; it is on the disk when this returns, and not there at all if this raises OSError. Twice does no harm."""
    path = Path(settings.AURORA_ERASED_FILE)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    line = json.dumps({"at": now.isoformat(), "citizen": digest(citizen_id), "what": what, "code": code}) + "\n"
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # several workers of a host write it
        _append(handle, line.encode())
    finally:
        os.close(handle)


def _append(handle: int, line: bytes) -> None:
    """All of it or nothing, on a line of its own whatever a death left before it."""
    size = os.fstat(handle).st_size
    left = (b"\n" if size and os.pread(handle, 1, size - 1) != b"\n" else b"") + line
    try:
        while left:  # a disk that is nearly full takes a part and says so
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, size)
        raise


def _line(raw: dict[str, str]) -> Line:
    """Raises ValueError, KeyError or TypeError for what is none."""
    at = datetime.fromisoformat(raw["at"])
    if at.tzinfo is None or raw["what"] not in KINDS:
        raise ValueError
    return Line(at, str(raw["citizen"]), raw["what"], str(raw["code"]))


def read(files: Iterable[Path]) -> tuple[list[Line], list[str]]:
    """All lines of all hosts' files, oldest first; and where a line is broken. Raises OSError."""
    found, broken = set(), []
    for file in files:
        for number, text in enumerate(file.read_bytes().split(b"\n"), start=1):
            try:
                if text:
                    found.add(_line(json.loads(text)))
            except (ValueError, KeyError, TypeError):
                broken.append(f"line {number} of {file}")
    return sorted(found, key=lambda line: (line.at, line.citizen, line.what)), broken
