"""A citizen's own view: pages and filters, opening entries, and what shows when the database was tampered with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from consent.ledger import queries, verify
from consent.ledger.append import append, sealing_context
from consent.ledger.events import Event
from consent.ledger.queries import entries_for, link, my_sequence_is_unbroken, open_entry, proof_for
from consent.ledger.sequence import Sequencer
from consent.scope import citizen_scope
from tests.consent.ledger.conftest import open_sealed, read_by_agency, seal
from tests.support.log_keys import make_signer

pytestmark = pytest.mark.usefixtures("ledger_db")

SIGNER = make_signer("aurora.test/ledger", bytes(32))
AINO, CECILIA = uuid4(), uuid4()
START = datetime(2026, 11, 1, tzinfo=UTC)


@contextmanager
def as_database_administrator() -> Iterator[None]:
    """Who can set the triggers aside can change anything. It must show."""
    with transaction.atomic(using="admin"), connections["admin"].cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield


def execute(statement: str, *parameters: object) -> None:
    with connections["admin"].cursor() as cursor:
        cursor.execute(statement, parameters)
        assert cursor.rowcount > 0


@pytest.fixture
def sequencer() -> Sequencer:
    sequencer = Sequencer(signer=SIGNER, using="owner")
    sequencer.begin()
    return sequencer


def test_pages_are_newest_first_by_number_whatever_the_clock_said() -> None:
    for day in (5, 3, 9, 1, 7):
        read_by_agency(AINO, at=START + timedelta(days=day))
    with citizen_scope(AINO):
        first = entries_for(AINO, limit=2)
        second = entries_for(AINO, limit=2, before_seq=first[-1].seq)
        third = entries_for(AINO, limit=2, before_seq=second[-1].seq)
        assert [entry.seq for entry in (*first, *second, *third)] == [5, 4, 3, 2, 1]
        assert entries_for(AINO, limit=0) == entries_for(AINO, limit=-1) == entries_for(AINO, before_seq=1) == ()


def test_filters() -> None:
    read_by_agency(AINO, at=START)
    read_by_agency(AINO, actor="housing", at=START + timedelta(days=1))
    refusal = {"event": Event.AGENCY_READ_REFUSED, "decision": "no_consent", "permit_id": None}
    read_by_agency(AINO, **refusal, at=START + timedelta(days=2))
    with citizen_scope(AINO):
        append(citizen_id=AINO, event=Event.OWN_DATA_VIEWED, actor="citizen", seal=seal, at=START + timedelta(days=3))

        def seqs(**filters: object) -> list[int]:
            return [entry.seq for entry in entries_for(AINO, **filters)]  # type: ignore[arg-type]

        assert seqs(actor="benefits") == [3, 1]
        assert seqs(event=Event.AGENCY_READ) == [2, 1]
        assert seqs(event={Event.AGENCY_READ_REFUSED, Event.OWN_DATA_VIEWED}) == [4, 3]
        assert seqs(event=()) == []
        assert seqs(since=START + timedelta(days=1), until=START + timedelta(days=3)) == [3, 2]
        assert seqs(actor="benefits", before_seq=3) == [1]


def test_a_page_is_one_query_that_reads_the_index_backwards() -> None:
    with citizen_scope(AINO):
        for _ in range(3):
            append(citizen_id=AINO, event=Event.OWN_DATA_VIEWED, actor="citizen", seal=seal)
        with CaptureQueriesContext(connection) as captured:
            assert len(entries_for(AINO)) == 3
        assert len(captured) == 1
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
            cursor.execute("EXPLAIN " + captured[0]["sql"])
            plan = "\n".join(row[0] for row in cursor.fetchall())
    assert re.search(r"Index Scan Backward using entry_\d{4}_\d\d_seq", plan)
    assert "->  Sort" not in plan


def test_an_opened_entry_is_held_against_its_commitment() -> None:
    read_by_agency(AINO)
    with citizen_scope(AINO):
        opened = open_entry(entries_for(AINO)[0], open_sealed)
    assert opened.genuine
    assert opened.access["actor"] == "benefits"


@pytest.mark.parametrize(
    "deed",
    [
        "actor = 'nobody'",
        "event = 'citizen:twin:viewed'",
        "purpose = NULL",
        "purpose = 'own-overview'",
        "categories = '{}'",
        "source = 'tax'",
        "consent_ids = '{}'",
        "decision = 'no_consent'",
        "permit_id = NULL",
        "at = at + interval '1 microsecond'",
        "seq = seq + 1",
        "prev = sha256('x')",
        "commitment = sha256('x')",
    ],
)
def test_an_entry_that_an_administrator_edited_is_not_genuine(deed: str) -> None:
    read_by_agency(AINO)
    with as_database_administrator():
        execute(f"UPDATE ledger_ledgerentry SET {deed}")
    with citizen_scope(AINO):
        assert not open_entry(entries_for(AINO)[0], open_sealed).genuine


@pytest.mark.parametrize(
    "content", [b"", b"x", b"[]", b"{}", b'{"access": {}}', b'{"access": 1, "salt": ""}', b'{"access": {}, "salt": "x"}']
)
def test_what_opens_and_is_no_entry_is_not_genuine(content: bytes) -> None:
    """Only who holds the citizen's key can seal such a thing."""
    read_by_agency(AINO)
    with citizen_scope(AINO):
        entry = entries_for(AINO)[0]
    entry.sealed = seal(content, context=sealing_context(entry.id))
    opened = open_entry(entry, open_sealed)
    assert not opened.genuine and opened.access == {}


