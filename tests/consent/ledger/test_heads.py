"""The tree head outside the database: what the file promises, and databases that were set back."""

from __future__ import annotations

import io
import json
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import override_settings

from consent.ledger import queries, tiles, verify
from consent.ledger.append import append
from consent.ledger.checkpoint import Signer
from consent.ledger.events import Event
from consent.ledger.heads import HeadFile, HeadFileError
from consent.ledger.models import Checkpoint, Pending
from consent.ledger.sequence import LOCK, Sequencer
from consent.ledger.witness_models import Alarm, Cosignature, Witness
from consent.scope import citizen_scope
from tests.consent.ledger.conftest import TABLES, public, seal
from tests.support.log_keys import make_signer

pytestmark = pytest.mark.usefixtures("ledger_db")

ORIGIN = "aurora.test/ledger"
SIGNER = make_signer(ORIGIN, bytes(32))
LOG = list(TABLES.split(", "))


@pytest.fixture
def heads(tmp_path: Path) -> HeadFile:
    return HeadFile(tmp_path / "state" / "ledger-head")


def fill(count: int) -> None:
    citizen = uuid4()
    with citizen_scope(citizen):
        for _ in range(count):
            append(citizen_id=citizen, event=Event.OWN_DATA_VIEWED, actor="citizen", seal=seal)


def begun(heads: HeadFile, signer=SIGNER) -> Sequencer:  # type: ignore[no-untyped-def]
    sequencer = Sequencer(signer=signer, using="owner", heads=heads)
    sequencer.begin()
    return sequencer


def grown(heads: HeadFile, *rounds: int) -> Sequencer:
    sequencer = begun(heads)
    for count in rounds:
        fill(count)
        assert sequencer.round() == count
    return sequencer


@contextmanager
def backup() -> Iterator[dict[str, list[tuple[object, ...]]]]:
    """The log's tables as a superuser's dump would hold them."""
    with connections["admin"].cursor() as cursor:
        kept = {}
        for table in LOG:
            cursor.execute(f"SELECT * FROM {table}")
            kept[table] = cursor.fetchall()
        yield kept


def restore(kept: dict[str, list[tuple[object, ...]]]) -> None:
    with connections["admin"].cursor() as cursor:
        cursor.execute(f"SET session_replication_role = replica; TRUNCATE {TABLES}")
        for table, rows in kept.items():
            for row in rows:
                cursor.execute(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(row))})", row)
        cursor.execute("RESET session_replication_role")
        cursor.execute("SELECT setval('ledger_pending_id_seq', 100000)")


def test_the_file_holds_the_newest_note_and_nobody_else_reads_it(heads: HeadFile, tmp_path: Path) -> None:
    grown(heads, 3, 2)
    newest = queries.newest_checkpoint()
    file = tmp_path / "state" / "ledger-head"
    assert newest is not None and file.read_text() == newest.note
    assert heads.read() == verify.open_checkpoint(newest.note, SIGNER.vkey)
    assert file.stat().st_mode & 0o777 == 0o600
    assert os.listdir(file.parent) == ["ledger-head"]


def test_a_database_set_back_is_noticed(heads: HeadFile) -> None:
    sequencer = grown(heads, 3)
    with backup() as kept:
        pass
    fill(4)
    sequencer.round()
    restore(kept)
    signed = set(Checkpoint.objects.values_list("note", flat=True))
    with pytest.raises(tiles.TreeDamaged, match="holds a tree of 3, but 7 entries were signed"):
        begun(heads)
    fill(1)
    with pytest.raises(tiles.TreeDamaged, match=r"docs/operations/ledger\.md"):
        sequencer.round()
    assert set(Checkpoint.objects.values_list("note", flat=True)) == signed
    assert Pending.objects.count() == 1


def test_an_older_note_in_the_row_of_the_newest_tree_does_not_set_the_file_back(heads: HeadFile, tmp_path: Path) -> None:
    """Every note is public and signed. Who writes rows, and makes the sequencer connect anew, must not choose what the file remembers: else they could
    set the whole database back to there, and have another tree signed."""
    sequencer = grown(heads, 3)
    older = queries.newest_checkpoint()
    with backup() as kept:
        pass
    fill(4)
    sequencer.round()
    newest = (tmp_path / "state" / "ledger-head").read_text()
    assert older is not None
    with connections["admin"].cursor() as cursor:
        cursor.execute("UPDATE ledger_checkpoint SET note = %s WHERE size = 7", [older.note])
    with pytest.raises(tiles.TreeDamaged, match="the newest checkpoint's note states another tree than its row"):
        begun(heads)
    fill(1)
    with pytest.raises(tiles.TreeDamaged, match="states another tree"):
        sequencer.round()
    assert (tmp_path / "state" / "ledger-head").read_text() == newest
    restore(kept)
    fill(4)
    with pytest.raises(tiles.TreeDamaged, match="7 entries were signed"):
        begun(heads)


