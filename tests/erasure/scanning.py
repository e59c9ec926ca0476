"""Looking for bytes everywhere that Aurora keeps something: each table of each schema as a superuser reads it, each file of PostgreSQL (tables, indexes,
statistics, journal), each key of Valkey and its dump, each file of the state folder.

The sandbox's own folder is other agencies' and theirs to delete; `demo.json` and the sandbox's configuration list who the demo's people are.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import psycopg
import redis

from tests.erasure.needles import Needles, Sought
from tests.support.cast import services

OTHERS = ("sandbox", "demo.json", "run", "demo.log")
AT_ONCE = 2**20  # bytes of a table's rows that are looked through together


class Place(Protocol):
    """A running Aurora: a stack of its own, or the services of this test process (`Here`)."""

    @property
    def state(self) -> Path: ...

    def admin(self) -> psycopg.Connection[Any]: ...

    def services(self) -> dict[str, Any]: ...


class Here:
    """The services of this test process, whose own log is one of the files."""

    state = Path(os.environ.get("AURORA_STATE_DIR", ""))

    def admin(self) -> psycopg.Connection[Any]:
        return psycopg.connect(services().admin_url or "", autocommit=True)

    def services(self) -> dict[str, Any]:
        found = services()
        return {"broker_url": found.broker_url, "cache_url": found.cache_url}


def found_in(data: bytes, needles: Needles) -> set[str]:
    return Sought(needles).found_in(data)


def of_shipped_models(place: Place, where: str) -> bool:
    """Models that come with Aurora, learnt from public data: they hold nothing of the citizen, and many numbers that are like theirs. None is trained here."""
    return where.startswith(f"file {place.state / 'files' / 'models'}")


def everywhere(place: Place, needles: Needles) -> dict[str, set[str]]:
    """By place, what was found there."""
    sought = Sought(needles)
    places = {**dict(_tables(place, sought)), **dict(_files(place, sought)), **dict(_valkey(place, sought))}
    return {where: found for where, found in places.items() if found and not of_shipped_models(place, where)}


def settle(place: Place) -> None:
    """What PostgreSQL does by itself in the next minutes, now: new statistics, and two checkpoints, each after a new segment of the journal was begun."""
    with place.admin() as database:
        database.execute("ANALYZE")
        for _ in range(2):
            database.execute("SELECT pg_switch_wal()")
            database.execute("CHECKPOINT")


def in_tables(place: Place, needles: Needles) -> dict[str, set[str]]:
    """By table, what its rows hold."""
    return {where.removeprefix("table ").removeprefix("public."): found for where, found in _tables(place, Sought(needles)) if found}


def _tables(place: Place, sought: Sought) -> Iterator[tuple[str, set[str]]]:
    """Rows as text, large ones unpacked: those of tables in parts, of materialised views and of the catalogue too, large objects among them."""
    with place.admin() as database:
        tables = database.execute(
            "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_toast'"
        ).fetchall()
        for (table,) in tables:
            found: set[str] = set()
            held = bytearray()
            try:
                with database.cursor().copy(f"COPY (SELECT t::text FROM {table} t) TO STDOUT") as rows:  # type: ignore[arg-type]
                    for row in rows:
                        held += row
                        if len(held) >= AT_ONCE:
                            found |= sought.found_in(bytes(held))
                            held.clear()
            except psycopg.errors.UndefinedTable:
                continue  # a temporary one of somebody's
            yield f"table {table}", found | sought.found_in(bytes(held))


def _files(place: Place, sought: Sought) -> Iterator[tuple[str, set[str]]]:
    with place.admin() as database:
        [(data,)] = database.execute("SHOW data_directory").fetchall()
    logs = {Path(one.baseFilename) for one in logging.getLogger().handlers if isinstance(one, logging.FileHandler)}
    for folder in {Path(data), *logs, *(path for path in place.state.iterdir() if path.name not in OTHERS)}:
        for file in [folder] if folder.is_file() else _walk(folder):
            try:
                yield f"file {file}", sought.found_in(file.read_bytes())
            except OSError:
                continue  # PostgreSQL has removed it meanwhile


def _walk(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root) / name
            if path.is_file():
                yield path


def _valkey(place: Place, sought: Sought) -> Iterator[tuple[str, set[str]]]:
    for name in ("broker_url", "cache_url"):
        address = place.services()[name].replace("redis+socket://", "unix://").partition("?")[0]
        client: Any = redis.Redis.from_url(address)
        for database in range(16):
            client.execute_command("SELECT", database)
            for key in client.scan_iter(count=1000):
                value = client.dump(key) or b""
                yield f"valkey {name} {database} {key!r}", sought.found_in(key + value + _plain(client, key))


def _plain(client: Any, key: bytes) -> bytes:
    """Small values are compressed in a dump: read as they are, too."""
    kind = client.type(key)
    if kind == b"string":
        return client.get(key) or b""
    if kind == b"list":
        return b"".join(client.lrange(key, 0, -1))
    if kind == b"hash":
        return b"".join(part for pair in client.hgetall(key).items() for part in pair)
    if kind == b"set":
        return b"".join(client.smembers(key))
    if kind == b"zset":
        return b"".join(client.zrange(key, 0, -1))
    return b""
