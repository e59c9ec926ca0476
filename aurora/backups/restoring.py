"""Putting a backup into a database that is made ready for it (`target`), and finding out what it is worth: is the tree whole, does it extend the head kept outside, do twins open."""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection as service
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from aurora import crash
from aurora.backups import manifest
from aurora.backups.taking import DATA, FILES, KEYS
from aurora.backups.tools import SESSIONS, BackupError, connect, counts, run
from aurora.database_url import DatabaseUrl
from aurora.erasures.outside import Known
from aurora.identity import keys as keks
from aurora.identity import vault
from aurora.twin import sealing
from aurora.twin.models import Fact
from consent.ledger import leaf, merkle
from consent.ledger.checkpoint import Signer, ensure_key, ensure_mldsa_key
from consent.ledger.heads import HeadFile, is_of, stated_by
from consent.ledger.sequence import Sequencer
from consent.ledger.tiles import TreeDamaged
from consent.scope import citizen_scope

SAMPLE = 20


@dataclass(frozen=True)
class Tree:
    """The log after the restore: entries in the tree, what was signed last as the head file has it (None: there is none), and whether it extends that."""

    size: int
    kept: int | None
    extends: bool


def check_backup(data: Path, keys: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The manifests, if they are right, belong together, and this code and these keys can do something with them. Raises BackupError."""
    told = manifest.read(data)
    if told.get("kind") != "data":
        raise BackupError(f"{data} is not the data of a backup")
    wrapped = manifest.read(keys)
    if (wrapped.get("kind"), wrapped.get("taken_at")) != ("keys", told["taken_at"]):
        raise BackupError(f"{keys} has not the keys of the moment of {data}")
    if told["lookup"] != manifest.lookup_name():
        raise BackupError("AURORA_HMAC_KEY_FILE is another look-up key than that of the backup: nobody would be found")
    known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    if newer := [f"{app}.{name}" for app, name in told["migrations"] if (app, name) not in known]:
        raise BackupError(f"the backup is of another release than this code, which does not know its migration {newer[0]}")
    return told, wrapped


def put_back(*, owner: DatabaseUrl, data: Path, keys: Path) -> None:
    """Tables, wrapped keys and files, into what `target.taken` has made ready. Raises BackupError."""
    # Triggers of tables call functions of the vault, whose tables refer to others: so all tables and functions, then all rows, then all else.
    for section in ("pre-data", "data", "post-data"):
        for archive in (data / DATA, keys / KEYS):
            _restore_section(owner, archive, section)
        crash.reach(f"restore.{section}")
    with tarfile.open(data / FILES) as files:
        place = Path(settings.AURORA_FILES_FOLDER)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        unpack(files, place.parent)
    crash.reach("restore.files")
    with connect(owner) as connection:
        connection.execute("ANALYZE")


def unpack(files: tarfile.TarFile, folder: Path) -> None:
    """Plain files and folders, as ours and not as whose they were, and nothing outside of the folder. Raises BackupError, before the first file is written.

    tarfile's own filter does this from Python 3.11.4 on; Debian 12 has 3.11.2.
    """
    members, whole = files.getmembers(), folder.resolve()
    for member in members:
        if not (member.isfile() or member.isdir()) or not (whole / member.name).resolve().is_relative_to(whole):
            raise BackupError(f"{files.name!s} has {member.name!r}, which is no file below its folder")
        member.uid, member.gid, member.uname, member.gname = os.getuid(), os.getgid(), "", ""
        member.mode = member.mode & 0o755 | 0o600
    files.extraction_filter = lambda member, _: member
    for member in members:
        files.extract(member, folder)
        # The database is on disk when the mark goes: so must these be, or a power cut would leave a whole database with half a model.
        _keep(folder / member.name)


def _keep(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _restore_section(owner: DatabaseUrl, archive: Path, section: str) -> None:
    # The two schemas are there, with the rights that provisioning gave.
    wanted = [line for line in run("pg_restore", owner, "--list", str(archive)).splitlines() if not _is_schema(line)]
    with tempfile.NamedTemporaryFile("w", suffix=".list") as listing:
        listing.write("\n".join(wanted) + "\n")
        listing.flush()
        how = ("--section", section, "--single-transaction", "--exit-on-error", "--no-owner", "--use-list", listing.name)
        run("pg_restore", owner, *how, str(archive))


def check_counts(owner: DatabaseUrl, told: Iterable[dict[str, Any]]) -> int:
    """That every table has as many rows as were backed up; how many in all. Raises BackupError."""
    wanted: dict[str, int] = {}
    for one in told:
        wanted |= {table: number for table, number in one["counts"].items() if table != SESSIONS}
    with connect(owner) as connection:
        found = counts(connection, keys=True)
    if wrong := [table for table, number in wanted.items() if found.get(table) != number]:
        raise BackupError(f"{wrong[0]} has {found.get(wrong[0])} rows, and {wanted[wrong[0]]} were backed up")
    return sum(wanted.values())


def check_tree(owner: DatabaseUrl) -> Tree:
    """Makes the whole tree again out of its leaves, against the newest signed head; then that against the head outside. Raises BackupError."""
    keys = ensure_key(settings.AURORA_LEDGER_KEY_FILE), ensure_mldsa_key(settings.AURORA_LEDGER_MLDSA_KEY_FILE)
    with connect(owner) as connection:
        row = connection.execute("SELECT size, note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1").fetchone()
        size, root = _root(connection)
    if row is not None:
        head = stated_by(row[1])
        if head is None or (head.size, head.root) != (size, root):
            raise BackupError(
                f"the restored tree of {size} entries is not the one that the log had signed: the backup was damaged or changed"
            )
        if not any(is_of(row[1], vkey) for vkey in Signer(head.origin, *keys, ()).vkeys):
            raise BackupError("the newest head was signed with other keys than these: name the ledger's keys of then")
    heads = HeadFile(settings.AURORA_LEDGER_HEAD_FILE)
    kept = heads.read()
    try:
        Sequencer(signer=Signer(settings.AURORA_LEDGER_ORIGIN, *keys), heads=heads).check()
    except TreeDamaged:
        return Tree(size, kept.size if kept else None, False)
    return Tree(size, kept.size if kept else None, True)


def open_sample(owner: DatabaseUrl) -> int:
    """Facts of some citizens, opened with their keys; how many. Raises BackupError where one does not open."""
    with connect(owner) as connection:
        citizens = connection.execute("SELECT citizen_id FROM vault.data_key ORDER BY random() LIMIT %s", [SAMPLE]).fetchall()
    opened = 0
    for (citizen_id,) in citizens:
        with citizen_scope(citizen_id):
            for fact in Fact.objects.filter(citizen_id=citizen_id)[:SAMPLE]:
                try:
                    sealing.opened(fact, citizen_id=citizen_id)
                except (vault.VaultClosed, keks.KeyUnavailable):
                    raise BackupError("a fact does not open: the key-encryption key of the backup's day must be named, too") from None
                opened += 1
    return opened


def citizens(owner: DatabaseUrl) -> dict[UUID, list[Known]]:
    """Every citizen's number, with the erasures that are done, or wait for the account alone. One that still runs is run again: it may not have come far."""
    with connect(owner) as connection:
        found: dict[UUID, list[Known]] = {row[0]: [] for row in connection.execute("SELECT id FROM identity_citizen")}
        told = connection.execute(
            "SELECT citizen_id, scope, code, asked_at, finished_at, state = 'cancelled' FROM erasures_erasure "
            "WHERE citizen_id IS NOT NULL AND state <> 'running'"
        )
        for citizen_id, *known in told:
            if citizen_id in found:  # the row of who left for good outlives them
                found[citizen_id].append(Known(*known))
    return found


def end_wait(owner: DatabaseUrl, citizen_id: UUID) -> None:
    """Their thirty days were over before: by the rows that count, which only the owner may write."""
    with connect(owner) as connection:
        for table in ("ledger_erasure", "erasures_erasure"):
            connection.execute(
                sql.SQL("UPDATE {} SET due_at = now() - interval '1 second' WHERE citizen_id = %s").format(sql.Identifier(table)),
                [citizen_id],
            )


def reconnect() -> None:
    """Django's connection, anew: what it knew of the database was of an empty one."""
    service.close()


def _root(connection: Any) -> tuple[int, bytes]:
    """Size and root of the leaves, by the complete subtrees that the binary digits of the size name (RFC 6962, 2.1)."""
    complete: list[tuple[int, bytes]] = []
    size = 0
    with connection.cursor(name="leaves") as cursor:
        cursor.itersize = 20_000
        cursor.execute("SELECT index, commitment FROM ledger_leaf ORDER BY index")
        for index, commitment in cursor:
            if index != size:
                raise BackupError(f"leaf {size} of the public tree is missing")
            leaves, value = 1, leaf.leaf_hash(bytes(commitment))
            while complete and complete[-1][0] == leaves:
                leaves, value = leaves * 2, merkle.node_hash(complete.pop()[1], value)
            complete.append((leaves, value))
            size += 1
    if not complete:
        return 0, merkle.EMPTY_ROOT
    value = complete[-1][1]
    for _, left in reversed(complete[:-1]):
        value = merkle.node_hash(left, value)
    return size, value


def _is_schema(line: str) -> bool:
    """`6; 2615 16386 SCHEMA - vault aurora_owner` in a list of contents, and what is said about it."""
    words = line.split()
    return len(words) > 5 and words[3] == "SCHEMA" and words[5] in ("vault", "public")