@pytest.mark.parametrize("again", [4, 300])
def test_a_database_set_back_that_has_grown_past_the_old_size_is_noticed(heads: HeadFile, again: int) -> None:
    """Somebody who has the key (a copy of the sequencer, started without the file) let it grow: to the same size, and beyond a tile."""
    sequencer = grown(heads, 3)
    with backup() as kept:
        pass
    fill(4)
    sequencer.round()
    restore(kept)
    elsewhere = Sequencer(signer=SIGNER, using="owner")
    elsewhere.begin()
    fill(again)
    elsewhere.round()
    with pytest.raises(tiles.TreeDamaged, match="beginning is not the one"):
        begun(heads)
    fill(1)
    with pytest.raises(tiles.TreeDamaged, match="beginning is not the one"):
        sequencer.round()


def test_a_tree_that_has_grown_elsewhere_is_taken_on(heads: HeadFile) -> None:
    """The sequencer moved to another machine and back: the file lags behind, and all is well."""
    grown(heads, 3)
    elsewhere = Sequencer(signer=SIGNER, using="owner")
    elsewhere.begin()
    fill(400)
    elsewhere.round()
    kept = heads.read()
    assert kept is not None and kept.size == 3
    sequencer = begun(heads)
    kept = heads.read()
    assert kept is not None and kept.size == 403
    fill(1)
    assert sequencer.round() == 1


def test_a_kill_between_commit_and_file_harms_nothing(heads: HeadFile, monkeypatch: pytest.MonkeyPatch) -> None:
    sequencer = grown(heads, 3)
    fill(2)
    with monkeypatch.context() as killed:
        killed.setattr(HeadFile, "write", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            sequencer.round()
    fill(1)
    assert begun(heads).round() == 1
    kept = heads.read()
    assert kept is not None and kept.size == 6


def test_a_round_that_rolls_back_leaves_the_file(heads: HeadFile, monkeypatch: pytest.MonkeyPatch) -> None:
    sequencer = grown(heads, 3)
    before = heads.note()
    fill(1)
    with monkeypatch.context() as broken:
        broken.setattr(Sequencer, "_sign", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            sequencer.round()
    assert heads.note() == before


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"aurora.test/ledger\n3\n", b"no note at all\n\nnor lines\n"])
def test_a_file_that_holds_no_head_stops_the_sequencer(content: bytes, heads: HeadFile, tmp_path: Path) -> None:
    sequencer = grown(heads, 3)
    (tmp_path / "state" / "ledger-head").write_bytes(content)
    fill(1)
    for deed in (sequencer.round, sequencer.begin):
        with pytest.raises(HeadFileError, match="head"):
            deed()
    assert Pending.objects.count() == 1


def test_a_folder_that_cannot_be_written_stops_the_sequencer(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HeadFileError, match="cannot"):
        begun(HeadFile(tmp_path / "file" / "ledger-head"))


def test_a_rotation_of_either_key_goes_on_with_the_same_file(heads: HeadFile) -> None:
    grown(heads, 3)
    for signer in (make_signer(ORIGIN, bytes(32), mldsa=b"\x01" * 32), make_signer(ORIGIN, b"\x02" * 32, mldsa=b"\x01" * 32)):
        sequencer = begun(heads, signer)
        newest = queries.newest_checkpoint()
        assert newest is not None
        for vkey in signer.vkeys:
            assert verify.open_checkpoint(newest.note, vkey).size == newest.size
        assert queries.verifier_keys()[:2] == signer.vkeys
        fill(1)
        assert sequencer.round() == 1
    assert len(queries.verifier_keys()) == 4, "two of each kind: keys that stayed are listed once"


