"""The sequencer: rounds, its lock, losses of the database, and the real command under load and kill -9."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from consent.ledger import leaf, merkle, queries, tiles, verify
from consent.ledger.append import append
from consent.ledger.checkpoint import Signer, ensure_key, ensure_mldsa_key
from consent.ledger.events import Event
from consent.ledger.heads import is_of
from consent.ledger.models import Checkpoint, Leaf, LedgerEntry, Pending, Tile
from consent.ledger.sequence import LOCK, NotAllowed, Sequencer
from consent.scope import citizen_scope
from tests.consent.ledger.conftest import read_by_agency, seal
from tests.support import stack
from tests.support.log_keys import make_signer

pytestmark = pytest.mark.usefixtures("ledger_db")

ORIGIN = "aurora.test/ledger"
SIGNER = make_signer(ORIGIN, bytes(32))
AINO = uuid4()
PATIENCE = 180.0

wait_for = partial(stack.wait_for, within=PATIENCE)


def fill(count: int, citizen: UUID = AINO) -> list[bytes]:
    with citizen_scope(citizen):
        return [append(citizen_id=citizen, event=Event.OWN_DATA_VIEWED, actor="citizen", seal=seal).commitment for _ in range(count)]


def beginner(**options: int) -> Sequencer:
    sequencer = Sequencer(signer=SIGNER, using="owner", **options)
    sequencer.begin()
    return sequencer


def check_whole_log(vkey: str) -> int:
    """Every entry once in the tree, none pending, every checkpoint a prefix of the tree. Returns the size."""
    with connections["admin"].cursor() as cursor:
        cursor.execute("SELECT id, commitment FROM ledger_ledgerentry")
        entries = {entry_id: bytes(commitment) for entry_id, commitment in cursor.fetchall()}
        cursor.execute("SELECT index, entry_id, commitment FROM ledger_leaf ORDER BY index")
        rows = cursor.fetchall()
        cursor.execute("SELECT count(*) FROM ledger_pending")
        assert cursor.fetchone() == (0,)
    assert [index for index, _, _ in rows] == list(range(len(rows)))
    assert len(rows) == len(entries)
    assert {entry_id: bytes(commitment) for _, entry_id, commitment in rows} == entries
    hashes = [leaf.leaf_hash(bytes(commitment)) for _, _, commitment in rows]
    expected = tiles.grow(0, hashes, {})
    assert {(tile.level, tile.index): bytes(tile.hashes) for tile in Tile.objects.all()} == expected
    node = tiles.node_reader(expected)
    heads = [verify.open_checkpoint(row.note, vkey) for row in Checkpoint.objects.order_by("size")]
    assert heads[-1].size == len(rows)
    for head in heads:
        assert merkle.root(head.size, node) == head.root
    return len(rows)


def test_a_round_takes_what_is_committed_in_order() -> None:
    sequencer = beginner()
    first = fill(3)
    assert sequencer.round() == 3
    second = fill(2)
    assert sequencer.round() == 2
    assert sequencer.round() == 0
    assert [bytes(row.commitment) for row in Leaf.objects.order_by("index")] == [*first, *second]
    assert [row.size for row in Checkpoint.objects.order_by("size")] == [0, 3, 5]
    assert check_whole_log(SIGNER.vkey) == 5


def test_an_entry_whose_transaction_is_still_open_is_neither_taken_nor_missed() -> None:
    """The trap of every watermark on a serial number: a lower number that commits later."""
    sequencer = beginner()
    written, may_commit = threading.Event(), threading.Event()

    def late() -> None:
        try:
            with citizen_scope(AINO):
                append(citizen_id=AINO, event=Event.OWN_DATA_VIEWED, actor="citizen", seal=seal)
                written.set()
                assert may_commit.wait(PATIENCE)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(late)
        assert written.wait(PATIENCE)
        fill(4, uuid4())
        assert sequencer.round() == 4
        assert sequencer.round() == 0
        may_commit.set()
        slow.result(PATIENCE)
    assert sequencer.round() == 1
    assert check_whole_log(SIGNER.vkey) == 5


def test_a_long_queue_goes_in_batches() -> None:
    sequencer = beginner(batch=100)
    fill(250)
    assert [sequencer.round() for _ in range(4)] == [100, 100, 50, 0]
    assert check_whole_log(SIGNER.vkey) == 250


def test_an_empty_round_is_one_query_and_writes_nothing() -> None:
    sequencer = beginner()
    fill(1)
    sequencer.round()
    with CaptureQueriesContext(connections["owner"]) as captured:
        assert sequencer.round() == 0
    assert [query["sql"] for query in captured] == ["SELECT EXISTS (SELECT FROM ledger_pending)"]


def test_a_round_reads_the_edge_of_the_tree_only() -> None:
    """Tiles that are full are never read again, nor are leaves: a round's work does not grow with the log."""
    sequencer = beginner()
    fill(600)
    sequencer.round()
    fill(1)
    with CaptureQueriesContext(connections["owner"]) as captured:
        sequencer.round()
    reads = [query["sql"] for query in captured if "FROM ledger_tile" in query["sql"]]
    assert len(reads) == 1
    assert "'{0,1}'" in reads[0] or "ARRAY[0,1]" in reads[0].replace(" ", "")
    assert [q["sql"] for q in captured if "FROM ledger_leaf" in q["sql"]] == ["SELECT coalesce(max(index) + 1, 0) FROM ledger_leaf"]
    assert len(captured) <= 10


