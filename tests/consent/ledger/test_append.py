"""One entry: what is written, what it commits to, who may see it, and that nobody may change it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from consent.errors import OutsideTransaction
from consent.ids import uuid7
from consent.ledger import leaf, verify
from consent.ledger.append import OutsideScope, append, sealing_context
from consent.ledger.events import Event
from consent.ledger.models import Head, LedgerEntry, Pending
from consent.ledger.queries import entries_for, my_sequence_is_unbroken, open_entry
from consent.scope import citizen_scope
from tests.consent.ledger.conftest import TABLES, InvalidTag, open_sealed, read_by_agency, seal

pytestmark = pytest.mark.usefixtures("ledger_db")

AINO, CECILIA = uuid4(), uuid4()
# The worker keeps what witnesses say, in the service's role.
WORKERS = {"ledger_cosignature", "ledger_witness", "ledger_alarm"}


def test_an_entry_holds_what_was_said_and_commits_to_it() -> None:
    consent, at = uuid4(), datetime(2026, 11, 24, 8, 0, 0, 5, tzinfo=UTC)
    permit = uuid7(at)
    appended = read_by_agency(
        AINO,
        categories=["tax.income", "population.person"],
        consent_ids=[consent],
        permit_id=permit,
        at=at,
        source="tax",
    )
    with citizen_scope(AINO):
        (entry,) = entries_for(AINO)
    assert (entry.id, entry.seq, bytes(entry.commitment)) == (appended.entry_id, 1, appended.commitment)
    assert bytes(entry.prev) == bytes(32)
    assert (entry.event, entry.actor, entry.purpose, entry.decision) == (
        "agency:twin:read",
        "benefits",
        "benefit-application",
        "permit",
    )
    assert (entry.categories, entry.consent_ids) == (["population.person", "tax.income"], [consent])
    assert (entry.permit_id, entry.source, entry.at) == (permit, "tax", at)
    assert open_entry(entry, open_sealed).genuine, "and each of the columns is committed to"
    # What the citizen alone can open leads to the commitment by hashing, with nothing of ours in between.
    content = json.loads(open_sealed(bytes(entry.sealed), context=sealing_context(entry.id)))
    assert content["access"]["details"] == {"fields": ["wages"]}
    written = json.dumps(
        {"access": content["access"], "prev": "0" * 64, "seq": 1},
        separators=(",", ":"),
        sort_keys=True,
        ensure_ascii=False,
    )
    assert hashlib.sha256(bytes.fromhex(content["salt"]) + written.encode()).digest() == appended.commitment


def test_entries_are_chained_and_salted_apart() -> None:
    at, same = datetime.now(UTC), {"consent_ids": [], "permit_id": None}
    commitments = [read_by_agency(AINO, at=at, **same).commitment for _ in range(5)]
    with citizen_scope(AINO):
        entries = entries_for(AINO)[::-1]
        salts = {open_entry(entry, open_sealed).salt for entry in entries}
    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5]
    assert [bytes(entry.prev) for entry in entries] == [leaf.NO_COMMITMENT, *commitments[:-1]]
    assert len(salts) == len(set(commitments)) == 5


def test_text_of_any_kind_is_committed_to_as_it_is() -> None:
    awkward = {
        "note": 'quote " backslash \\ newline \n nul-like \x01 € 😀 %s {}',
        "n": -3,
        "list": [1, "två", ["tre"]],
        "\u20ac": True,
        "\U0001f600": "x",
    }
    read_by_agency(AINO, details=awkward)
    with citizen_scope(AINO):
        opened = open_entry(entries_for(AINO)[0], open_sealed)
    assert opened.genuine
    assert opened.details == awkward


def test_one_statement_is_one_round_trip() -> None:
    with citizen_scope(AINO), CaptureQueriesContext(connection) as queries:
        append(citizen_id=AINO, event=Event.OWN_DATA_VIEWED, actor="citizen", seal=seal)
    assert len(queries) == 1


def test_a_sealed_entry_opens_for_no_other_entry() -> None:
    first, second = read_by_agency(AINO), read_by_agency(AINO)
    with citizen_scope(AINO):
        sealed = bytes(LedgerEntry.objects.get(pk=first.entry_id).sealed)
    with pytest.raises(InvalidTag):
        open_sealed(sealed, context=sealing_context(second.entry_id))


def test_outside_a_transaction_nothing_is_written(count: Callable[[str], int]) -> None:
    with pytest.raises(OutsideTransaction):
        append(citizen_id=AINO, event=Event.OWN_DATA_VIEWED, actor="citizen", seal=seal)
    assert count("ledger_ledgerentry") == 0


@pytest.mark.parametrize("scope", [None, CECILIA])
@pytest.mark.parametrize("alias", ["default", "owner", "admin"])
def test_outside_the_citizens_scope_nothing_is_written(scope: UUID | None, alias: str, count: Callable[[str], int]) -> None:
    """By the function itself, hence for the owner and a superuser too, whom row-level security does not bind."""
    arguments = [uuid4(), AINO, datetime.now(UTC), "e", "a", None, [], [], "permit", None, None, b"s", b"o"]
    call = "SELECT ledger_append(%s,%s,%s,%s,%s,%s,%s::text[],%s::uuid[],%s,%s,%s,%s::bytea,%s::bytea)"
    with (
        pytest.raises(DatabaseError, match="outside the scope"),
        transaction.atomic(using=alias),
        connections[alias].cursor() as cursor,
    ):
        if scope:
            cursor.execute("SELECT set_config('aurora.citizen', %s, true)", [str(scope)])
        cursor.execute(call, arguments)
    with pytest.raises(OutsideScope), transaction.atomic():
        append(citizen_id=AINO, event=Event.OWN_DATA_VIEWED, actor="citizen", seal=seal)
    assert count("ledger_ledgerentry") == count("ledger_head") == count("ledger_pending") == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"event": Event.OWN_DATA_VIEWED},  # of the citizen, by an agency
        {"event": Event.PULL_COMPLETED},
        {"actor": "aurora"},
        {"actor": "citizen"},
        {"actor": ""},
        {"decision": ""},
        {"decision": "no_consent"},  # a read is no refusal
        {"event": Event.AGENCY_READ_REFUSED},  # a refusal is no permit
        {"event": Event.AGENCY_READ_REFUSED, "decision": "no_consent"},  # with a permit
        {"event": "agency:twin:guessed"},
        {"details": {"amount": 1.5}},
        {"details": {"amount": 2**60}},
        {"at": datetime(2026, 1, 1)},
    ],
    ids=str,
)
def test_an_entry_that_contradicts_itself_is_refused(changes: dict[str, object], count: Callable[[str], int]) -> None:
    with pytest.raises(ValueError):
        read_by_agency(AINO, **changes)
    assert count("ledger_ledgerentry") == count("ledger_head") == 0


def test_a_refusal_is_an_entry_with_its_code() -> None:
    read_by_agency(AINO, event=Event.AGENCY_READ_REFUSED, decision="consent_withdrawn", permit_id=None)
    with citizen_scope(AINO):
        (entry,) = entries_for(AINO)
    assert (entry.event, entry.decision, entry.permit_id) == ("agency:twin:refused", "consent_withdrawn", None)


def test_a_permit_is_used_in_one_entry_only(count: Callable[[str], int]) -> None:
    """Over all months, and whoever's: the entry bears the permit's id, and ids are unique."""
    permit = uuid7(datetime.now(UTC))
    assert read_by_agency(AINO, permit_id=permit).entry_id == permit
    for citizen in (AINO, CECILIA):
        with pytest.raises(DatabaseError, match="ledger_ledgerentry_pkey|entry_.*_pkey"):
            read_by_agency(citizen, permit_id=permit)
    assert count("ledger_ledgerentry") == 1


def test_what_the_caller_rolls_back_leaves_no_entry_and_no_gap(count: Callable[[str], int]) -> None:
    read_by_agency(AINO)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        assert read_by_agency(AINO).seq == 2
        raise ZeroDivisionError
    with citizen_scope(AINO):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            assert read_by_agency(AINO).seq == 2
            raise ZeroDivisionError
        assert read_by_agency(AINO).seq == 2
    assert count("ledger_ledgerentry") == count("ledger_pending") == 2
    with citizen_scope(AINO):
        assert my_sequence_is_unbroken(AINO).length == 2
        assert my_sequence_is_unbroken(AINO).unbroken


@pytest.mark.parametrize("alias", ["default", "owner", "admin"])
@pytest.mark.parametrize("table", ["ledger_ledgerentry", "ledger_leaf"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET commitment = commitment", "DELETE FROM {}", "TRUNCATE {}"])
def test_nobody_changes_or_deletes_an_entry(alias: str, table: str, deed: str, count: Callable[[str], int]) -> None:
    """The service by lack of privilege, the owner by trigger, and a superuser who leaves triggers on likewise."""
    read_by_agency(AINO)
    reason = "permission denied" if alias == "default" else "append-only"
    with (
        pytest.raises(DatabaseError, match=reason),
        transaction.atomic(using=alias),
        connections[alias].cursor() as cursor,
    ):
        cursor.execute("SELECT set_config('aurora.citizen', %s, true)", [str(AINO)])
        cursor.execute(deed.format(table))
    assert count("ledger_ledgerentry") == 1


@pytest.mark.parametrize("table", [table for table in TABLES.split(", ") if table not in WORKERS])
def test_the_service_writes_none_of_the_tables_by_itself(table: str) -> None:
    """It has ledger_append: no entry beside the chain, none that misses the tree, no head set back, no forged tree."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT privilege FROM unnest("
            "  ARRAY['SELECT','INSERT','UPDATE','DELETE','TRUNCATE','REFERENCES','TRIGGER']) AS privilege "
            "WHERE has_table_privilege(current_user, %s, privilege)",
            [table],
        )
        assert cursor.fetchall() == [("SELECT",)]
        cursor.execute("SELECT current_user, has_sequence_privilege('ledger_pending_id_seq', 'USAGE')")
        assert cursor.fetchone() == ("aurora_app", False)


