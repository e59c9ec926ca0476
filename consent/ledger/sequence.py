"""The sequencer: gives every committed entry its leaf index, grows the tree by it and signs the new head.

One process does this at a time, by an advisory lock that ends with its connection. A round is one transaction: what a
kill interrupts rolls back whole, and the pending rows are still there for the next one. Pending rows of transactions
that have not committed are not seen and not missed: they are taken once they commit, whatever their id. A connection
pool that shares sessions can take that lock away: so each round also takes one that ends with its transaction, and two
sequencers at once take turns.

What was signed last also stands in a file outside the database (heads.py): nothing is signed on a database whose tree
does not extend it.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event

from django.db import DatabaseError, InterfaceError, OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from consent.ledger import leaf, merkle, tiles
from consent.ledger.checkpoint import Signer
from consent.ledger.heads import HeadFile, is_of, stated_by
from consent.ledger.witness_models import Alarm

logger = logging.getLogger(__name__)

LOCK = 0x4175_726F_7261_4C67  # "AuroraLg": the advisory lock of the one sequencer of a database
TURN = LOCK + 1
PERIOD = 0.1
BATCH = 10_000
LONGEST_PAUSE = 5.0
THIN_EVERY = 3600.0  # seconds
KEPT_WHOLE = timedelta(days=7)
RESTORED = "it was set back to an older state, or changed. Nothing is signed. docs/operations/ledger.md says what to do"

_TAKE = """
WITH taken AS (
    DELETE FROM ledger_pending WHERE id IN (SELECT id FROM ledger_pending ORDER BY id LIMIT %s)
    RETURNING id, entry_id, commitment
)
INSERT INTO ledger_leaf (index, entry_id, commitment)
SELECT %s + row_number() OVER (ORDER BY id) - 1, entry_id, commitment FROM taken
RETURNING index, commitment
"""


# Of checkpoints past their week: the last of each hour stays, and the last that a witness cosigned. Of any tree of that size or smaller there is
# proof still, out of the tiles.
_THIN = """
WITH old AS (
    SELECT k.size, date_trunc('hour', k.at) AS hour, EXISTS (SELECT FROM ledger_cosignature c WHERE c.size = k.size) AS cosigned
    FROM ledger_checkpoint k WHERE k.at < %s AND k.size < (SELECT max(size) FROM ledger_checkpoint)
), kept AS (
    SELECT max(size) AS size FROM old GROUP BY hour UNION SELECT max(size) FROM old WHERE cosigned GROUP BY hour
    UNION SELECT coalesce(max(size), -1) FROM ledger_cosignature
), dropped AS (
    SELECT size FROM old WHERE NOT EXISTS (SELECT FROM kept WHERE kept.size = old.size)
), lines AS (
    DELETE FROM ledger_cosignature WHERE size IN (SELECT size FROM dropped)
)
DELETE FROM ledger_checkpoint WHERE size IN (SELECT size FROM dropped)
"""


class NotAllowed(Exception):
    """The database role may not sequence."""


class Sequencer:
    """Runs rounds over one database connection. Not for use by several threads."""

    def __init__(
        self,
        *,
        signer: Signer,
        using: str = "default",
        batch: int = BATCH,
        period: float = PERIOD,
        heads: HeadFile | None = None,
        pulse: Callable[[], None] = lambda: None,
    ) -> None:
        """`heads` None keeps no head outside the database: for tests and measurements. `pulse` is called whenever the loop turns, idle or not."""
        self._signer, self._using, self._batch, self._period, self._heads = signer, using, batch, period, heads
        self._pulse = pulse

    @property
    def _connection(self) -> BaseDatabaseWrapper:
        return connections[self._using]

    def run(self, stop: Event) -> None:
        """Sequence until `stop` is set, through losses of the database. Raises NotAllowed, HeadFileError and TreeDamaged (and an alarm)."""
        pause = self._period
        while not stop.is_set():
            self._pulse()
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
            except tiles.TreeDamaged:
                self._alarm()
                raise
        self._connection.close()  # gives the lock back

    def acquire(self, stop: Event) -> bool:
        """Wait for the lock that only one sequencer has; False if stopped first."""
        waited = False
        while not stop.is_set():
            self._pulse()
            if self.try_lock():
                with self._connection.cursor() as cursor:
                    # Else a crash of PostgreSQL could take back a head that stands in the file already.
                    cursor.execute("SET synchronous_commit = on")
                logger.info("ledger sequencer: has the lock")
                return True
            if not waited:
                logger.info("ledger sequencer: another one is at work, waiting")
                waited = True
            stop.wait(self._period * 5)
        return False

    def try_lock(self) -> bool:
        """Take the lock if nobody has it; it goes with the connection."""
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            return bool(cursor.fetchone()[0])

    def tree(self) -> tuple[int, bytes]:
        """Size and root of the stored tree. Raises TreeDamaged if it is not what the newest checkpoint states."""
        with self._turn() as cursor:
            size, root, _ = self._head(cursor)
            self._edge(cursor, size, root)
        return size, root

    def check(self) -> None:
        """That the stored tree extends the head in the file. Raises TreeDamaged, HeadFileError."""
        with self._turn() as cursor:
            size, root, _ = self._head(cursor)
            self._edge(cursor, size, root)
            self._extends_kept(cursor, size, root)

    def begin(self) -> None:
        """Publish the keys; see that the newest checkpoint states the stored tree and bears the keys, or sign one."""
        with self._turn() as cursor:
            cursor.execute(
                "SELECT has_table_privilege('ledger_pending', 'DELETE') "
                "AND has_table_privilege('ledger_leaf', 'INSERT') AND has_table_privilege('ledger_tile', 'UPDATE') "
                "AND has_table_privilege('ledger_key', 'UPDATE') AND has_table_privilege('ledger_former', 'UPDATE') "
                "AND has_table_privilege('ledger_checkpoint', 'UPDATE') AND has_table_privilege('ledger_alarm', 'INSERT')"
            )
            if not cursor.fetchone()[0]:
                raise NotAllowed("this database role may not sequence the ledger: run as the owner (AURORA_DB_ROLE=owner)")
            size, root, note = self._head(cursor)
            self._edge(cursor, size, root)
            self._extends_kept(cursor, size, root)
            if self._heads:
                self._heads.must_not_be_former(self._signer.origin)
            self._publish(cursor)
            if not all(is_of(note, vkey) for vkey in self._signer.signing):
                if note:
                    logger.warning("ledger sequencer: the newest checkpoint lacks a key or bears another name; signing the same tree anew")
                note = self._sign(cursor, size, root)
        if self._heads:
            self._heads.write(note)

    def round(self) -> int:
        """Take up to `batch` pending entries into the tree; how many were taken. Without any: one query, no write."""
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM ledger_pending)")
            if not cursor.fetchone()[0]:
                return 0
        with self._turn() as cursor:
            size, root, _ = self._head(cursor)
            stored = self._edge(cursor, size, root)
            self._extends_kept(cursor, size, root)
            cursor.execute(_TAKE, [self._batch, size])
            taken = sorted((index, bytes(commitment)) for index, commitment in cursor.fetchall())
            if not taken:
                return 0
            changed = tiles.grow(size, [leaf.leaf_hash(commitment) for _, commitment in taken], stored)
            self._store(cursor, changed)
            new_size = size + len(taken)
            note = self._sign(cursor, new_size, merkle.root(new_size, tiles.node_reader(stored | changed)))
        if self._heads:  # after the commit: a head that was rolled back must not bind the log
            self._heads.write(note)
        return len(taken)

    def thin(self, *, now: datetime) -> int:
        """Delete checkpoints between those that are kept for good; how many. The newest stays whatever the clock says."""
        with transaction.atomic(using=self._using), self._connection.cursor() as cursor:
            cursor.execute(_THIN, [now - KEPT_WHOLE])
            return cursor.rowcount

    @contextmanager
    def _turn(self) -> Iterator[CursorWrapper]:
        """A transaction in which no other sequencer commits: it sees what the one before it left, in the database and in the head file."""
        with transaction.atomic(using=self._using), self._connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])
            yield cursor

    def _rounds(self, stop: Event) -> None:
        due = time.monotonic()
        thin_at = due
        while not stop.is_set():
            self._pulse()
            if thin_at <= due:
                self.thin(now=datetime.now(UTC))
                thin_at = due + THIN_EVERY
            if self.round() < self._batch:  # a full batch: more is waiting
                due = max(due + self._period, time.monotonic())
                stop.wait(due - time.monotonic())

    def _head(self, cursor: CursorWrapper) -> tuple[int, bytes, str]:
        """Size, root and note of the newest checkpoint, which must end where the leaves end, and say the same in its note if that is one."""
        cursor.execute("SELECT coalesce(max(index) + 1, 0) FROM ledger_leaf")
        leaves = cursor.fetchone()[0]
        cursor.execute("SELECT size, root, note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1")
        row = cursor.fetchone()
        size, root, note = (row[0], bytes(row[1]), row[2]) if row else (0, merkle.EMPTY_ROOT, "")
        if leaves != size:
            raise tiles.TreeDamaged(f"there are {leaves} leaves, but the newest checkpoint states {size}")
        # What the head file will remember is this note, and not the row: one of an older tree would set the file back, and with it all that it guards.
        stated = stated_by(note)
        if stated is not None and (stated.size, stated.root) != (size, root):
            raise tiles.TreeDamaged(f"the newest checkpoint's note states another tree than its row, which states {size}")
        return size, root, note

    def _edge(self, cursor: CursorWrapper, size: int, root: bytes) -> dict[tiles.Key, bytes]:
        """The partial tiles, which must make up the signed root: nothing is signed upon a tree that was changed."""
        stored = self._tiles(cursor, list(tiles.edge(size)))
        if merkle.root(size, tiles.node_reader(stored)) != root:
            raise tiles.TreeDamaged(f"the stored tiles do not make up the signed root at size {size}")
        return stored

    def _extends_kept(self, cursor: CursorWrapper, size: int, root: bytes) -> None:
        """The stored tree is the one whose head was signed last, or has grown out of it. Raises TreeDamaged, HeadFileError."""
        kept = self._heads.read() if self._heads else None
        if kept is None or kept.size == 0 or (kept.size, kept.root) == (size, root):
            return
        told = f"{kept.size} entries were signed already as {kept.origin} (the head file says so)"
        if kept.size > size:
            raise tiles.TreeDamaged(f"the database holds a tree of {size}, but {told}: {RESTORED}")
        needed = tiles.needed_for(lambda node: merkle.consistency_proof(kept.size, size, node))
        node = tiles.node_reader(self._tiles(cursor, list(needed)))
        proof = merkle.consistency_proof(kept.size, size, node)
        if not merkle.verify_consistency(old=kept.size, new=size, old_root=kept.root, new_root=root, proof=proof):
            raise tiles.TreeDamaged(f"the database holds a tree of {size} whose beginning is not the one of which {told}: {RESTORED}")

    def _tiles(self, cursor: CursorWrapper, keys: list[tiles.Key]) -> dict[tiles.Key, bytes]:
        cursor.execute(
            "SELECT t.level, t.index, t.hashes FROM ledger_tile t "
            "JOIN unnest(%s::smallint[], %s::bigint[]) AS k (level, index) USING (level, index)",
            [[level for level, _ in keys], [index for _, index in keys]],
        )
        return {(level, index): bytes(hashes) for level, index, hashes in cursor.fetchall()}

    def _publish(self, cursor: CursorWrapper) -> None:
        """The keys in use, both since one time that is later than any before, whatever the clock says; and the heads of former names."""
        cursor.execute("SELECT vkey FROM ledger_key WHERE since = (SELECT max(since) FROM ledger_key)")
        if {row[0] for row in cursor.fetchall()} != set(self._signer.vkeys):
            cursor.execute(
                "INSERT INTO ledger_key (vkey, since) "
                "SELECT unnest(%s::text[]), greatest(%s, (SELECT max(since) + interval '1 microsecond' FROM ledger_key)) "
                "ON CONFLICT (vkey) DO UPDATE SET since = excluded.since",
                [list(self._signer.vkeys), datetime.now(UTC)],
            )
        for former in self._heads.former() if self._heads else ():
            cursor.execute(
                "INSERT INTO ledger_former (origin, size, note, told) VALUES (%s, %s, %s, %s::jsonb) "
                "ON CONFLICT (origin) DO UPDATE SET size = excluded.size, note = excluded.note, told = excluded.told",
                [former.head.origin, former.head.size, former.note, json.dumps(former.told)],
            )

    def _alarm(self) -> None:
        """A row for the console. Nothing may keep the sequencer from stopping."""
        try:
            with transaction.atomic(using=self._using), self._connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO ledger_alarm (kind, origin, witness, size, at) "
                    "VALUES (%s, %s, '', (SELECT coalesce(max(size), 0) FROM ledger_checkpoint), %s) ON CONFLICT DO NOTHING",
                    [Alarm.Kind.TREE_DAMAGED, self._signer.origin, datetime.now(UTC)],
                )
        except DatabaseError as error:
            logger.error("ledger sequencer: the alarm could not be kept (%s)", type(error).__name__)

    def _store(self, cursor: CursorWrapper, changed: dict[tiles.Key, bytes]) -> None:
        cursor.execute(
            "INSERT INTO ledger_tile (level, index, hashes) "
            "SELECT * FROM unnest(%s::smallint[], %s::bigint[], %s::bytea[]) "
            "ON CONFLICT (level, index) DO UPDATE SET hashes = excluded.hashes",
            [[level for level, _ in changed], [index for _, index in changed], list(changed.values())],
        )

    def _sign(self, cursor: CursorWrapper, size: int, root: bytes) -> str:
        now = datetime.now(UTC)
        note = self._signer.checkpoint(size, root, at=now.timestamp())
        cursor.execute(
            "INSERT INTO ledger_checkpoint (size, root, at, note) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (size) DO UPDATE SET at = excluded.at, note = excluded.note",
            [size, root, now, note],
        )
        return note
