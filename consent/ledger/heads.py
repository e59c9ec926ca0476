"""The newest tree head, kept in a file outside the database: so that a database restored to an older state is noticed.

A restored database is whole in itself: its checkpoints, tiles and chains agree, and who looks at nothing else sees
nothing. What it lacks is in this file, which lies with the keys and not in the database's backups. The file holds the
note as it was signed, so that it is evidence by itself. It is written once the round that signed it has committed: it
may lag behind the database by what a kill interrupted, but is never ahead of it.

After an honest restore the log goes on under another name: two trees of one name must not both be signed. The last
head of the former name is kept beside the file and stays published (`continue_log`; docs/operations/ledger.md).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consent.ledger.note import Checkpoint, NotVerified, parse_head, parts
from consent.ledger.verify import open_checkpoint


class HeadFileError(Exception):
    """The file cannot be read or written, or holds no checkpoint. Nothing is signed without it."""


@dataclass(frozen=True, slots=True)
class FormerHead:
    """The last head under a former name. `told` is what is published of it: plain JSON."""

    head: Checkpoint
    note: str
    told: dict[str, Any]


class HeadFile:
    """One file, and a folder `<file>.former` beside it. For the sequencer alone, which is one by its lock."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._former = self._path.with_name(f"{self._path.name}.former")

    def read(self) -> Checkpoint | None:
        """The head in the file; None if there is no file. Raises HeadFileError."""
        try:
            note = self._path.read_text("utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise HeadFileError(f"cannot read the head file {self._path}: {type(error).__name__}") from None
        return _parsed(note, self._path)

    def note(self) -> str:
        """The note in the file, empty if there is none."""
        return self._path.read_text("utf-8") if self.read() is not None else ""

    def write(self, note: str) -> None:
        """The whole note or what was there before, and on the disk when this returns. Raises HeadFileError."""
        try:
            _replace(self._path, note)
        except OSError as error:
            raise HeadFileError(f"cannot write the head file {self._path}: {type(error).__name__}") from None

    def retire(self, *, told: dict[str, Any]) -> None:
        """Keep the head as a former name's last one and take the file away; `told` goes with it. Raises HeadFileError."""
        note = self.note()
        head = _parsed(note, self._path)
        place = self._former / f"{hashlib.sha256(head.origin.encode()).hexdigest()[:32]}.json"
        try:
            self._former.mkdir(mode=0o700, exist_ok=True)
            _replace(place, json.dumps({"note": note, "told": told}, ensure_ascii=False, indent=1) + "\n")
            self._path.unlink()
        except OSError as error:
            raise HeadFileError(f"cannot keep the former head in {self._former}: {type(error).__name__}") from None

    def former(self) -> list[FormerHead]:
        """The last heads of former names. Raises HeadFileError."""
        found = []
        for file in sorted(self._former.glob("*.json")):
            try:
                kept = json.loads(file.read_text("utf-8"))
                found.append(FormerHead(_parsed(kept["note"], file), kept["note"], dict(kept["told"])))
            except (OSError, ValueError, KeyError, TypeError):
                raise HeadFileError(f"cannot read the former head in {file}") from None
        return found

    def must_not_be_former(self, origin: str) -> None:
        """Raises HeadFileError for a name that was given up after a restore: what it signed last would be followed by another tree."""
        for one in self.former():
            if one.head.origin == origin:
                raise HeadFileError(
                    f"the log gave up the name {origin} after a restore, and nothing is ever signed under it again: "
                    f"set AURORA_LEDGER_ORIGIN to {one.told.get('continued_as', 'the name that it goes on under')}"
                )


def is_of(note: str, vkey: str) -> bool:
    """Whether this key signed the note."""
    with contextlib.suppress(NotVerified):
        return bool(open_checkpoint(note, vkey))
    return False


def stated_by(note: str) -> Checkpoint | None:
    """The head that a note states, whoever signed it; None if it is no checkpoint."""
    with contextlib.suppress(NotVerified):
        return parse_head(parts(note)[0])
    return None


def _parsed(note: str, file: Path) -> Checkpoint:
    head = stated_by(note)
    if head is None:
        raise HeadFileError(
            f"{file} does not hold a checkpoint: put back what it held, as nothing else tells an older database from the newest"
        )
    return head


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    folder = os.open(path.parent, os.O_RDONLY)  # the name is on the disk only once its folder is
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