def test_an_unbroken_sequence() -> None:
    with citizen_scope(AINO):
        assert my_sequence_is_unbroken(AINO) == queries.SequenceCheck(0, None)
    for _ in range(4):
        read_by_agency(AINO)
    with citizen_scope(AINO):
        assert my_sequence_is_unbroken(AINO) == queries.SequenceCheck(4, None)
        assert verify.check_sequence(link(entry) for entry in entries_for(AINO)[::-1]) == []


@pytest.mark.parametrize(
    ("deed", "first_break"),
    [
        ("DELETE FROM ledger_ledgerentry WHERE seq = 1", 2),
        ("DELETE FROM ledger_ledgerentry WHERE seq = 3", 4),
        ("DELETE FROM ledger_ledgerentry WHERE seq = 5", 5),
        ("DELETE FROM ledger_ledgerentry", 1),
        ("UPDATE ledger_ledgerentry SET commitment = sha256('x') WHERE seq = 2", 3),
        ("UPDATE ledger_ledgerentry SET commitment = sha256('x') WHERE seq = 5", 5),
        ("UPDATE ledger_ledgerentry SET seq = 6 WHERE seq = 5", 6),
        ("UPDATE ledger_ledgerentry SET seq = CASE seq WHEN 2 THEN 30 WHEN 3 THEN 2 ELSE seq END", 2),
        ("DELETE FROM ledger_head", 5),
        ("UPDATE ledger_head SET seq = 4", 5),
        ("UPDATE ledger_head SET commitment = sha256('x')", 5),
    ],
)
def test_an_entry_that_an_administrator_removed_or_moved_leaves_a_break(deed: str, first_break: int) -> None:
    for _ in range(5):
        read_by_agency(AINO)
    with as_database_administrator():
        execute(deed)
    with citizen_scope(AINO):
        assert my_sequence_is_unbroken(AINO).first_break == first_break


def test_check_sequence_names_each_break() -> None:
    first, second, third = (verify.Link(n, bytes([n - 1]) * 32, bytes([n]) * 32) for n in (1, 2, 3))
    assert verify.check_sequence([first, second, third]) == []
    assert verify.check_sequence([second, third]) == [verify.Break(2, "missing")]
    assert verify.check_sequence([first, third]) == [verify.Break(3, "missing")]
    assert verify.check_sequence([first, second, second, third]) == [verify.Break(2, "repeated")]
    forged = verify.Link(2, b"\x09" * 32, b"\x02" * 32)
    assert verify.check_sequence([first, forged, third]) == [verify.Break(2, "unlinked")]


def test_an_entry_is_proved_once_it_was_sequenced(sequencer: Sequencer) -> None:
    read_by_agency(AINO)
    with citizen_scope(AINO):
        (entry,) = entries_for(AINO)
        assert proof_for(entry) is None
    assert sequencer.round() == 1
    with citizen_scope(AINO), CaptureQueriesContext(connection) as captured:
        proof = proof_for(entry)
    assert proof is not None
    assert len(captured) == 2
    assert verify.check_inclusion(commitment=bytes(entry.commitment), proof=proof, vkey=SIGNER.vkey).size == 1


def test_every_entry_is_proved_from_the_citizens_copy_alone(sequencer: Sequencer) -> None:
    """Sealed content -> commitment -> inclusion -> signature, at a size with partial tiles at two levels."""
    with citizen_scope(CECILIA):
        for _ in range(550):
            append(citizen_id=CECILIA, event=Event.OWN_DATA_VIEWED, actor="citizen", seal=seal)
    for _ in range(20):
        read_by_agency(AINO)
        sequencer.round()
    with citizen_scope(AINO):
        mine = [(open_entry(entry, open_sealed), proof_for(entry)) for entry in entries_for(AINO)]
    assert len(mine) == 20
    for opened, proof in mine:
        assert proof is not None
        place = link(opened.entry)
        verify.check_commitment(access=opened.access, salt=opened.salt, link=place)
        head = verify.check_inclusion(commitment=place.commitment, proof=proof, vkey=SIGNER.vkey)
        assert head.size == 570
        with pytest.raises(verify.NotVerified):
            verify.check_commitment(access=opened.access | {"actor": "nobody"}, salt=opened.salt, link=place)
        with pytest.raises(verify.NotVerified):
            verify.check_commitment(access=opened.access, salt=opened.salt[:-1], link=place)
        with pytest.raises(verify.NotVerified):
            verify.check_inclusion(commitment=bytes(32), proof=proof, vkey=SIGNER.vkey)


def test_any_two_checkpoints_are_consistent(sequencer: Sequencer) -> None:
    for count in (1, 254, 1, 1, 60):
        with citizen_scope(AINO):
            for _ in range(count):
                append(citizen_id=AINO, event=Event.OWN_DATA_VIEWED, actor="citizen", seal=seal)
        sequencer.round()
    heads = [verify.open_checkpoint(row.note, SIGNER.vkey) for row in queries.Checkpoint.objects.order_by("size")]
    assert [head.size for head in heads] == [0, 1, 255, 256, 257, 317]
    for old in heads:
        for new in heads:
            proof = queries.consistency_proof(old.size, new.size)
            if 0 < old.size <= new.size:
                assert proof is not None
                verify.check_extension(old=old, new=new, proof=proof)
                with pytest.raises(verify.NotVerified):
                    forked = verify.Checkpoint(old.origin, old.size, bytes(32))
                    verify.check_extension(old=forked, new=new, proof=proof)
            else:
                assert proof is None
    verify.check_extension(old=heads[0], new=heads[-1], proof=())
    with pytest.raises(verify.NotVerified):
        verify.check_extension(old=heads[-1], new=heads[1], proof=())
    assert queries.consistency_proof(1, 318) is None
