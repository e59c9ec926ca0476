"""What is sent past the cursor does what a cursor does: transaction, values, errors, and who looks on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import DataError, OperationalError, ProgrammingError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from psycopg.pq import TransactionStatus

from consent import wire
from consent.scope import CURRENT_CITIZEN, citizen_scope, lookup_scope, may_be_lost

pytestmark = pytest.mark.usefixtures("database")

AINO = uuid4()
IDS = [UUID(int=0), uuid4()]


@pytest.fixture
def database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Real transactions: nothing is written in them."""
    with django_db_blocker.unblock():
        yield
        connection.close()


def asked(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def called(statement: bytes, *values: bytes | None) -> bytes:
    return wire.call(connections["default"], statement, values)


def test_a_scope_begins_its_transaction_and_goes_with_it() -> None:
    asked("SELECT 1")
    status = connection.connection.pgconn
    assert status.transaction_status == TransactionStatus.IDLE
    with citizen_scope(AINO):
        assert status.transaction_status == TransactionStatus.INTRANS
        assert asked(f"SELECT {CURRENT_CITIZEN}") == AINO
    assert status.transaction_status == TransactionStatus.IDLE
    assert asked(f"SELECT {CURRENT_CITIZEN}") is None
    with lookup_scope(b"\x00\xff"):
        assert asked("SELECT current_setting('aurora.lookup')") == "00ff"


def test_a_value_is_set_as_it_is() -> None:
    awkward = 'it\'s \\ "quoted"; DROP TABLE x; -- € %s'
    with transaction.atomic():
        wire.set_locally(connections["default"], "aurora.lookup", awkward)
        assert asked("SELECT current_setting('aurora.lookup')") == awkward


def test_a_transaction_begins_as_its_connection_says() -> None:
    asked("SELECT 1")
    connection.connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
    try:
        with citizen_scope(AINO):
            assert asked("SHOW transaction_isolation") == "serializable"
            assert asked(f"SELECT {CURRENT_CITIZEN}") == AINO
    finally:
        connection.connection.isolation_level = None


def test_a_call_as_the_first_statement_stands_in_the_transaction_too() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        called(b"SELECT set_config('aurora.lookup', 'left', false)")
        assert connection.connection.pgconn.transaction_status == TransactionStatus.INTRANS
        raise ZeroDivisionError
    assert asked("SELECT current_setting('aurora.lookup', true)") in (None, "")


def test_outside_a_transaction_nothing_is_sent() -> None:
    with pytest.raises(RuntimeError, match="atomic block"):
        called(b"SELECT set_config('aurora.lookup', 'left', false)")
    with pytest.raises(RuntimeError, match="atomic block"):
        wire.set_locally(connections["default"], "aurora.lookup", "left")


@pytest.mark.parametrize("texts", [[], [""], ["a", 'quote " brace } comma , NULL', "\\", "€😀\n"]], ids=["none", "empty", "awkward"])
def test_lists_of_texts_arrive_as_they_are(texts: list[str]) -> None:
    with transaction.atomic():
        assert called(b"SELECT convert_to(array_to_string($1::text[], '|'), 'UTF8')", wire.text_array(texts)).decode() == "|".join(texts)
        assert called(b"SELECT cardinality($1::text[])", wire.text_array(texts)) == len(texts).to_bytes(4)


@pytest.mark.parametrize("ids", [[], IDS[:1], IDS], ids=["none", "one", "two"])
def test_lists_of_ids_and_times_arrive_as_they_are(ids: list[UUID]) -> None:
    with transaction.atomic():
        got = called(b"SELECT array_to_string($1::uuid[], ',')::bytea", wire.uuid_array(ids)).decode()
        assert got == ",".join(map(str, ids))
        for at in (datetime(2026, 11, 26, 19, 0, 0, 1, tzinfo=UTC), datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)):
            said = called(b"SELECT to_char($1::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')::bytea", wire.timestamptz(at))
            assert said.decode() == at.strftime("%Y-%m-%d %H:%M:%S.%f")