def test_a_temporary_table_does_not_divert_the_append(count: Callable[[str], int]) -> None:
    """The function names its schemas, so nothing that the service can create stands before the ledger's tables."""
    with citizen_scope(AINO), connection.cursor() as cursor:
        cursor.execute("SELECT has_database_privilege(current_user, current_database(), 'TEMPORARY')")
        if cursor.fetchone()[0]:
            cursor.execute("CREATE TEMPORARY TABLE ledger_pending (id bigserial, entry_id uuid, commitment bytea)")
        append(citizen_id=AINO, event=Event.OWN_DATA_VIEWED, actor="citizen", seal=seal)
        transaction.on_commit(connection.close)
    assert count("public.ledger_pending") == 1


def test_row_level_security_hides_other_citizens_entries() -> None:
    read_by_agency(AINO)
    read_by_agency(CECILIA)
    assert LedgerEntry.objects.count() == 0
    assert Head.objects.count() == 0
    with citizen_scope(CECILIA):
        assert [entry.citizen_id for entry in LedgerEntry.objects.all()] == [CECILIA]
        assert [head.citizen_id for head in Head.objects.all()] == [CECILIA]
        assert entries_for(AINO) == ()
        with connection.cursor() as cursor:  # a deliberately broken view
            cursor.execute("SELECT citizen_id FROM ledger_ledgerentry")
            assert cursor.fetchall() == [(CECILIA,)]


def test_nothing_personal_is_in_reprs_or_errors() -> None:
    read_by_agency(AINO, purpose="telltale-purpose", details={"secret": "telltale-detail"})
    with citizen_scope(AINO):
        entry = entries_for(AINO)[0]
        opened = open_entry(entry, open_sealed)
    assert "telltale" not in repr(entry) + str(entry) + repr(opened)
    assert opened.salt.hex() not in repr(opened)
    assert str(AINO) not in repr(entry) + str(verify.NotVerified("x"))


def test_what_is_logged_of_any_kind_awaits_its_place_in_the_tree() -> None:
    """A refusal and a broken glass as much as a read: of what is appended nothing may be kept out of the tree."""
    appended = {}
    for event in Event:
        actor, decision = "benefits" if event.actor == "agency" else event.actor, "no_consent" if event.is_refusal else "permit"
        one = read_by_agency(AINO, event=event, actor=actor, decision=decision, permit_id=None)
        appended[one.entry_id] = one.commitment
    assert {row.entry_id: bytes(row.commitment) for row in Pending.objects.all()} == appended