def test_a_former_key_signs_beside_the_new_one_as_long_as_it_is_named(heads: HeadFile) -> None:
    """From the same tree on, though it does not grow; and the new one is published first."""
    grown(heads, 3)
    new = make_signer(ORIGIN, b"\x02" * 32)
    for former, signed_by in (((SIGNER.key,), (*new.vkeys, SIGNER.vkey)), ((), new.vkeys)):
        signer = Signer(ORIGIN, new.key, new.mldsa, former)
        sequencer = begun(heads, signer)
        if not former:
            fill(1)  # a line too many is no reason to sign the same tree again
            sequencer.round()
        newest = queries.newest_checkpoint()
        assert newest is not None and newest.note == heads.note()
        assert len(newest.note.split("\n\n")[1].splitlines()) == len(signed_by) == len(signer.signing)
        for vkey in signed_by:
            assert verify.open_checkpoint(newest.note, vkey).size == newest.size
        assert queries.verifier_keys() == (*new.vkeys, *SIGNER.vkeys)


def test_a_clock_set_back_leaves_the_keys_in_use_first(heads: HeadFile) -> None:
    grown(heads, 1)
    with connections["admin"].cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_key SET since = now() + interval '1 year'; UPDATE ledger_checkpoint SET at = now() + interval '1 year'"
        )
    other = make_signer(ORIGIN, b"\x03" * 32)
    begun(heads, other)
    assert queries.verifier_keys() == (*other.vkeys, *SIGNER.vkeys)
    begun(heads, other)
    fill(1)
    begun(heads, other).round()
    newest = queries.newest_checkpoint()
    assert newest is not None and newest.size == 2, "the size is the order, not the time"


