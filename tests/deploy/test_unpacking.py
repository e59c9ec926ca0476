"""What a backup's archive of files may put where: nothing but files and folders below their folder."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from aurora.backups.restoring import unpack
from aurora.backups.tools import BackupError


def _archive(path: Path, *names: str, shape: Callable[[tarfile.TarInfo], None] = lambda _: None) -> Path:
    with tarfile.open(path, "w") as out:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.uid, member.gid = 4, 0o6777, 12345, 12345
            shape(member)
            out.addfile(member, BytesIO(b"text") if member.isfile() else None)
    return path


def test_files_come_back_as_ours_and_without_rights_that_nobody_needs(tmp_path: Path) -> None:
    place = tmp_path / "place"
    with tarfile.open(_archive(tmp_path / "a.tar", "files/models/one", "files/two")) as files:
        unpack(files, place)
    for name in ("files/models/one", "files/two"):
        found = (place / name).stat()
        assert (place / name).read_bytes() == b"text"
        assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (os.getuid(), os.getgid(), 0o755)


def _link(member: tarfile.TarInfo) -> None:
    member.type, member.linkname, member.size = tarfile.SYMTYPE, "/etc/passwd", 0


def _hard(member: tarfile.TarInfo) -> None:
    member.type, member.linkname, member.size = tarfile.LNKTYPE, "../outside", 0


def _device(member: tarfile.TarInfo) -> None:
    member.type, member.size = tarfile.CHRTYPE, 0


@pytest.mark.parametrize(
    ("name", "shape"),
    [("../outside", None), ("/outside", None), ("files/../../outside", None), ("link", _link), ("link", _hard), ("null", _device)],
    ids=["above", "absolute", "through", "symlink", "hardlink", "device"],
)
def test_anything_else_is_refused_before_a_file_is_written(
    tmp_path: Path, name: str, shape: Callable[[tarfile.TarInfo], None] | None
) -> None:
    place = tmp_path / "place"
    place.mkdir()

    def odd(member: tarfile.TarInfo) -> None:
        if shape and member.name == name:
            shape(member)

    with (
        tarfile.open(_archive(tmp_path / "a.tar", "files/first", name, shape=odd)) as files,
        pytest.raises(BackupError, match="no file below"),
    ):
        unpack(files, place)
    assert list(place.iterdir()) == [] and not (tmp_path / "outside").exists()
