"""What this witness has cosigned last, of each log: a file each, on the disk before the cosignature goes out."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Seen:
    """`root` in hex; `time` is what the cosignature stated; `note` is the checkpoint with the lines that were checked, and the cosignature."""

    size: int = 0
    root: str = ""
    time: int = 0
    note: str = ""


class Memory:
    """As many as there are for one folder, of one process or of several: a lock on a file is what they have in common."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder

    @contextmanager
    def of(self, origin: str) -> Iterator[Seen]:
        """What was seen last; nobody else looks or keeps meanwhile: to check and to keep must be one step."""
        name = digest(origin)
        with (self._folder / f"{name}.lock").open("a") as held:
            fcntl.flock(held, fcntl.LOCK_EX)  # of the opened file, so between threads too; it ends with it
            yield self._read(name)

    def keep(self, origin: str, seen: Seen) -> None:
        """On the disk when this returns. Only within `of`."""
        file = self._file(digest(origin))
        draft = file.with_suffix(".draft")
        with draft.open("w", encoding="utf-8") as out:
            json.dump(asdict(seen), out, ensure_ascii=False)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def published(self, origin_digest: str) -> str:
        """The last note of a log, named by the SHA-256 of its origin; "" if there is none."""
        return self._read(origin_digest).note

    def _read(self, name: str) -> Seen:
        """A file that is there and cannot be read is an error, never an empty memory: that would cosign a fork."""
        file = self._file(name)
        return Seen(**json.loads(file.read_text(encoding="utf-8"))) if file.exists() else Seen()

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def digest(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()
