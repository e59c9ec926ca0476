"""The files of exports: sealed, each named by a random id, in a folder closed to others. Nothing readable is ever in them."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import connection

from consent.errors import AuroraError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_ENDING = ".sealed"
# Of a file that no row names: whoever makes one writes its name down first, so this is for what was left by a lost transaction.
ORPHAN_SECONDS = 3600.0


class NoRoom(AuroraError):
    """The folder's disk is full, or closed to us: nothing of the file is left."""

    code = "no_room"
    sentence = "There is no room for the file at the moment."
    status = 503
    retryable = True


def folder() -> Path:
    """Where the files lie, made closed (mode 700)."""
    found: Path = settings.AURORA_EXPORT_FOLDER
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def path_of(file_id: UUID) -> Path:
    """A name is made of an id alone: nobody's text comes into a path."""
    return folder() / f"{file_id.hex}{_ENDING}"


@contextmanager
def new(file_id: UUID) -> Iterator[BinaryIO]:
    """A file of mode 600, on the disk for good when the block ends; of a block that fails nothing is left. Raises `NoRoom`."""
    target = path_of(file_id)
    try:
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        _sync_folder()
    except BaseException as error:
        remove(file_id)
        if isinstance(error, OSError) and error.errno in _FULL:
            raise NoRoom() from None
        raise


def remove(file_id: UUID | None) -> bool:
    """Delete a file. False: there was none."""
    if file_id is None:
        return False
    try:
        path_of(file_id).unlink()
    except FileNotFoundError:
        return False
    return True


def remove_orphans() -> int:
    """Delete files that no row names. How many."""
    before = time.time() - ORPHAN_SECONDS
    old: dict[UUID, Path] = {}
    for path in folder().glob(f"*{_ENDING}"):
        try:
            if path.stat().st_mtime < before:
                old[UUID(path.name.removesuffix(_ENDING))] = path
        except (ValueError, FileNotFoundError):
            continue
    if not old:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT file_id FROM known_export_files(%s)", [list(old)])
        known = {row[0] for row in cursor.fetchall()}
    return sum(remove(file_id) for file_id in old.keys() - known)


def _sync_folder() -> None:
    descriptor = os.open(folder(), os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
