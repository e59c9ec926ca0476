"""The sequencer where something outside it fails: the lock that keeps a second one away, the clock, a writer that hangs, ids out of order."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection, connections

from consent.ledger import leaf, merkle, queries, sequence, tiles, verify
from consent.ledger.heads import HeadFile
from consent.ledger.models import Checkpoint, Leaf, LedgerEntry, Pending
from consent.ledger.sequence import Sequencer
from consent.ledger.witness_models import Alarm
from consent.scope import citizen_scope
from tests.consent.ledger.conftest import read_by_agency
from tests.support import stack
from tests.support.log_keys import make_signer
from tests.support.tree_again import roots

pytestmark = pytest.mark.usefixtures("ledger_db")

ORIGIN = "aurora.test/ledger"
SIGNER = make_signer(ORIGIN, bytes(32))
PATIENCE = 180.0
wait_for = partial(stack.wait_for, within=PATIENCE)


class Pooled(Sequencer):
    """Its database is behind a pool that shares sessions: whoever asks for the session's lock is told that they have it."""

    def try_lock(self) -> bool:
        return True


@contextmanager
def running(*sequencers: Sequencer) -> Iterator[None]:
    stop = threading.Event()
    with ThreadPoolExecutor(len(sequencers)) as pool:
        done = [pool.submit(one.run, stop) for one in sequencers]
        try:
            yield
        finally:
            stop.set()
            for one in done:
                one.result(PATIENCE)


def check_tree() -> int:
    """Each entry has one leaf, tiles and heads are what the leaves come to. Returns the size."""
    with connections["admin"].cursor() as cursor:
        cursor.execute("SELECT index, entry_id, commitment FROM ledger_leaf ORDER BY index")
        leaves = [(index, entry_id, bytes(commitment)) for index, entry_id, commitment in cursor.fetchall()]
        cursor.execute("SELECT id, commitment FROM ledger_ledgerentry")
        entries = {entry_id: bytes(commitment) for entry_id, commitment in cursor.fetchall()}
        cursor.execute("SELECT level, index, hashes FROM ledger_tile")
        stored = {(level, index): bytes(hashes) for level, index, hashes in cursor.fetchall()}
    assert [index for index, _, _ in leaves] == list(range(len(leaves)))
    assert {entry_id: commitment for _, entry_id, commitment in leaves} == entries and len(leaves) == len(entries)
    assert stored == tiles.grow(0, [leaf.leaf_hash(commitment) for _, _, commitment in leaves], {})
    heads = {head.size: verify.open_checkpoint(head.note, SIGNER.vkeys[0]).root for head in Checkpoint.objects.all()}
    assert heads == roots([commitment for _, _, commitment in leaves], heads) and max(heads) == len(leaves)
    return len(leaves)


@contextmanager
def written(citizens: int, each: int) -> Iterator[int]:
    """As many writers as citizens, each writing in transactions of its own, while the block runs."""

    def write() -> None:
        try:
            citizen = uuid4()
            for _ in range(each):
                read_by_agency(citizen)
        finally:
            connection.close()

    with ThreadPoolExecutor(citizens) as pool:
        done = [pool.submit(write) for _ in range(citizens)]
        yield citizens * each
        for one in done:
            one.result(PATIENCE)