def test_a_round_that_fails_leaves_everything_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    sequencer = beginner()
    fill(10)
    with monkeypatch.context() as broken:
        broken.setattr(Sequencer, "_sign", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            sequencer.round()
    assert (Pending.objects.count(), Leaf.objects.count(), Tile.objects.count()) == (10, 0, 0)
    assert sequencer.round() == 10
    assert check_whole_log(SIGNER.vkey) == 10


@pytest.mark.parametrize(
    "deed",
    [
        "UPDATE ledger_tile SET hashes = overlay(hashes placing sha256('x') from 33) WHERE level = 0 AND index = 1",
        "UPDATE ledger_tile SET hashes = substr(hashes, 1, 32) WHERE level = 0 AND index = 1",
        "UPDATE ledger_tile SET hashes = sha256('x') WHERE level = 1",
        "DELETE FROM ledger_tile WHERE level = 1",
        "UPDATE ledger_checkpoint SET root = sha256('x') WHERE size = 300",
        "DELETE FROM ledger_checkpoint WHERE size = 300",
        "UPDATE ledger_checkpoint SET size = 299 WHERE size = 300",
    ],
)
def test_nothing_is_signed_on_top_of_a_tree_that_was_tampered_with(deed: str) -> None:
    sequencer = beginner()
    fill(256)
    sequencer.round()
    fill(44)
    sequencer.round()
    with connections["admin"].cursor() as cursor:
        cursor.execute(deed)
        assert cursor.rowcount == 1
    signed = set(Checkpoint.objects.values_list("note", flat=True))
    fill(1)
    with pytest.raises(tiles.TreeDamaged):
        sequencer.round()
    with pytest.raises(tiles.TreeDamaged):
        beginner()
    assert set(Checkpoint.objects.values_list("note", flat=True)) == signed
    assert Pending.objects.count() == 1


def test_a_new_key_signs_the_same_tree_and_the_old_one_stays_known() -> None:
    fill(3)
    beginner().round()
    other = make_signer(ORIGIN, bytes(31) + b"\x01")
    again = Sequencer(signer=other, using="owner")
    again.begin()
    newest = queries.newest_checkpoint()
    assert newest is not None
    assert verify.open_checkpoint(newest.note, other.vkey).size == 3
    assert queries.verifier_keys() == (*other.vkeys, *SIGNER.vkeys)
    again.begin()
    assert queries.verifier_keys() == (*other.vkeys, *SIGNER.vkeys)


def test_the_services_role_may_not_sequence() -> None:
    with pytest.raises(NotAllowed):
        Sequencer(signer=SIGNER).begin()


def test_a_role_with_the_sequencers_rights_alone_is_enough(ledger_server: object) -> None:
    """What migration 0001 grants to aurora_sequencer if there is one; here the same grants, on a role of that name."""
    from consent.ledger.migrations import __name__ as package

    rights = "".join(__import__(f"{package}.{name}", fromlist=["RIGHTS"]).RIGHTS for name in ("0001_access_log", "0004_witnesses"))
    with transaction.atomic(using="admin"), connections["admin"].cursor() as cursor:
        cursor.execute("CREATE ROLE aurora_sequencer NOLOGIN; GRANT USAGE ON SCHEMA public TO aurora_sequencer")
        cursor.execute(rights)
    try:
        fill(3)
        with connections["admin"].cursor() as cursor:
            cursor.execute("SET ROLE aurora_sequencer")
        sequencer = Sequencer(signer=SIGNER, using="admin")
        sequencer.begin()
        assert sequencer.round() == 3
    finally:
        with connections["admin"].cursor() as cursor:
            cursor.execute("RESET ROLE; DROP OWNED BY aurora_sequencer; DROP ROLE aurora_sequencer")
    assert check_whole_log(SIGNER.vkey) == 3


@contextmanager
def running(sequencer: Sequencer) -> Iterator[threading.Event]:
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(sequencer.run, stop)
        try:
            yield stop
        finally:
            stop.set()
            done.result(PATIENCE)


def lock_holders() -> set[int]:
    with connections["admin"].cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND (classid::bigint << 32 | objid::bigint) = %s",
            [LOCK],
        )
        return {row[0] for row in cursor.fetchall()}


