"""Cosigning, as the worker does it: a real witness of the sandbox, and witnesses that say whatever they like."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connections, transaction
from django.test import override_settings

from aurora.environ import WitnessAddress
from aurora.journeys import cosign
from aurora.sandbox import launch
from aurora.sandbox.config import PROCESSES, WITNESS
from aurora.sandbox.launch import Running
from aurora.sandbox.provision import provision, write_configs
from consent.errors import NotFound
from consent.ledger import cosignatures, queries, verify
from consent.ledger.append import append
from consent.ledger.events import Event
from consent.ledger.sequence import Sequencer
from consent.ledger.witness_models import Alarm, Cosignature, Witness
from consent.scope import citizen_scope
from tests.consent.ledger.conftest import TABLES, public, seal
from tests.support.hostile_peer import Peer, answer, listening, peer
from tests.support.log_keys import cosignature, make_signer, witness_vkey

__all__ = ["listening", "peer"]
pytestmark = pytest.mark.usefixtures("ledger_db")

NAME, SEED = "witness.test/w", bytes(range(1, 33))
VKEY = str(witness_vkey(NAME, SEED))
AT = 1_700_000_000


class Watching:
    """A witness process, and a log of its own for each test."""

    def __init__(self, folder: Path) -> None:
        self.origins = [f"aurora.test/log-{n}" for n in range(16)]
        vkeys = [vkey for origin in self.origins for vkey in make_signer(origin, bytes(32)).vkeys]
        made = provision(urls=launch.free_urls(["aurora", *PROCESSES]), logs=vkeys)
        (said,) = made.aurora["witnesses"]
        self.config, self.state = write_configs(made, folder / "config")[WITNESS], folder / "state"
        self.address = WitnessAddress(said["vkey"], said["url"])
        self.running = Running(WITNESS, config=self.config, state=self.state, port=int(said["url"].rsplit(":", 1)[1]))


@pytest.fixture(scope="module")
def watching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watching]:
    one = Watching(tmp_path_factory.mktemp("witness"))
    yield one
    one.running.stop()


class Log:
    def __init__(self, origin: str) -> None:
        self.signer = make_signer(origin, bytes(32))
        self.sequencer = Sequencer(signer=self.signer, using="owner")
        self.sequencer.begin()

    def grow(self, count: int) -> None:
        citizen = uuid4()
        with citizen_scope(citizen):
            for _ in range(count):
                append(citizen_id=citizen, event=Event.OWN_DATA_VIEWED, actor="citizen", seal=seal)
        assert self.sequencer.round() == count


@pytest.fixture
def log(watching: Watching) -> Iterator[Log]:
    with override_settings(AURORA_WITNESSES=(watching.address,), AURORA_SANDBOX=True):
        yield Log(watching.origins.pop())


@pytest.fixture
def lying(peer: Peer) -> Iterator[Peer]:
    """A witness that answers what the test wants."""
    with override_settings(AURORA_WITNESSES=(WitnessAddress(VKEY, peer.url),), AURORA_SANDBOX=True):
        yield peer


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was sent to the worker."""
    sent: list[Any] = []
    monkeypatch.setattr(cosign, "send", lambda task, *rows, **options: sent.append((task, *rows)))
    return sent


def cosigned() -> Witness:
    """One round of the beat and its task."""
    Witness.objects.update(due_at=datetime(2000, 1, 1, tzinfo=UTC))
    before = datetime.now(UTC)
    cosign.sweep(now=before)
    for row in Witness.objects.all():
        cosign.run(witness_id=row.pk)
    row = Witness.objects.get()
    assert row.lease is None and row.leased_until is None, "whatever came of it, the lease is given back"
    return row


def test_a_real_witness_cosigns_what_grows(log: Log, watching: Watching) -> None:
    assert public("/ledger/checkpoint/witnessed").status_code == 404
    for count in (3, 1, 300):
        log.grow(count)
        row = cosigned()
        assert (row.trouble, row.size) == ("", queries.newest_checkpoint().size)  # type: ignore[union-attr]
        answer = public("/ledger/checkpoint/witnessed")
        note = answer.content.decode()
        assert verify.open_cosigned(note, watching.address.vkey).checkpoint.size == row.size
        for vkey in log.signer.vkeys:
            assert verify.open_checkpoint(note, vkey).size == row.size
    assert public("/ledger/witnesses").content.decode() == f"{watching.address.vkey}\n"
    log.grow(1)
    witnessed = queries.witnessed_checkpoint()
    assert witnessed is not None and witnessed.size == 304, "the newest has no cosignature yet"
    assert Cosignature.objects.count() == 3 and not Alarm.objects.exists()