def test_lists_of_numbers_days_moments_and_bytes_arrive_as_they_are() -> None:
    days = [date(2026, 2, 28), None, date(1899, 12, 31), date(9999, 12, 31)]
    moments = [datetime(2026, 11, 26, 19, 0, 0, 1, tzinfo=UTC), datetime(1950, 1, 1, tzinfo=UTC)]
    with transaction.atomic():
        said = called(b"SELECT array_to_string($1::date[], ',', '-')::bytea", wire.date_array(days))
        assert said.decode() == "2026-02-28,-,1899-12-31,9999-12-31"
        said = called(b"SELECT array_to_string($1::timestamptz[] , ',')::bytea", wire.timestamptz_array(moments))
        assert [datetime.fromisoformat(one) for one in said.decode().split(",")] == moments
        assert called(b"SELECT array_to_string($1::int2[], ',')::bytea", wire.int2_array([-32768, 0, 32767])) == b"-32768,0,32767"
        assert (
            called(b"SELECT array_to_string($1::int4[], ',')::bytea", wire.int4_array([-(2**31), 0, 2**31 - 1]))
            == b"-2147483648,0,2147483647"
        )
        assert called(b"SELECT ($1::bytea[])[2]", wire.bytea_array([b"", b"a\x00b\xff"])) == b"a\x00b\xff"
        assert called(b"SELECT (($1::bytea[])[1] IS NULL)::text::bytea", wire.bytea_array([None, b""])) == b"true"


def test_a_text_with_a_nul_is_refused_and_not_cut() -> None:
    with pytest.raises(DataError), transaction.atomic():
        called(b"SELECT $1::text", b"a\x00b")


def test_nothing_for_a_null() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="has a value"):
        called(b"SELECT $1::text", None)


def test_errors_are_djangos_with_the_servers_code() -> None:
    with pytest.raises(ProgrammingError) as raised, transaction.atomic():
        called(b"SELECT nothing_of_this_name($1::int)", (1).to_bytes(4))
    assert getattr(raised.value.__cause__, "sqlstate", None) == "42883"
    assert asked("SELECT 1") == 1


def test_after_an_error_nothing_more_is_sent_in_that_transaction() -> None:
    with pytest.raises(transaction.TransactionManagementError), transaction.atomic():
        with pytest.raises(ProgrammingError), transaction.atomic():
            called(b"SELECT nothing_of_this_name()")
        transaction.set_rollback(True)
        called(b"SELECT 1")


def end_connection() -> None:
    """The server ends it, and nobody knows yet."""
    pid = asked("SELECT pg_backend_pid()")
    other = connections["default"].copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        assert cursor.fetchone() == (True,)
    other.close()


def test_a_lost_connection_is_told_as_such_and_replaced() -> None:
    end_connection()
    with pytest.raises(OperationalError), citizen_scope(AINO):
        raise AssertionError("there is no connection")
    connection.close_if_unusable_or_obsolete()
    with citizen_scope(AINO):
        assert asked(f"SELECT {CURRENT_CITIZEN}") == AINO


def test_a_connection_lost_amid_a_transaction_is_told_as_such() -> None:
    with pytest.raises(OperationalError), citizen_scope(AINO):
        end_connection()
        called(b"SELECT 1")
    assert asked("SELECT 1") == 1


def test_statements_are_counted_and_wrapped() -> None:
    seen: list[str] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look), CaptureQueriesContext(connection) as counted, citizen_scope(AINO):
        assert called(b"SELECT 5::int") == (5).to_bytes(4)
    mine = [one for one in seen if "set_config" in one or "5::int" in one]
    assert mine == [f"SELECT set_config('aurora.citizen', '{AINO}', true)", "SELECT 5::int"]
    assert [one["sql"] for one in counted.captured_queries if one["sql"] in mine] == mine


def test_who_looks_on_may_refuse() -> None:
    def refuse(*_: Any) -> Any:
        raise PermissionError

    with transaction.atomic(), connection.execute_wrapper(refuse), pytest.raises(PermissionError):
        called(b"SELECT 1")


def test_what_may_be_lost_is_not_waited_for_and_the_next_transaction_is() -> None:
    """The tests' own server waits for no commit: who said so is what tells."""
    said_by = "SELECT source = 'session' FROM pg_settings WHERE name = 'synchronous_commit'"
    with citizen_scope(AINO):
        assert not asked(said_by)
        may_be_lost()
        assert asked(said_by) and asked("SHOW synchronous_commit") == "off"
        with citizen_scope(IDS[1]):
            assert asked(said_by), "it is of the whole transaction"
    with citizen_scope(AINO):
        assert not asked(said_by)
    with pytest.raises(RuntimeError):
        may_be_lost()
