"""A citizen's log is erased down to its commitments, in two steps; and nobody can make that a way to hide an access."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, connections, transaction

from consent.ledger import erasure, verify
from consent.ledger.append import append
from consent.ledger.erasure import ErasureRefused
from consent.ledger.events import Event
from consent.ledger.models import Erasure
from consent.ledger.queries import consistency_proof, entries_for, entry_bundle, my_sequence_is_unbroken, newest_checkpoint, proof_for
from consent.ledger.sequence import Sequencer
from consent.ledger.tiles import TileAddress
from consent.scope import citizen_scope
from tests.consent.ledger.conftest import read_by_agency, seal
from tests.support.log_keys import make_signer

AINO, CECILIA = uuid4(), uuid4()
SIGNER = make_signer("aurora.test/ledger", bytes(32))


def as_superuser(statement: str, *parameters: object) -> list[tuple[object, ...]]:
    with transaction.atomic(using="admin"), connections["admin"].cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(autouse=True)
def keys(ledger_db: None) -> Iterator[None]:
    """The citizens' data keys, of which only this matters here: whether there is one."""
    for citizen in (AINO, CECILIA):
        # Past the foreign key: these citizens have no row.
        as_superuser(
            "SET LOCAL session_replication_role = replica; INSERT INTO vault.data_key (citizen_id, wrapped, marking_wrapped, kek_id, version, created_at) "
            f"VALUES ('{citizen}', '', '', '', 1, now())"
        )
    yield
    as_superuser("SET LOCAL session_replication_role = replica; TRUNCATE vault.data_key CASCADE")


@pytest.fixture
def sequencer() -> Sequencer:
    sequencer = Sequencer(signer=SIGNER, using="owner")
    sequencer.begin()
    return sequencer


def note(citizen_id: UUID, event: Event) -> UUID:
    return append(citizen_id=citizen_id, event=event, actor="citizen", seal=seal).entry_id


def ask(citizen_id: UUID = AINO) -> datetime:
    with citizen_scope(citizen_id):
        return erasure.ask(citizen_id=citizen_id, entry_id=note(citizen_id, Event.ERASURE_ASKED))


def erase(citizen_id: UUID = AINO) -> int:
    with citizen_scope(citizen_id):
        return erasure.erase(citizen_id=citizen_id)


def thirty_days_later() -> None:
    as_superuser("UPDATE ledger_erasure SET due_at = ledger_time() WHERE done_at IS NULL")


def destroy_key(citizen_id: UUID = AINO) -> None:
    as_superuser("DELETE FROM vault.data_key WHERE citizen_id = %s", citizen_id)


def test_after_an_erasure_commitments_are_all_there_is(sequencer: Sequencer, count: Callable[[str], int]) -> None:
    """Those that had a leaf and those that wait for one; of another citizen nothing goes."""
    for _ in range(3):
        read_by_agency(AINO)
        read_by_agency(CECILIA)
    ask()
    sequencer.round()
    waiting = read_by_agency(AINO)
    thirty_days_later()
    destroy_key()
    before = as_superuser("SELECT index, commitment FROM ledger_leaf ORDER BY index")
    assert erase() == 5
    assert as_superuser("SELECT DISTINCT citizen_id FROM ledger_ledgerentry UNION SELECT citizen_id FROM ledger_head") == [(CECILIA,)]
    assert as_superuser("SELECT index, commitment FROM ledger_leaf ORDER BY index") == before
    assert as_superuser("SELECT count(*), count(entry_id) FROM ledger_leaf") == [(7, 3)]
    assert [(n, bytes(c)) for n, c in as_superuser("SELECT entry_id, commitment FROM ledger_pending")] == [(None, waiting.commitment)]  # type: ignore[arg-type]
    assert sequencer.round() == 1
    assert as_superuser("SELECT entry_id FROM ledger_leaf WHERE commitment = %s", waiting.commitment) == [(None,)]
    done = Erasure.objects.using("admin").get()
    assert (done.citizen_id, done.entries, bytes(done.head or b"")) == (None, 5, waiting.commitment) and done.done_at
    with citizen_scope(CECILIA):
        assert my_sequence_is_unbroken(CECILIA).unbroken and len(entries_for(CECILIA)) == 3