def test_the_command_stops_with_a_sentence_and_an_alarm(heads: HeadFile, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sequencer = grown(heads, 3)
    with backup() as kept:
        pass
    fill(4)
    sequencer.round()
    restore(kept)
    with caplog.at_level(logging.INFO), pytest.raises(tiles.TreeDamaged, match="set back"):
        sequencer.run(threading.Event())
    (alarm,) = Alarm.objects.all()
    assert (alarm.kind, alarm.size, alarm.seen_at) == (Alarm.Kind.TREE_DAMAGED, 3, None)
    with pytest.raises(tiles.TreeDamaged):
        sequencer.run(threading.Event())
    assert Alarm.objects.count() == 1, "the same is raised once"


# An honest restore


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[dict[str, object]]:
    """The settings of the sequencer's machine; its keys are those of SIGNER."""
    for name in ("ed", "ml"):
        (tmp_path / name).write_text("A" * 43 + "\n")
        (tmp_path / name).chmod(0o600)
    wanted = {
        "AURORA_LEDGER_KEY_FILE": tmp_path / "ed",
        "AURORA_LEDGER_MLDSA_KEY_FILE": tmp_path / "ml",
        "AURORA_LEDGER_HEAD_FILE": tmp_path / "state" / "ledger-head",
        "AURORA_LEDGER_ORIGIN": ORIGIN,
    }
    yield wanted


REASON = "The disk array failed, and we restored the backup of the night."


def continue_log(settings: dict[str, object], name: str, reason: str = REASON) -> None:
    with override_settings(**settings | {"AURORA_LEDGER_ORIGIN": name}):
        call_command("continue_log", reason=reason, database="owner", verbosity=0, stdout=io.StringIO())


def lost(heads: HeadFile) -> str:
    """Four of seven entries are gone with a restore; the last note of before."""
    sequencer = grown(heads, 3)
    with backup() as kept:
        pass
    fill(4)
    sequencer.round()
    restore(kept)
    return heads.note()


def test_after_an_honest_restore_the_log_goes_on_under_a_new_name(heads: HeadFile, operator: dict[str, object]) -> None:
    last = lost(heads)
    continue_log(operator, f"{ORIGIN}-2")
    signer = make_signer(f"{ORIGIN}-2", bytes(32))
    sequencer = begun(heads, signer)
    fill(2)
    assert sequencer.round() == 2
    newest = queries.newest_checkpoint()
    assert newest is not None and verify.open_checkpoint(newest.note, signer.vkey).size == 5
    (former,) = json.loads(public("/ledger/former").content)
    assert former["note"] == last and (former["origin"], former["size"]) == (ORIGIN, 7)
    assert verify.open_checkpoint(former["note"], former["vkeys"][0]).size == 7
    assert (former["continued_as"], former["continued_size"], former["reason"]) == (f"{ORIGIN}-2", 3, REASON)
    assert queries.verifier_keys() == (*signer.vkeys, *SIGNER.vkeys), "what the former name signed stays verifiable"


def test_under_a_name_that_was_given_up_nothing_is_signed_again(heads: HeadFile, operator: dict[str, object]) -> None:
    """A sequencer that a supervisor starts again and again, by its old settings: without a head file it would take the database's word."""
    lost(heads)
    signed = set(Checkpoint.objects.values_list("note", flat=True))
    continue_log(operator, f"{ORIGIN}-2")
    for _ in range(2):
        with pytest.raises(HeadFileError, match=f"set AURORA_LEDGER_ORIGIN to {ORIGIN}-2"):
            begun(heads)
    assert set(Checkpoint.objects.values_list("note", flat=True)) == signed and heads.read() is None
    begun(heads, make_signer(f"{ORIGIN}-2", bytes(32)))
    with pytest.raises(HeadFileError, match="gave up the name"):
        begun(heads)


def test_a_second_restore_does_not_take_the_first_one_s_head_away(heads: HeadFile, operator: dict[str, object]) -> None:
    lost(heads)
    with backup() as night:
        pass
    continue_log(operator, f"{ORIGIN}-2")
    sequencer = begun(heads, make_signer(f"{ORIGIN}-2", bytes(32)))
    fill(1)
    sequencer.round()
    restore(night)
    continue_log(operator, f"{ORIGIN}-3")
    begun(heads, make_signer(f"{ORIGIN}-3", bytes(32)))
    assert [(one["origin"], one["size"]) for one in queries.former_heads()] == [(ORIGIN, 7), (f"{ORIGIN}-2", 4)]
    with pytest.raises(CommandError, match="no head file|still|never had"):
        continue_log(operator, ORIGIN)


def test_a_name_is_given_up_only_after_a_restore(heads: HeadFile, operator: dict[str, object]) -> None:
    with pytest.raises(CommandError, match="no head file"):
        continue_log(operator, f"{ORIGIN}-2")
    grown(heads, 3)
    with pytest.raises(CommandError, match="must keep its name"):
        continue_log(operator, f"{ORIGIN}-2")
    assert heads.read() is not None and queries.former_heads() == ()


def test_what_continuing_refuses(heads: HeadFile, operator: dict[str, object]) -> None:
    last = lost(heads)
    with pytest.raises(CommandError, match=f"still {ORIGIN}"):
        continue_log(operator, ORIGIN)
    with pytest.raises(CommandError, match="published"):
        continue_log(operator, f"{ORIGIN}-2", reason=" oops ")
    with connections["admin"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            with pytest.raises(CommandError, match="is running"):
                continue_log(operator, f"{ORIGIN}-2")
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    Path(str(operator["AURORA_LEDGER_MLDSA_KEY_FILE"])).write_text("B" * 42 + "A\n")
    with pytest.raises(CommandError, match="other keys"):
        continue_log(operator, f"{ORIGIN}-2")
    with connections["admin"].cursor() as cursor:
        cursor.execute("UPDATE ledger_tile SET hashes = overlay(hashes placing sha256('x') from 1)")
    Path(str(operator["AURORA_LEDGER_MLDSA_KEY_FILE"])).write_text("A" * 43 + "\n")
    with pytest.raises(CommandError, match="not whole"):
        continue_log(operator, f"{ORIGIN}-2")
    assert heads.note() == last


# Old checkpoints


def test_of_old_checkpoints_the_last_of_each_hour_and_the_last_cosigned_stay(heads: HeadFile) -> None:
    sequencer = grown(heads, *[1] * 8)
    with connections["admin"].cursor() as cursor:
        cursor.execute("UPDATE ledger_checkpoint SET at = '2026-01-01 10:00+00'::timestamptz + size * interval '10 minutes'")
    now = Checkpoint.objects.get(size=0).at
    witness = Witness.objects.using("owner").create(origin=ORIGIN, vkey="w+00+AA==", due_at=now)
    for size in (2, 3, 6):
        Cosignature.objects.using("owner").create(origin=ORIGIN, size=size, witness=witness, line="—", at=now)
    assert sequencer.thin(now=now) == 0, "younger than a week"
    assert sequencer.thin(now=queries.newest_checkpoint().at.replace(month=3)) == 4  # type: ignore[union-attr]
    # Hour 10 has the sizes 0 to 5, hour 11 has 6 to 8, of which 8 is the newest of all.
    assert sorted(Checkpoint.objects.values_list("size", flat=True)) == [3, 5, 6, 7, 8]
    assert sorted(Cosignature.objects.values_list("size", flat=True)) == [3, 6]
    assert sequencer.thin(now=now.replace(year=2100)) == 0
    fill(1)
    assert sequencer.round() == 1