def test_a_second_sequencer_waits_for_the_first() -> None:
    first, second = (Sequencer(signer=SIGNER, using="owner", period=0.02) for _ in range(2))
    with running(first) as stop_first:
        wait_for(lambda: len(lock_holders()) == 1, "the first sequencer")
        holder = lock_holders()
        with running(second):
            fill(20)
            wait_for(lambda: Leaf.objects.count() == 20, "the first to sequence")
            assert lock_holders() == holder
            stop_first.set()
            wait_for(lambda: lock_holders() not in (set(), holder), "the second to take over")
            fill(5)
            wait_for(lambda: Leaf.objects.count() == 25, "the second to sequence")
    # A server process outlives its client by a moment.
    wait_for(lambda: lock_holders() == set(), "the lock to be free")
    assert check_whole_log(SIGNER.vkey) == 25


def test_a_lost_connection_is_made_anew(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.INFO, "consent.ledger.sequence"),
        running(Sequencer(signer=SIGNER, using="owner", period=0.02)),
    ):
        for taken in (1, 2, 3):
            wait_for(lambda: len(lock_holders()) == 1, "the sequencer")
            fill(1)
            wait_for(lambda taken=taken: Leaf.objects.count() == taken, "the entry to be taken")  # type: ignore[misc]
            (holder,) = lock_holders()
            with connections["admin"].cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", [holder])
            wait_for(lambda holder=holder: holder not in lock_holders(), "the connection to end")  # type: ignore[misc]
        wait_for(lambda: len(lock_holders()) == 1, "the sequencer to come back")
    assert sum("database lost" in record.getMessage() for record in caplog.records) == 3
    assert check_whole_log(SIGNER.vkey) == 3


def append_from_many(citizens: list[UUID], workers: int, each: int) -> None:
    """`workers` threads, each on a connection of its own, each `each` appends in as many transactions."""
    start = threading.Barrier(workers)

    def work(worker: int) -> None:
        try:
            start.wait(PATIENCE)
            for number in range(each):
                read_by_agency(citizens[(worker * each + number) % len(citizens)])
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(work, worker) for worker in range(workers)]:
            done.result(PATIENCE)


def check_chains(citizens: list[UUID], total: int) -> None:
    length = 0
    for citizen in citizens:
        with citizen_scope(citizen):
            links = [queries.link(entry) for entry in LedgerEntry.objects.order_by("seq")]
            in_database = queries.my_sequence_is_unbroken(citizen)
        assert verify.check_sequence(links) == []
        assert in_database == queries.SequenceCheck(len(links), None)
        length += len(links)
    assert length == total


@pytest.mark.parametrize("citizens", [1, 40])
def test_eight_writers_at_once_leave_unbroken_chains_and_a_whole_tree(citizens: int) -> None:
    them = [uuid4() for _ in range(citizens)]
    with running(Sequencer(signer=SIGNER, using="owner", period=0.02)):
        wait_for(lambda: Checkpoint.objects.exists(), "the sequencer")
        append_from_many(them, workers=8, each=200)
        wait_for(lambda: Leaf.objects.count() == 1600, "all entries to be sequenced")
    check_chains(them, 1600)
    assert check_whole_log(SIGNER.vkey) == 1600
    assert Checkpoint.objects.count() > 3, "the sequencer was to run at the same time"


