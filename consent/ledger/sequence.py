"""The sequencer: gives every committed entry its leaf index, grows the tree by it and signs the new head.

One process does this at a time, by an advisory lock that ends with its connection. A round is one transaction: what a
kill interrupts rolls back whole, and the pending rows are still there for the next one. Pending rows of transactions
that have not committed are not seen and not missed: they are taken once they commit, whatever their id. Should two
sequencers ever run a round at once (a connection pool that shares sessions), the second one fails on the leaf index's
primary key.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from threading import Event

from django.db import InterfaceError, OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from consent.ledger import leaf, merkle, tiles
from consent.ledger.checkpoint import Signer
from consent.ledger.verify import NotVerified, open_checkpoint

logger = logging.getLogger(__name__)

LOCK = 0x4175_726F_7261_4C67  # "AuroraLg": the advisory lock of the one sequencer of a database
PERIOD = 0.1
BATCH = 10_000
LONGEST_PAUSE = 5.0

_TAKE = """
WITH taken AS (
    DELETE FROM ledger_pending WHERE id IN (SELECT id FROM ledger_pending ORDER BY id LIMIT %s)
    RETURNING id, entry_id, commitment
)
INSERT INTO ledger_leaf (index, entry_id, commitment)
SELECT %s + row_number() OVER (ORDER BY id) - 1, entry_id, commitment FROM taken
RETURNING index, commitment
"""


class NotAllowed(Exception):
    """The database role may not sequence."""


class Sequencer:
    """Runs rounds over one database connection. Not for use by several threads."""

    def __init__(self, *, signer: Signer, using: str = "default", batch: int = BATCH, period: float = PERIOD) -> None:
        self._signer, self._using, self._batch, self._period = signer, using, batch, period

    @property
    def _connection(self) -> BaseDatabaseWrapper:
        return connections[self._using]

    def run(self, stop: Event) -> None:
        """Sequence until `stop` is set, through losses of the database. Raises NotAllowed and TreeDamaged."""
        pause = self._period
        while not stop.is_set():
            try:
                if self.acquire(stop):
                    self.begin()
                    pause = self._period
                    self._rounds(stop)
            except (OperationalError, InterfaceError) as error:
                logger.warning("ledger sequencer: database lost (%s), next try in %.1f s", type(error).__name__, pause)
                self._connection.close()
                stop.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        self._connection.close()  # gives the lock back

    def acquire(self, stop: Event) -> bool:
        """Wait for the lock that only one sequencer has; False if stopped first."""
        waited = False
        while not stop.is_set():
            with self._connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
                if cursor.fetchone()[0]:
                    logger.info("ledger sequencer: has the lock")
                    return True
            if not waited:
                logger.info("ledger sequencer: another one is at work, waiting")
                waited = True
            stop.wait(self._period * 5)
        return False

    def begin(self) -> None:
        """Publish the key; see that the newest checkpoint states the stored tree and bears the key, or sign one."""
        with transaction.atomic(using=self._using), self._connection.cursor() as cursor:
            cursor.execute(
                "SELECT has_table_privilege('ledger_pending', 'DELETE') "
                "AND has_table_privilege('ledger_leaf', 'INSERT') AND has_table_privilege('ledger_tile', 'UPDATE') "
                "AND has_table_privilege('ledger_key', 'UPDATE') "
                "AND has_table_privilege('ledger_checkpoint', 'UPDATE')"
            )
            if not cursor.fetchone()[0]:
                raise NotAllowed("this database role may not sequence the ledger: run as the owner (AURORA_DB_ROLE=owner)")
            now = datetime.now(UTC)
            cursor.execute("SELECT vkey FROM ledger_key ORDER BY since DESC LIMIT 1")
            if cursor.fetchone() != (self._signer.vkey,):
                cursor.execute(
                    "INSERT INTO ledger_key (vkey, since) VALUES (%s, %s) ON CONFLICT (vkey) DO UPDATE SET since = excluded.since",
                    [self._signer.vkey, now],
                )
            size, root, note = self._head(cursor)
            self._edge(cursor, size, root)
            try:
                open_checkpoint(note, self._signer.vkey)
            except NotVerified:
                if note:
                    logger.warning("ledger sequencer: the newest checkpoint bears another key or name; signing the same tree anew")
                self._sign(cursor, size, root)

    def round(self) -> int:
        """Take up to `batch` pending entries into the tree; how many were taken. Without any: one query, no write."""
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM ledger_pending)")
            if not cursor.fetchone()[0]:
                return 0
        with transaction.atomic(using=self._using), self._connection.cursor() as cursor:
            size, root, _ = self._head(cursor)
            stored = self._edge(cursor, size, root)
            cursor.execute(_TAKE, [self._batch, size])
            taken = sorted((index, bytes(commitment)) for index, commitment in cursor.fetchall())
            if not taken:
                return 0
            changed = tiles.grow(size, [leaf.leaf_hash(commitment) for _, commitment in taken], stored)
            self._store(cursor, changed)
            new_size = size + len(taken)
            self._sign(cursor, new_size, merkle.root(new_size, tiles.node_reader(stored | changed)))
        return len(taken)

    def _rounds(self, stop: Event) -> None:
        due = time.monotonic()
        while not stop.is_set():
            if self.round() < self._batch:  # a full batch: more is waiting
                due = max(due + self._period, time.monotonic())
                stop.wait(due - time.monotonic())

    def _head(self, cursor: CursorWrapper) -> tuple[int, bytes, str]:
        """Size, root and note of the newest checkpoint, which must end where the leaves end."""
        cursor.execute("SELECT coalesce(max(index) + 1, 0) FROM ledger_leaf")
        leaves = cursor.fetchone()[0]
        cursor.execute("SELECT size, root, note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1")
        row = cursor.fetchone()
        size, root, note = (row[0], bytes(row[1]), row[2]) if row else (0, merkle.EMPTY_ROOT, "")
        if leaves != size:
            raise tiles.TreeDamaged(f"there are {leaves} leaves, but the newest checkpoint states {size}")
        return size, root, note

    def _edge(self, cursor: CursorWrapper, size: int, root: bytes) -> dict[tiles.Key, bytes]:
        """The partial tiles, which must make up the signed root: nothing is signed upon a tree that was changed."""
        keys = list(tiles.edge(size))
        cursor.execute(
            "SELECT t.level, t.index, t.hashes FROM ledger_tile t "
            "JOIN unnest(%s::smallint[], %s::bigint[]) AS k (level, index) USING (level, index)",
            [[level for level, _ in keys], [index for _, index in keys]],
        )
        stored = {(level, index): bytes(hashes) for level, index, hashes in cursor.fetchall()}
        if merkle.root(size, tiles.node_reader(stored)) != root:
            raise tiles.TreeDamaged(f"the stored tiles do not make up the signed root at size {size}")
        return stored

    def _store(self, cursor: CursorWrapper, changed: dict[tiles.Key, bytes]) -> None:
        cursor.execute(
            "INSERT INTO ledger_tile (level, index, hashes) "
            "SELECT * FROM unnest(%s::smallint[], %s::bigint[], %s::bytea[]) "
            "ON CONFLICT (level, index) DO UPDATE SET hashes = excluded.hashes",
            [[level for level, _ in changed], [index for _, index in changed], list(changed.values())],
        )

    def _sign(self, cursor: CursorWrapper, size: int, root: bytes) -> None:
        cursor.execute(
            "INSERT INTO ledger_checkpoint (size, root, at, note) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (size) DO UPDATE SET at = excluded.at, note = excluded.note",
            [size, root, datetime.now(UTC), self._signer.checkpoint(size, root)],
        )