def test_what_a_law_kept_back_goes_too_and_its_leaves_lead_nowhere(sequencer: Sequencer) -> None:
    """There is nobody left whom it could be told to. One of its leaves is in the tree, the other waits."""
    kept, longer = uuid4(), uuid4()
    as_superuser(
        "INSERT INTO ledger_keptback (id, citizen_id, agency, law, kept_at, until, state, sealed, longer_id, longer_sealed) "
        "VALUES (%s, %s, 'police', 'fi.police.5-58', now(), now() + interval '1 year', 'kept', 'x', %s, 'x')",
        kept, AINO, longer,
    )  # fmt: skip
    for leaf_id in (kept, longer):
        as_superuser("INSERT INTO ledger_pending (entry_id, commitment) VALUES (%s, sha256('x'))", leaf_id)
        if leaf_id == kept:
            sequencer.round()
    ask()
    thirty_days_later()
    destroy_key()
    assert erase() == 1
    assert as_superuser("SELECT citizen_id, sealed, longer_sealed, state FROM ledger_keptback WHERE id = %s", kept) == [
        (None, None, None, "erased")
    ]
    places = "SELECT entry_id FROM ledger_leaf UNION ALL SELECT entry_id FROM ledger_pending"
    assert as_superuser(places) == [(None,)] * 3


def test_who_kept_a_proof_can_still_have_it_verified(sequencer: Sequencer) -> None:
    """Against the leaf that is published today, and the head that is signed today extends the one of the proof."""
    commitment = read_by_agency(AINO).commitment
    read_by_agency(CECILIA)
    sequencer.round()
    with citizen_scope(AINO):
        kept = proof_for(entries_for(AINO)[0])
    assert kept is not None
    ask()
    thirty_days_later()
    destroy_key()
    erase()
    read_by_agency(CECILIA)
    sequencer.round()
    old = verify.check_inclusion(commitment=commitment, proof=kept, vkey=SIGNER.vkey)
    newest = newest_checkpoint()
    assert newest is not None
    new = verify.open_checkpoint(newest.note, SIGNER.vkey)
    verify.check_extension(old=old, new=new, proof=consistency_proof(old.size, new.size) or ())
    bundle = entry_bundle(TileAddress(0, new.size))
    assert bundle is not None and bundle[34 * kept.index + 2 : 34 * kept.index + 34] == commitment


def test_it_is_asked_for_by_an_entry_of_the_log_itself() -> None:
    """Of this very transaction: a web process that was taken over cannot do it in silence, nor on an entry of the year before."""
    with citizen_scope(AINO):
        old = note(AINO, Event.ERASURE_ASKED)
    other = read_by_agency(AINO).entry_id
    for entry_id in (old, other, uuid4()):
        with pytest.raises(ErasureRefused), citizen_scope(AINO):
            erasure.ask(citizen_id=AINO, entry_id=entry_id)
    with pytest.raises(ErasureRefused), citizen_scope(AINO):
        erasure.ask(citizen_id=CECILIA, entry_id=note(AINO, Event.ERASURE_ASKED))
    with pytest.raises(ErasureRefused), citizen_scope(AINO):
        with citizen_scope(CECILIA):
            in_hers = note(CECILIA, Event.ERASURE_ASKED)
        erasure.ask(citizen_id=AINO, entry_id=in_hers)  # and Aino's own log would not say so
    with citizen_scope(AINO):
        assert erasure.due_at(citizen_id=AINO) is None


def test_thirty_days_pass_and_asking_again_moves_nothing() -> None:
    due = ask()
    assert timedelta(days=30) - timedelta(minutes=1) < due - datetime.now(UTC) <= timedelta(days=30)
    assert ask() == due
    destroy_key()
    with pytest.raises(ErasureRefused):
        erase()
    with citizen_scope(AINO):
        assert len(entries_for(AINO)) == 2


def test_no_clock_of_the_caller_counts() -> None:
    """An entry that says it is of last month does not bring the day nearer."""
    with citizen_scope(AINO):
        entry = append(citizen_id=AINO, event=Event.ERASURE_ASKED, actor="citizen", seal=seal, at=datetime.now(UTC) - timedelta(days=40))
        assert erasure.ask(citizen_id=AINO, entry_id=entry.entry_id) > datetime.now(UTC) + timedelta(days=29)


