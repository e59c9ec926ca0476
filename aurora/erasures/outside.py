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
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings

LEFT, STAYED, GONE = "left", "stayed", "gone"  # emptied, with the account waiting; called off after that; account, key and log taken


@dataclass(frozen=True, slots=True)
class Line:
    """One erasure. `what`: `left`, `stayed`, `gone`, or the scope `source` or `category` with its code."""

    at: datetime
    citizen: str
    what: str
    code: str


def digest(citizen_id: UUID) -> str:
    """By which a line finds its citizen."""
    return hashlib.sha256(b"aurora-erased\0" + citizen_id.bytes).hexdigest()


def note(*, citizen_id: UUID, what: str, code: str = "", now: datetime) -> None:
    """Add a line; it is on the disk when this returns. Twice does no harm. Raises OSError."""
    path = Path(settings.AURORA_ERASED_FILE)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    line = json.dumps({"at": now.isoformat(), "citizen": digest(citizen_id), "what": what, "code": code}) + "\n"
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # several workers of a host write it
        os.write(handle, line.encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def read(files: Iterable[Path]) -> list[Line]:
    """All lines of all hosts' files, oldest first. A line that was cut off by a death is none. Raises OSError."""
    found = set()
    for file in files:
        for text in file.read_text("utf-8").splitlines():
            try:
                raw = json.loads(text)
                found.add(Line(datetime.fromisoformat(raw["at"]), str(raw["citizen"]), str(raw["what"]), str(raw["code"])))
            except (ValueError, KeyError, TypeError):
                continue
    return sorted(found, key=lambda line: (line.at, line.citizen, line.what))