@contextmanager
def started(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_kill_9_of_the_sequencer_in_the_middle_loses_and_repeats_nothing(
    sequencer_command: list[str], sequencer_environment: dict[str, str]
) -> None:
    them, stop = [uuid4() for _ in range(6)], threading.Event()
    written = [0] * len(them)

    def write(worker: int) -> None:
        try:
            while not stop.is_set():
                read_by_agency(them[worker])
                written[worker] += 1
                stop.wait(0.01)  # a steady load: the sequencer's start is to be met by some entries, not by thousands
        finally:
            connection.close()

    with ThreadPoolExecutor(len(them)) as pool:
        writers = [pool.submit(write, worker) for worker in range(len(them))]
        try:
            for _ in range(2):
                with started(sequencer_command, sequencer_environment) as process:
                    before = Leaf.objects.count()
                    wait_for(lambda before=before: Leaf.objects.count() > before + 20, "the sequencer's progress")  # type: ignore[misc]
                    process.send_signal(signal.SIGKILL)
                    assert process.wait(PATIENCE) == -signal.SIGKILL
        finally:
            stop.set()
        for writer in writers:
            writer.result(PATIENCE)
    total = sum(written)
    with started(sequencer_command, sequencer_environment) as process:
        wait_for(lambda: Leaf.objects.count() == total and Pending.objects.count() == 0, "the rest to be sequenced")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0, process.communicate()[0].decode()
    check_chains(them, total)
    keys = Path(sequencer_environment["AURORA_STATE_DIR"]) / "keys"
    signer = Signer(ORIGIN, ensure_key(keys / "ledger-ed25519"), ensure_mldsa_key(keys / "ledger-mldsa44"))
    for vkey in signer.vkeys:
        assert check_whole_log(vkey) == total
    # A server process outlives its client by a moment.
    wait_for(lambda: lock_holders() == set(), "the lock to be free")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_ends_when_asked(number: signal.Signals, sequencer_command: list[str], sequencer_environment: dict[str, str]) -> None:
    with started(sequencer_command, sequencer_environment) as process:
        wait_for(lambda: len(lock_holders()) == 1, "the sequencer")
        process.send_signal(number)
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output.decode()
    assert b"Traceback" not in output
    wait_for(lambda: lock_holders() == set(), "the lock to be free")


def test_the_command_signs_with_former_keys_too(
    tmp_path: Path, sequencer_command: list[str], sequencer_environment: dict[str, str]
) -> None:
    former = Signer(ORIGIN, ensure_key(tmp_path / "former"), ensure_mldsa_key(tmp_path / "any")).vkey
    with started(sequencer_command, {**sequencer_environment, "AURORA_FORMER_LEDGER_KEY_FILES": str(tmp_path / "former")}):
        wait_for(lambda: (newest := queries.newest_checkpoint()) is not None and is_of(newest.note, former), "the former key's line")


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    key, second = tmp_path / "key", tmp_path / "second"
    ensure_key(key)
    settings = {"AURORA_LEDGER_KEY_FILE": key, "AURORA_LEDGER_MLDSA_KEY_FILE": second, "AURORA_LEDGER_ORIGIN": ORIGIN}
    settings["AURORA_LEDGER_HEAD_FILE"] = tmp_path / "head"
    former = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with (
            override_settings(**settings),
            pytest.raises(CommandError, match="AURORA_DB_ROLE=owner"),
        ):
            call_command("sequencer")
        os.chmod(key, 0o644)
        with (
            override_settings(**settings),
            pytest.raises(CommandError, match="chmod 600"),
        ):
            call_command("sequencer")
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def test_what_it_commits_is_on_the_disk_before_the_head_is_in_the_file() -> None:
    """However the server is set: else its crash could take back a head that stands in the file, and nothing would be signed any more."""
    sequencer = Sequencer(signer=SIGNER, using="owner")
    with connections["owner"].cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("off",), "as the tests' server is set"
        assert sequencer.acquire(threading.Event())
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)
