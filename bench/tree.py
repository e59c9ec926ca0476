"""A tree of as many leaves as wanted, in the database, made as fast as two cores can: for measuring proofs, which look at tiles and leaves only.

It is a true tree: every leaf has its commitment and its row, every hash is what RFC 6962 says, the head is signed. What is not there are entries.
Tables are UNLOGGED meanwhile, and the leaves' indexes are made when the rows are in: neither changes what a read costs.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any
from uuid import UUID

import numpy as np
import psycopg

from consent.ledger import merkle, tiles

CHUNK = 65_536  # leaves under one hash of the second level of tiles: 256 full tiles, and one above them
PROCESSES = 2
TABLES = "ledger_leaf, ledger_tile, ledger_checkpoint"
# A row of ledger_leaf in PostgreSQL's binary COPY: the number of fields, then each field's length and content.
_ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("index_length", ">i4"),
        ("index", ">i8"),
        ("id_length", ">i4"),
        ("id_high", ">u8"),
        ("id_low", ">u8"),
        ("commitment_length", ">i4"),
        ("commitment", "u1", 32),
    ]
)
_BEGIN, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_INDEXES = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'ledger_leaf'::regclass AND contype IN ('p', 'u') ORDER BY conname
"""


def entry_id(index: int) -> UUID:
    """Of the entry that a leaf stands for: ids rise with time, as those of real entries do."""
    return UUID(int=index << 64)


def empty(admin: psycopg.Connection[Any]) -> None:
    """Takes the whole tree away, which only a superuser can, past the triggers."""
    admin.execute(f"SET session_replication_role = replica; TRUNCATE {TABLES}, ledger_pending CASCADE; RESET session_replication_role")


def make(admin: psycopg.Connection[Any], size: int, *, sign: Any) -> None:
    """Replaces the tree by one of `size` leaves. `sign(size, root)` gives the note of its head."""
    empty(admin)
    for table in ("ledger_leaf", "ledger_tile"):
        admin.execute(f"ALTER TABLE {table} SET UNLOGGED")
    constraints = admin.execute(_INDEXES).fetchall()
    for name, _ in constraints:
        admin.execute(f'ALTER TABLE ledger_leaf DROP CONSTRAINT "{name}"')
    upper = _whole_chunks(admin.info.dsn, size // CHUNK)
    upper |= _rest(admin, size, upper)
    _copy_tiles(admin, upper)
    root = merkle.root(size, tiles.node_reader({key: data for key, data in upper.items() if key in set(tiles.edge(size))}))
    admin.execute(
        "INSERT INTO ledger_checkpoint (size, root, at, note) VALUES (%s, %s, %s, %s)", [size, root, datetime.now(UTC), sign(size, root)]
    )
    admin.execute("SET maintenance_work_mem = '1GB'")
    for name, definition in constraints:
        admin.execute(f'ALTER TABLE ledger_leaf ADD CONSTRAINT "{name}" {definition}')
    admin.execute(f"VACUUM (ANALYZE) {TABLES}")


def _whole_chunks(dsn: str, count: int) -> dict[tiles.Key, bytes]:
    """The chunks' leaves and their two lower levels of tiles go into the database; the levels above come back."""
    if not count:
        return {}
    # Spawned, not forked: this process has connections open.
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        hashes = list(pool.imap(partial(_chunk, dsn), range(count), chunksize=1))
    found: dict[tiles.Key, bytes] = {}
    level = 2
    while hashes:
        parts = [hashes[start : start + tiles.WIDTH] for start in range(0, len(hashes), tiles.WIDTH)]
        found |= {(level, index): b"".join(part) for index, part in enumerate(parts)}
        hashes = [merkle.complete_root(part) for part in parts if len(part) == tiles.WIDTH]
        level += 1
    return found


def _rest(admin: psycopg.Connection[Any], size: int, upper: dict[tiles.Key, bytes]) -> dict[tiles.Key, bytes]:
    start = size // CHUNK * CHUNK
    commitments, rows = _leaves(start, size - start)
    with admin.cursor() as cursor:
        _copy_leaves(cursor, rows)
    return tiles.grow(start, [hashlib.sha256(b"\x00" + one).digest() for one in commitments], upper)


@cache
def _connection(dsn: str) -> psycopg.Connection[Any]:
    return psycopg.connect(dsn, autocommit=True)


def _chunk(dsn: str, number: int) -> bytes:
    """Makes one chunk; its hash."""
    database = _connection(dsn)
    commitments, rows = _leaves(number * CHUNK, CHUNK)
    with database.cursor() as cursor:
        _copy_leaves(cursor, rows)
    level = [hashlib.sha256(b"\x00" + one).digest() for one in commitments]
    low = b"".join(level)
    made = {(0, number * tiles.WIDTH + n): low[n * tiles.TILE_BYTES : (n + 1) * tiles.TILE_BYTES] for n in range(tiles.WIDTH)}
    while len(level) > 1:
        below = b"".join(level)
        level = [hashlib.sha256(b"\x01" + below[at : at + 64]).digest() for at in range(0, len(below), 64)]
        if len(level) == tiles.WIDTH:
            made[1, number] = b"".join(level)
    _copy_tiles(database, made)
    return level[0]


def _leaves(start: int, count: int) -> tuple[Iterator[bytes], bytes]:
    """Commitments, and their rows in COPY's form."""
    random = os.urandom(32 * count)
    rows = np.zeros(count, _ROW)
    rows["fields"], rows["index_length"], rows["id_length"], rows["commitment_length"] = 3, 8, 16, 32
    rows["index"] = rows["id_high"] = np.arange(start, start + count)
    rows["commitment"] = np.frombuffer(random, np.uint8).reshape(count, 32)
    return (random[at : at + 32] for at in range(0, len(random), 32)), rows.tobytes()


def _copy_leaves(cursor: psycopg.Cursor[Any], rows: bytes) -> None:
    with cursor.copy("COPY ledger_leaf (index, entry_id, commitment) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(_BEGIN + rows + _END)


def _copy_tiles(database: psycopg.Connection[Any], made: dict[tiles.Key, bytes]) -> None:
    with database.cursor() as cursor, cursor.copy("COPY ledger_tile (level, index, hashes) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["int2", "int8", "bytea"])
        for (level, index), hashes in made.items():
            copy.write_row((level, index, hashes))


def commitments_of(admin: psycopg.Connection[Any], indices: Sequence[int]) -> dict[int, bytes]:
    rows = admin.execute("SELECT index, commitment FROM ledger_leaf WHERE index = ANY(%s)", [list(indices)]).fetchall()
    return {index: bytes(commitment) for index, commitment in rows}
