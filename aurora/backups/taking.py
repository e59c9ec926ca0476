"""Taking a backup: data and wrapped keys of one and the same moment, in two folders, since the keys may not be kept as long as the data."""

from __future__ import annotations

import shutil
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from aurora.backups import manifest
from aurora.backups.tools import SESSIONS, BackupError, connect, counts, run
from aurora.database_url import DatabaseUrl
from aurora.identity import keys

DATA, KEYS, FILES = "data.dump", "keys.dump", "files.tar"


def take(*, owner: DatabaseUrl, to: Path, keys_to: Path | None, now: datetime) -> tuple[Path, Path | None]:
    """The two folders, finished. `keys_to` None: without keys, which can stand for years and opens nothing by itself. Raises BackupError, OSError."""
    name = f"aurora-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    data = _folder(to, name)
    wrapped = _folder(keys_to, f"{name}.keys") if keys_to is not None else None
    with connect(owner) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        snapshot, taken_at, version = connection.execute(
            "SELECT pg_export_snapshot(), now(), current_setting('server_version')"
        ).fetchone() or ("", now, "")
        shared = {
            "taken_at": taken_at.isoformat(),
            "server": version,
            "kek": keys.kek_id(),
            "lookup": manifest.lookup_name(),
        }
        custom = ("--format=custom", "--snapshot", snapshot)
        run("pg_dump", owner, *custom, "--exclude-schema=vault", f"--exclude-table-data={SESSIONS}", "--file", str(data / DATA))
        if wrapped is not None:
            run("pg_dump", owner, *custom, "--schema=vault", "--file", str(wrapped / KEYS))
        content = shared | {
            "kind": "data",
            "counts": counts(connection, keys=False),
            "migrations": [list(row) for row in connection.execute("SELECT app, name FROM django_migrations ORDER BY app, name")],
            "ledger": _head(connection),
        }
        vault = {table: number for table, number in counts(connection, keys=True).items() if table.startswith("vault.")}
        connection.rollback()
    _tar(settings.AURORA_FILES_FOLDER, data / FILES)
    manifest.write(data, content)
    if wrapped is not None:
        manifest.write(wrapped, shared | {"kind": "keys", "counts": vault, "of": name})
    return data, wrapped


def prune(folder: Path, *, now: datetime) -> list[str]:
    """Delete backups of keys that are older than is promised (`AURORA_BACKUP_DAYS`); their names. Nothing but what is one."""
    gone = []
    for one in sorted(folder.glob("aurora-*.keys")):
        try:
            taken = datetime.strptime(one.name, "aurora-%Y%m%dT%H%M%SZ.keys").replace(tzinfo=UTC)
        except ValueError:
            continue
        if now - taken > settings.AURORA_BACKUPS_KEPT - timedelta(hours=1):
            shutil.rmtree(one)
            gone.append(one.name)
    return gone


def _folder(place: Path, name: str) -> Path:
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = place / name
    try:
        made.mkdir(mode=0o700)
    except FileExistsError:
        raise BackupError(f"{made} is there already") from None
    return made


def _head(connection: Any) -> dict[str, Any]:
    """The newest head as the database has it: to compare with, never to be put where the sequencer keeps its own."""
    row = connection.execute("SELECT size, note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    return {"size": row[0], "note": row[1]} if row else {"size": 0, "note": ""}


def _tar(source: Path, target: Path) -> None:
    """Models and other files by hash: nothing of a citizen's."""
    with tarfile.open(target, "w") as out:
        if source.is_dir():
            out.add(source, arcname="files")
