"""Looking for bytes everywhere that Aurora keeps something: each table of each schema as a superuser reads it, each file of PostgreSQL (tables, indexes,
statistics, journal), each key of Valkey and its dump, each file of the state folder.

The sandbox's own folder is other agencies' and theirs to delete; `demo.json` and the sandbox's configuration list who the demo's people are.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import redis

from tests.support.stack import Stack

OTHERS = ("sandbox", "demo.json", "run", "demo.log")
Needles = Mapping[str, bytes]


def forms(needle: bytes) -> tuple[bytes, ...]:
    """As it is, as PostgreSQL and JSON write bytes in text, and in base64."""
    url = base64.urlsafe_b64encode(needle).rstrip(b"=")
    return (needle, needle.hex().encode(), base64.b64encode(needle).rstrip(b"="), url)


def found_in(data: bytes, needles: Needles) -> set[str]:
    return {name for name, needle in needles.items() if any(form in data for form in forms(needle))}


def of_shipped_models(stack: Stack, place: str) -> bool:
    """Models that come with Aurora, learnt from public data: they hold nothing of the citizen, and many numbers that are like theirs. None is trained here."""
    return place.startswith(f"file {stack.state / 'files' / 'models'}")


def everywhere(stack: Stack, needles: Needles) -> dict[str, set[str]]:
    """By place, what was found there."""
    places = {**dict(_tables(stack, needles)), **dict(_files(stack, needles)), **dict(_valkey(stack, needles))}
    return {place: found for place, found in places.items() if found and not of_shipped_models(stack, place)}


def settle(stack: Stack) -> None:
    """What PostgreSQL does by itself in the next minutes, now: new statistics, and two checkpoints, each after a new segment of the journal was begun."""
    with stack.admin() as database:
        database.execute("ANALYZE")
        for _ in range(2):
            database.execute("SELECT pg_switch_wal()")
            database.execute("CHECKPOINT")


def _tables(stack: Stack, needles: Needles) -> Iterator[tuple[str, set[str]]]:
    with stack.admin() as database:
        tables = database.execute(
            "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_toast'"
        ).fetchall()
        for (table,) in tables:
            found: set[str] = set()
            try:
                with database.cursor().copy(f"COPY (SELECT t::text FROM {table} t) TO STDOUT") as rows:  # type: ignore[arg-type]
                    for row in rows:
                        found |= found_in(bytes(row), needles)
            except psycopg.errors.UndefinedTable:
                continue  # a temporary one of somebody's
            yield f"table {table}", found


def _files(stack: Stack, needles: Needles) -> Iterator[tuple[str, set[str]]]:
    with stack.admin() as database:
        [(data,)] = database.execute("SHOW data_directory").fetchall()
    folders = {Path(data), *(path for path in stack.state.iterdir() if path.name not in OTHERS)}
    for folder in folders:
        for file in [folder] if folder.is_file() else _walk(folder):
            try:
                yield f"file {file}", found_in(file.read_bytes(), needles)
            except OSError:
                continue  # PostgreSQL has removed it meanwhile


def _walk(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root) / name
            if path.is_file():
                yield path


def _valkey(stack: Stack, needles: Needles) -> Iterator[tuple[str, set[str]]]:
    for name in ("broker_url", "cache_url"):
        address = stack.services()[name].replace("redis+socket://", "unix://").partition("?")[0]
        client: Any = redis.Redis.from_url(address)
        for database in range(16):
            client.execute_command("SELECT", database)
            for key in client.scan_iter(count=1000):
                value = client.dump(key) or b""
                yield f"valkey {name} {database} {key!r}", found_in(key + value + _plain(client, key), needles)


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