def test_two_sequencers_whose_lock_was_taken_away_do_no_harm_and_raise_no_alarm(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each keeps the same head file, as two processes on one machine do."""
    heads = HeadFile(tmp_path / "ledger-head")
    three = [Pooled(signer=SIGNER, using="owner", period=0.001, batch=7, heads=heads) for _ in range(3)]
    with caplog.at_level(logging.WARNING, "consent.ledger.sequence"), running(*three), written(4, 100) as total:
        wait_for(lambda: Leaf.objects.count() == total, "all to be in the tree")
    assert check_tree() == total and not Alarm.objects.exists()
    assert Checkpoint.objects.count() > total / 7, "they were to work in small steps"
    assert caplog.messages == []
    begun = Sequencer(signer=SIGNER, using="owner", heads=heads)
    begun.begin()
    kept = heads.read()
    assert kept is not None and kept.size == total


def test_a_writer_that_hangs_holds_up_its_own_citizen_and_nobody_else() -> None:
    """Its transaction has appended, and stays open: with that, the number in the queue is taken and not committed."""
    hangs, may_end, citizen = threading.Event(), threading.Event(), uuid4()

    def hang() -> None:
        try:
            with citizen_scope(citizen):
                read_by_agency(citizen)
                hangs.set()
                assert may_end.wait(PATIENCE)
        finally:
            connection.close()

    with running(Sequencer(signer=SIGNER, using="owner", period=0.01)), ThreadPoolExecutor(1) as pool:
        slow = pool.submit(hang)
        assert hangs.wait(PATIENCE)
        try:
            with written(3, 20) as total:
                wait_for(lambda: Leaf.objects.count() == total, "the others' entries")
            assert Pending.objects.count() == 0
        finally:
            may_end.set()
        slow.result(PATIENCE)
        wait_for(lambda: Leaf.objects.count() == total + 1, "the entry of the one that hung")
    assert check_tree() == total + 1
    assert Leaf.objects.order_by("-index").values_list("entry_id", flat=True)[0] in _ids_of(citizen)


def test_a_writer_that_hangs_and_is_ended_leaves_nothing() -> None:
    """The database ends the session of who says nothing: no entry, no number, no leaf; the next one goes on."""
    citizen = uuid4()
    read_by_agency(citizen)
    with pytest.raises(Exception, match="terminat"), citizen_scope(citizen):
        read_by_agency(citizen)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pid = cursor.fetchone()[0]
        with connections["admin"].cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    connection.close()
    assert read_by_agency(citizen).seq == 2
    with running(Sequencer(signer=SIGNER, using="owner", period=0.01)):
        wait_for(lambda: Leaf.objects.count() == 2, "both")
    assert check_tree() == 2


def test_queue_numbers_out_of_order_are_taken_as_they_stand() -> None:
    """What comes later with a lower number (a sequence that was set back, a transaction that was slow) is taken when it is there."""
    begun = Sequencer(signer=SIGNER, using="owner")
    begun.begin()
    citizen = uuid4()
    for number in (900, 5, 5_000_000_000, 17, 1):
        with connections["admin"].cursor() as cursor:
            cursor.execute("SELECT setval('ledger_pending_id_seq', %s, false)", [number])
        read_by_agency(citizen)
        if number != 17:
            begun.round()
    begun.round()
    assert check_tree() == 5
    order = {entry.pk: entry.seq for entry in _entries(citizen)}
    found = [order[entry_id] for entry_id in Leaf.objects.order_by("index").values_list("entry_id", flat=True)]
    assert found == [1, 2, 3, 5, 4], "within a round by number, and none left out"


@contextmanager
def clock(monkeypatch: pytest.MonkeyPatch, shift: timedelta) -> Iterator[None]:
    """The sequencer's clock is off; nothing in its code knows of it."""

    class Shifted(datetime):
        @classmethod
        def now(cls, tz=None):  # type: ignore[no-untyped-def]
            return datetime.now(tz) + shift

    real = time.time
    with monkeypatch.context() as changed:
        changed.setattr(sequence, "datetime", Shifted)
        changed.setattr(time, "time", lambda: real() + shift.total_seconds())
        yield


@pytest.mark.parametrize("shift", [timedelta(hours=-1), timedelta(days=-400), timedelta(days=-365 * 25), timedelta(days=365 * 60)])
def test_a_clock_that_is_set_back_changes_no_order(shift: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a writer and of the sequencer: numbers, links and places in the tree are what they would have been."""
    citizen = uuid4()
    for away in (False, True, False):
        with clock(monkeypatch, shift if away else timedelta()):
            begun = Sequencer(signer=SIGNER, using="owner")
            begun.begin()
            for _ in range(3):
                read_by_agency(citizen, at=datetime.now(UTC) + (shift if away else timedelta()), permit_id=None)
            assert begun.round() == 3
    entries = _entries(citizen)
    times = [entry.at for entry in entries]
    assert abs(times[3] - times[2] - shift) < timedelta(minutes=5), "the clock was another one"
    assert [entry.seq for entry in entries] == list(range(1, 10))
    assert verify.check_sequence([queries.link(entry) for entry in entries]) == []
    with citizen_scope(citizen):
        assert queries.my_sequence_is_unbroken(citizen).unbroken
    assert check_tree() == 9
    newest = queries.newest_checkpoint()
    assert newest is not None and newest.size == 9, "the newest head is the largest, not the latest"
    for entry in entries:
        proof = queries.proof_for(entry)
        assert proof is not None
        verify.check_inclusion(commitment=bytes(entry.commitment), proof=proof, vkey=SIGNER.vkeys[0])


def test_a_key_that_is_rotated_while_the_clock_is_behind_is_the_one_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    Sequencer(signer=SIGNER, using="owner").begin()
    other = make_signer(ORIGIN, b"\x07" * 32)
    with clock(monkeypatch, timedelta(days=-2)):
        for _ in range(2):
            Sequencer(signer=other, using="owner").begin()
            assert queries.verifier_keys()[:2] == other.vkeys


def test_old_heads_are_thinned_by_what_stands_in_them_and_never_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock far ahead makes every head old: the newest stays, and every size is still proved."""
    begun = Sequencer(signer=SIGNER, using="owner")
    begun.begin()
    citizen = uuid4()
    for _ in range(6):
        read_by_agency(citizen)
        begun.round()
    begun.thin(now=datetime.now(UTC) + timedelta(days=365 * 60))
    assert Checkpoint.objects.order_by("-size").values_list("size", flat=True)[0] == 6
    node = tiles.node_reader({(tile.level, tile.index): bytes(tile.hashes) for tile in queries.Tile.objects.all()})
    for size in range(1, 6):
        proof = queries.consistency_proof(size, 6)
        assert proof is not None
        assert merkle.verify_consistency(old=size, new=6, old_root=merkle.root(size, node), new_root=merkle.root(6, node), proof=proof)
    assert begun.round() == 0


def _entries(citizen) -> list[LedgerEntry]:  # type: ignore[no-untyped-def]
    with citizen_scope(citizen):
        return list(LedgerEntry.objects.filter(citizen_id=citizen).order_by("seq"))


def _ids_of(citizen) -> set[object]:  # type: ignore[no-untyped-def]
    return {entry.pk for entry in _entries(citizen)}