def test_the_beat_wakes_who_is_due_and_asks_nobody(log: Log, woken: list[Any], watching: Watching) -> None:
    now = datetime.now(UTC)
    assert cosign.sweep(now=now) == 0, "an empty log needs no witness"
    log.grow(1)
    assert cosign.sweep(now=now) == 1 and not Cosignature.objects.exists()
    row = Witness.objects.get()
    assert woken == [("aurora.cosign_with", row.pk)]
    assert cosign.sweep(now=now) == 1, "a message may be lost"
    cosign.run(witness_id=row.pk)
    cosign.run(witness_id=row.pk)
    cosign.run(witness_id=uuid4())
    assert cosign.sweep(now=now + timedelta(minutes=5)) == 0, "nothing new"
    assert cosign.sweep(now=now + timedelta(minutes=61)) == 1, "after an hour it is asked all the same"
    log.grow(1)
    assert cosign.sweep(now=now + timedelta(minutes=5)) == 1
    with override_settings(AURORA_WITNESSES=()):
        assert cosign.sweep(now=now + timedelta(days=1)) == 0
        assert queries.witnessed_checkpoint() is None, "who is not named counts no more"


def test_one_worker_asks_one_witness_at_a_time(log: Log) -> None:
    log.grow(1)
    cosign.sweep(now=datetime.now(UTC))
    row, now = Witness.objects.get(), datetime.now(UTC)
    lease = cosignatures.claim(witness_id=row.pk, now=now, until=now + timedelta(minutes=1))
    assert lease is not None
    cosign.run(witness_id=row.pk)
    assert not Cosignature.objects.exists() and cosign.sweep(now=now) == 0
    later = now + timedelta(minutes=2)
    assert cosignatures.claim(witness_id=row.pk, now=later, until=later + timedelta(minutes=1)) is not None, "its worker died"
    assert not cosignatures.cosigned(lease, size=1, line="x", time=AT, now=now, due_at=now), "and comes back too late"
    assert not Cosignature.objects.exists()


def test_the_same_tree_cosigned_again_has_one_line(log: Log) -> None:
    log.grow(2)
    cosigned()
    first = Cosignature.objects.get()
    Witness.objects.update(cosigned_at=datetime(2000, 1, 1, tzinfo=UTC))
    cosigned()
    again = Cosignature.objects.get()
    assert again.size == first.size and again.at > first.at


def test_a_lost_row_finds_the_size_again(log: Log) -> None:
    """The worker's memory of what was cosigned is a convenience: the witness tells it."""
    log.grow(5)
    cosigned()
    with connections["admin"].cursor() as cursor:
        cursor.execute("TRUNCATE ledger_witness CASCADE")
    log.grow(2)
    assert cosigned().size == 7 and not Alarm.objects.exists()


def test_a_tree_that_was_forked_for_the_witness_is_an_alarm(log: Log) -> None:
    log.grow(4)
    cosigned()
    with connections["admin"].cursor() as cursor:
        cursor.execute(
            f"SET session_replication_role = replica; TRUNCATE {TABLES.replace('ledger_witness, ', '').replace('ledger_cosignature, ', '')}"
        )
        cursor.execute("RESET session_replication_role")
    log.sequencer.begin()
    log.grow(6)
    row = cosigned()
    assert (row.trouble, row.size) == ("inconsistent", 4)
    (alarm,) = Alarm.objects.all()
    assert (alarm.kind, alarm.size) == ("inconsistent", 4) and alarm.witness == row.name
    cosigned()
    assert Alarm.objects.count() == 1, "once for the same thing"