@pytest.mark.parametrize("left_out", ["asking", "waiting", "the key", "scope", "calling off"])
def test_no_step_can_be_left_out(left_out: str, count: Callable[[str], int]) -> None:
    read_by_agency(AINO)
    if left_out != "asking":
        ask()
    if left_out != "waiting":
        thirty_days_later()
    if left_out != "the key":
        destroy_key()
    if left_out == "calling off":
        with citizen_scope(AINO):
            assert erasure.cancel(citizen_id=AINO, entry_id=note(AINO, Event.ERASURE_CANCELLED))
    before = count("ledger_ledgerentry")
    # The second is what all other rooms ask before they let anything go.
    for step in (erasure.erase, erasure.hold_ready):
        with pytest.raises(ErasureRefused), citizen_scope(CECILIA if left_out == "scope" else AINO):
            step(citizen_id=AINO)
    assert count("ledger_ledgerentry") == before > 0


def test_it_is_called_off_by_an_entry_too() -> None:
    ask()
    with pytest.raises(ErasureRefused), citizen_scope(AINO):
        erasure.cancel(citizen_id=AINO, entry_id=note(AINO, Event.OWN_DATA_VIEWED))
    with citizen_scope(AINO):
        assert erasure.cancel(citizen_id=AINO, entry_id=note(AINO, Event.ERASURE_CANCELLED))
        assert not erasure.cancel(citizen_id=AINO, entry_id=note(AINO, Event.ERASURE_CANCELLED))
        assert erasure.due_at(citizen_id=AINO) is None


@pytest.mark.parametrize(
    "deed",
    [
        "INSERT INTO ledger_erasure (id, citizen_id, asked_at, due_at) VALUES (gen_random_uuid(), '{0}', '2020-01-01', '2020-01-01')",
        "UPDATE ledger_erasure SET due_at = '2020-01-01'",
        "DELETE FROM ledger_erasure",
        "SELECT ledger_erasure_entry('{0}', '{0}', 'x')",
        "SELECT ledger_erased_citizen()",
        "SELECT ledger_kept_erase('{0}')",
        "SELECT set_config('aurora.erasing', (SELECT id::text FROM ledger_erasure), true); DELETE FROM ledger_ledgerentry",
        "SELECT set_config('aurora.erasing', (SELECT id::text FROM ledger_erasure), true); UPDATE ledger_leaf SET entry_id = NULL",
    ],
)
def test_the_service_has_no_other_way(deed: str) -> None:
    ask()
    with pytest.raises(DatabaseError, match="permission denied"), citizen_scope(AINO), connection.cursor() as cursor:
        cursor.execute(deed.format(AINO))


@pytest.mark.parametrize(
    "deed",
    [
        "DELETE FROM ledger_ledgerentry",
        f"DELETE FROM ledger_ledgerentry WHERE citizen_id = '{CECILIA}'",
        "UPDATE ledger_ledgerentry SET actor = 'x'",
        "TRUNCATE ledger_ledgerentry",
        "UPDATE ledger_leaf SET entry_id = NULL",
        f"UPDATE ledger_leaf SET entry_id = NULL, commitment = sha256('x') WHERE entry_id IN (SELECT id FROM ledger_ledgerentry WHERE citizen_id = '{AINO}')",
        f"UPDATE ledger_leaf SET commitment = sha256('x') WHERE entry_id IN (SELECT id FROM ledger_ledgerentry WHERE citizen_id = '{AINO}')",
        "DELETE FROM ledger_leaf",
    ],
    ids=lambda deed: deed.replace(str(CECILIA), "hers").replace(str(AINO), "own"),
)
def test_an_owner_who_says_that_it_is_an_erasure_touches_no_other_citizens_rows(deed: str, sequencer: Sequencer) -> None:
    read_by_agency(CECILIA)
    ask()
    sequencer.round()
    thirty_days_later()
    with pytest.raises(DatabaseError, match="refused"), transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT set_config('aurora.erasing', (SELECT id::text FROM ledger_erasure), true)")
        cursor.execute(deed)


def test_an_owner_who_says_so_before_it_is_due_changes_nothing(count: Callable[[str], int]) -> None:
    ask()
    with pytest.raises(DatabaseError, match="no erasure"), transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT set_config('aurora.erasing', (SELECT id::text FROM ledger_erasure), true)")
        cursor.execute("DELETE FROM ledger_ledgerentry")
    assert count("ledger_ledgerentry") == 1


def test_a_stranger_learns_of_no_erasure() -> None:
    ask()
    assert Erasure.objects.count() == 0
    with citizen_scope(CECILIA):
        assert Erasure.objects.count() == 0 and erasure.due_at(citizen_id=AINO) is None
