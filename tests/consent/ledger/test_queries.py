"""A citizen's own view: pages and filters, opening entries, and what shows when the database was tampered with."""

from __future__ import annotations

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
from consent.ledger.queries import entries_for, link, look, my_sequence_is_unbroken, open_entry, proof_for
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
    """No more than the page: entries are not read to be sorted."""
    read = "SELECT coalesce(sum(idx_tup_fetch), 0), coalesce(sum(seq_tup_read), 0) FROM pg_stat_xact_user_tables WHERE schemaname = 'ledger_months'"
    for _ in range(9):
        read_by_agency(AINO)
    with citizen_scope(AINO), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        with CaptureQueriesContext(connection) as captured:
            assert len(entries_for(AINO, limit=3)) == 3
        assert len(captured) == 1
        cursor.execute(read)
        assert cursor.fetchone() == (3, 0)


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
        ("UPDATE ledger_ledgerentry SET seq = 6 WHERE seq = 5; UPDATE ledger_head SET seq = 6", 6),
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
        seen = look(AINO, shown=range(1, 7))
        assert not (seen.complete and seen.linked), "a page on which all entries stand sees the same"
        few = look(AINO, shown=[])
        assert few.complete == seen.complete, "whatever is shown, all are counted"


@pytest.mark.parametrize("shown", [(), (1,), (5,), (2, 4), (1, 2, 3, 4, 5)], ids=str)
def test_a_look_at_a_whole_chain(shown: tuple[int, ...]) -> None:
    with citizen_scope(AINO):
        assert look(AINO, shown=shown) == queries.Look(complete=True, linked=True), "of nobody's entries none is missing"
    for _ in range(5):
        read_by_agency(AINO)
    read_by_agency(CECILIA)
    with citizen_scope(AINO), CaptureQueriesContext(connection) as captured:
        assert look(AINO, shown=shown) == queries.Look(complete=True, linked=True)
    assert len(captured) == 1


LEDGER = "ledger_ledgerentry"


@pytest.mark.parametrize(
    ("deed", "complete", "linked_on"),
    [
        # Its link and the one after it are of those on whose page it, or the one after, stands.
        (f"UPDATE {LEDGER} SET commitment = sha256('x') WHERE seq = 2", True, {3: False, 2: True, 4: True, 5: True}),
        (f"UPDATE {LEDGER} SET prev = sha256('x') WHERE seq = 2", True, {2: False, 3: True, 5: True}),
        (f"UPDATE {LEDGER} SET prev = sha256('x') WHERE seq = 1", True, {1: False, 2: True, 5: True}),
        # The newest is held against the head on every page.
        (f"UPDATE {LEDGER} SET commitment = sha256('x') WHERE seq = 5", True, {1: False, 5: False}),
        ("UPDATE ledger_head SET commitment = sha256('x')", True, {1: False}),
        # One number twice and another not at all: as many as there should be, and their sum right (1, 1, 4, 4, 5).
        (f"UPDATE {LEDGER} SET seq = CASE seq WHEN 2 THEN 1 WHEN 3 THEN 4 ELSE seq END", False, {}),
        (f"UPDATE {LEDGER} SET seq = 9 WHERE seq = 2", False, {}),
        (f"DELETE FROM {LEDGER} WHERE seq = 1", False, {}),
        ("DELETE FROM ledger_head", False, {}),
        ("UPDATE ledger_head SET seq = 6", False, {}),
    ],
)
def test_what_a_look_sees_wherever_it_was_done(deed: str, complete: bool, linked_on: dict[int, bool]) -> None:
    now = datetime.now(UTC)
    for days in (0, 40, 0, 40, 0):  # two months, as numbers are unique within one
        read_by_agency(AINO, at=now - timedelta(days=days))
    with as_database_administrator():
        execute(deed)
    with citizen_scope(AINO):
        assert not my_sequence_is_unbroken(AINO).unbroken
        assert look(AINO, shown=[]).complete == complete
        assert {number: look(AINO, shown=[number]).linked for number in linked_on} == linked_on


def test_a_look_is_into_ones_own_chain() -> None:
    """The function reads as who calls it: of another citizen's it sees nothing, and so tells nothing."""
    for _ in range(3):
        read_by_agency(AINO)
    with as_database_administrator():
        execute("DELETE FROM ledger_ledgerentry WHERE seq = 2")
    with citizen_scope(CECILIA):
        assert look(AINO, shown=[1, 2, 3]) == queries.Look(complete=True, linked=True)


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
    assert len(captured) == 1
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