SAME_SIZE: dict[str, tuple[Any, str, str | None]] = {
    "in words": (answer(b"another root at this size\n", 409, **{"Content-Type": "text/plain"}), "inconsistent", "inconsistent"),
    "in no words": (answer(b"", 409), "inconsistent", "inconsistent"),
    "with the very size": (answer(b"3\n", 409, **{"Content-Type": "text/x.tlog.size"}), "inconsistent", "inconsistent"),
    "with a size that is none": (answer(b"03\n", 409, **{"Content-Type": "text/x.tlog.size"}), "bad_answer", None),
}


@pytest.mark.parametrize("said", SAME_SIZE)
def test_another_tree_of_the_very_size_that_was_cosigned_is_an_alarm(lying: Peer, said: str) -> None:
    """tlog-witness: a size that agrees and a root that does not is answered 409, for which it names no body."""
    Log("aurora.test/lied-to").grow(3)
    note = queries.newest_checkpoint().note  # type: ignore[union-attr]
    lying.answers["/add-checkpoint"] = answer(cosignature(note, NAME, SEED, at=AT).encode(), 200)
    assert cosigned().size == 3
    Witness.objects.update(cosigned_at=datetime(2000, 1, 1, tzinfo=UTC))
    lying.answers["/add-checkpoint"], trouble, alarm = SAME_SIZE[said]
    assert cosigned().trouble == trouble
    assert [(one.kind, one.size) for one in Alarm.objects.all()] == ([(alarm, 3)] if alarm else [])


@pytest.mark.parametrize("kept_row", [True, False])
def test_a_database_set_back_is_an_alarm(log: Log, kept_row: bool) -> None:
    """Without the head file, too: the witness has seen more than there is."""
    log.grow(4)
    cosigned()
    with connections["admin"].cursor() as cursor:
        emptied = TABLES if not kept_row else TABLES.replace("ledger_witness, ", "").replace("ledger_cosignature, ", "")
        cursor.execute(f"SET session_replication_role = replica; TRUNCATE {emptied}; RESET session_replication_role")
    log.sequencer.begin()
    log.grow(3)
    assert cosigned().trouble == "conflict"
    (alarm,) = Alarm.objects.all()
    assert (alarm.kind, alarm.size) == ("unknown_size", 4)


def test_a_witness_that_forgot_is_an_alarm_and_is_shown_everything_anew(log: Log, watching: Watching) -> None:
    log.grow(4)
    cosigned()
    for file in (watching.state / "seen").glob("*.json"):
        file.unlink()
    log.grow(1)
    assert cosigned().size == 5
    (alarm,) = Alarm.objects.all()
    assert (alarm.kind, alarm.size) == ("witness_went_back", 4)


def test_the_same_tree_under_a_new_name_begins_anew(log: Log, watching: Watching) -> None:
    log.grow(4)
    cosigned()
    assert queries.witnessed_checkpoint() is not None
    renamed = Log(watching.origins.pop())
    assert queries.witnessed_checkpoint() is None, "what was cosigned was said of the old name"
    assert cosign.sweep(now=datetime.now(UTC)) == 1, "the old name is nobody's business any more"
    old, new = (Witness.objects.get(origin=one.signer.origin) for one in (log, renamed))
    Witness.objects.filter(pk=old.pk).update(due_at=datetime(2000, 1, 1, tzinfo=UTC))
    cosign.run(witness_id=old.pk)
    cosign.run(witness_id=new.pk)
    witnessed = queries.witnessed_checkpoint()
    assert witnessed is not None and verify.open_checkpoint(witnessed.note, renamed.signer.vkey).size == 4
    assert {row.origin for row in Cosignature.objects.all()} == {log.signer.origin, renamed.signer.origin}


ANSWERS: dict[str, tuple[Any, str, str | None]] = {
    "no such log": (answer(b"", 404), "unknown_log", None),
    "no such key": (answer(b"", 403), "unknown_key", None),
    "inconsistent": (answer(b"", 422), "inconsistent", "inconsistent"),
    "busy": (answer(b"", 503), "busy", None),
    "too many": (answer(b"", 429), "busy", None),
    "moved": (answer(b"", 302, Location="http://169.254.169.254/"), "bad_answer", None),
    "bad request": (answer(b"", 400), "bad_answer", None),
    "a size that we never had": (answer(b"99\n", 409, **{"Content-Type": "text/x.tlog.size"}), "conflict", "unknown_size"),
    "the size that we named": (answer(b"0\n", 409, **{"Content-Type": "text/x.tlog.size"}), "conflict", None),
    "a size of another type": (answer(b"99\n", 409, **{"Content-Type": "text/plain"}), "bad_answer", None),
    "a size in another spelling": (answer(b"099\n", 409, **{"Content-Type": "text/x.tlog.size"}), "bad_answer", None),
    "a size beyond bounds": (answer(b"9" * 19 + b"\n", 409, **{"Content-Type": "text/x.tlog.size"}), "bad_answer", None),
    "an empty yes": (answer(b"", 200), "bad_answer", None),
    "a page": (answer(b"<html>\n", 200), "bad_answer", None),
    "another's line": (answer("— x.test/y AAAAAAAAAAAA\n".encode(), 200), "bad_answer", None),
    "too much": (answer(b"x" * 100_000, 200), "too_large", None),
    "bytes": (answer(b"\xff\xfe\n", 200), "bad_answer", None),
}


@pytest.mark.parametrize("said", ANSWERS)
def test_a_witness_that_says_anything_else_gets_no_line_in(lying: Peer, said: str) -> None:
    Log("aurora.test/lied-to").grow(3)
    lying.answers["/add-checkpoint"], trouble, alarm = ANSWERS[said]
    before = datetime.now(UTC)
    row = cosigned()
    assert (row.trouble, row.size, row.failures) == (trouble, 0, 1)
    assert row.due_at > before + timedelta(seconds=5), "it is left alone for a while"
    assert [one.kind for one in Alarm.objects.all()] == ([alarm] if alarm else [])
    assert not Cosignature.objects.exists() and queries.witnessed_checkpoint() is None
    (asked, *_) = lying.asked("/add-checkpoint")
    assert asked.body.startswith(b"old 0\n\naurora.test/lied-to\n3\n")


def test_a_cosignature_on_something_else_gets_no_line_in(lying: Peer) -> None:
    log = Log("aurora.test/lied-to")
    log.grow(3)
    note = queries.newest_checkpoint().note  # type: ignore[union-attr]
    elsewhere = make_signer("aurora.test/other", bytes(32)).checkpoint(3, bytes(32))
    for line in (
        cosignature(elsewhere, NAME, SEED, at=AT),
        cosignature(note, NAME, bytes(32), at=AT),
        cosignature(note, NAME, SEED, at=0),
        cosignature(note, "other.test/w", SEED, at=AT),
        cosignature(note, NAME, SEED, at=AT)[:-1],
        "\n" + cosignature(note, NAME, SEED, at=AT),
    ):
        lying.answers["/add-checkpoint"] = answer(line.encode(), 200)
        assert cosigned().trouble == "bad_answer"
    others = "— x.test/y AAAAAAAAAAAA\n" + cosignature(note, NAME, SEED, at=2**63 - 1)
    lying.answers["/add-checkpoint"] = answer(others.encode(), 200)
    row = cosigned()
    assert (row.trouble, row.size, row.stated_at, row.failures) == ("", 3, 2**63 - 1, 0), "a clock that is wrong is no reason to refuse"
    assert Cosignature.objects.get().line == cosignature(note, NAME, SEED, at=2**63 - 1), "what others signed stays out"


def test_a_witness_that_is_away_or_may_not_be_called_is_asked_again_later(lying: Peer) -> None:
    Log("aurora.test/lied-to").grow(3)
    for url, trouble in (("http://127.0.0.1:1", "source_down"), ("http://10.0.0.1", "address_refused")):
        with override_settings(AURORA_WITNESSES=(WitnessAddress(VKEY, url),)):
            assert cosigned().trouble == trouble


def test_the_pauses_grow_to_ten_minutes_and_are_as_long_as_the_witness_wants() -> None:
    now, every = datetime(2026, 11, 26, tzinfo=UTC), timedelta(seconds=10)
    Witness.objects.create(origin="x", vkey=VKEY, due_at=now)
    pauses = []
    for wanted in [0] * 9 + [1200, 10**6]:
        Witness.objects.update(due_at=now)
        lease = cosignatures.claim(witness_id=Witness.objects.get().pk, now=now, until=now + every)
        assert lease is not None and cosignatures.put_off(lease, trouble="busy", now=now, every=every, retry_after=wanted)
        pauses.append((Witness.objects.get().due_at - now).total_seconds())
    assert pauses == [10, 20, 40, 80, 160, 320, 600, 600, 600, 1200, 3600]


def test_a_taken_over_service_can_neither_take_alarms_away_nor_say_who_cosigned(log: Log) -> None:
    log.grow(2)
    cosigned()
    cosignatures.alarm(kind=Alarm.Kind.INCONSISTENT, origin="x", witness="w", size=1, now=datetime.now(UTC))
    for deed in (
        "DELETE FROM ledger_alarm",
        "UPDATE ledger_alarm SET kind = 'x'",
        "UPDATE ledger_alarm SET size = 9",
        "DELETE FROM ledger_cosignature",
        "UPDATE ledger_cosignature SET size = 9",
        "UPDATE ledger_cosignature SET origin = 'x'",
        "DELETE FROM ledger_witness",
        "UPDATE ledger_witness SET vkey = 'x'",
        "INSERT INTO ledger_former (origin, size, note, told) VALUES ('x', 1, '', '{}')",
        "UPDATE ledger_checkpoint SET note = ''",
        "INSERT INTO ledger_key (vkey, since) VALUES ('x', now())",
    ):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute(deed)


def test_an_alarm_stays_until_one_operator_has_looked() -> None:
    now, operator = datetime.now(UTC), uuid4()
    cosignatures.alarm(kind=Alarm.Kind.INCONSISTENT, origin="x", witness="w", size=1, now=now)
    (alarm,) = Alarm.objects.all()
    assert cosignatures.unseen()
    assert cosignatures.seen(alarm_id=alarm.pk, by=operator, now=now)
    assert not cosignatures.seen(alarm_id=alarm.pk, by=uuid4(), now=now + timedelta(days=1))
    assert not cosignatures.seen(alarm_id=alarm.pk + 1, by=operator, now=now)
    for nothing in (0, 2**63):
        with pytest.raises(NotFound):
            cosign.acknowledge(alarm_id=nothing, by=operator, now=now)
    alarm.refresh_from_db()
    assert (alarm.seen_by, alarm.seen_at) == (operator, now) and not cosignatures.unseen()
    cosignatures.alarm(kind=Alarm.Kind.INCONSISTENT, origin="x", witness="w", size=1, now=now)
    assert not cosignatures.unseen(), "the same is not raised anew"


def test_of_two_witnesses_each_is_asked_at_its_own_address_and_held_to_its_own_key(log: Log, watching: Watching, peer: Peer) -> None:
    def asked() -> None:
        note = queries.newest_checkpoint().note  # type: ignore[union-attr]
        peer.answers["/add-checkpoint"] = answer(cosignature(note, NAME, SEED, at=AT).encode(), 200)
        Witness.objects.update(due_at=datetime(2000, 1, 1, tzinfo=UTC))
        cosign.sweep(now=datetime.now(UTC))
        for row in Witness.objects.all():
            cosign.run(witness_id=row.pk)

    def witnessed() -> tuple[int, str]:
        found = queries.witnessed_checkpoint()
        assert found is not None
        return found.size, found.note

    first, second = watching.address, WitnessAddress(VKEY, peer.url)
    log.grow(3)
    with override_settings(AURORA_WITNESSES=(first, second)):
        asked()
        assert {(row.vkey, row.trouble, row.size) for row in Witness.objects.all()} == {(first.vkey, "", 3), (VKEY, "", 3)}
        size, note = witnessed()
        assert size == verify.open_cosigned(note, first.vkey).checkpoint.size == verify.open_cosigned(note, VKEY).checkpoint.size == 3
    log.grow(1)
    with override_settings(AURORA_WITNESSES=(second,)):
        asked()
        assert witnessed()[0] == 4
    # Named no more, it vouches for nothing, whatever rows it has left.
    size, note = witnessed()
    assert (size, verify.open_cosigned(note, first.vkey).checkpoint.size) == (3, 3)
    with pytest.raises(verify.NotVerified):
        verify.open_cosigned(note, VKEY)
