"""Statements that every access has, sent by the driver's libpq (psycopg.pq) in place of a cursor.

A cursor takes 130 us of a processor's time, and these take 20 (docs/decisions/ledger.md). What a cursor does for its caller is done here
too: none in a broken transaction, Django's errors, its log of statements and its wrappers. Values go in PostgreSQL's binary form: none is
quoted, and none cut short at a NUL. Other threads run meanwhile; but a signal's handler only once the answer is there.

`database` is what `django.db.connections` gives: to find it costs 8 us, so it is looked up once.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import errors
from psycopg.pq import Escaping, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_FIRST_DAY = _EPOCH.date()
_MICROSECOND = timedelta(microseconds=1)
_NULL = struct.pack("!i", -1)
_BYTEA_OID, _INT2_OID, _INT4_OID, _TEXT_OID, _DATE_OID, _TIMESTAMPTZ_OID, _UUID_OID = 17, 21, 23, 25, 1082, 1184, 2950
_DONE = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK})


def set_locally(database: BaseDatabaseWrapper, name: str, value: str) -> None:
    """`set_config(name, value, true)` as a transaction's first statement, which begins it: one round trip. In an atomic block."""
    driver = _driver(database)
    quoted = Escaping(driver.pgconn).escape_literal
    statement = b"SELECT set_config(%s, %s, true)" % (quoted(name.encode()), quoted(value.encode()))
    _run(database, statement, partial(driver.pgconn.exec_, _begun(database, driver) + statement))


def call(database: BaseDatabaseWrapper, statement: bytes, values: Sequence[bytes | None]) -> bytes:
    """The one value, not null, of the one row of a statement with `$1`, `$2`, ... in an atomic block. Values and result in binary form."""
    driver = _driver(database)
    if begin := _begun(database, driver):
        _run(database, begin, partial(driver.pgconn.exec_, begin))
    send = partial(driver.pgconn.exec_params, statement, values, None, [Format.BINARY] * len(values), Format.BINARY)
    value = _run(database, statement, send).get_value(0, 0)
    if value is None:
        raise RuntimeError("a statement of consent.wire has a value")
    return value


def tell(database: BaseDatabaseWrapper, statement: bytes) -> None:
    """A statement without values and without an answer, in an atomic block whose transaction has begun."""
    _run(database, statement, partial(_driver(database).pgconn.exec_, statement))


def timestamptz(at: datetime) -> bytes:
    return struct.pack("!q", (at - _EPOCH) // _MICROSECOND)


def text_array(values: Sequence[str]) -> bytes:
    return _array(_TEXT_OID, [value.encode() for value in values])


def uuid_array(values: Sequence[UUID]) -> bytes:
    return _array(_UUID_OID, [value.bytes for value in values])


def bytea_array(values: Sequence[bytes | None]) -> bytes:
    return _array(_BYTEA_OID, values)


def int2_array(values: Sequence[int]) -> bytes:
    return _array(_INT2_OID, [struct.pack("!h", value) for value in values])


def int4_array(values: Sequence[int]) -> bytes:
    return _array(_INT4_OID, [struct.pack("!i", value) for value in values])


def timestamptz_array(values: Sequence[datetime]) -> bytes:
    return _array(_TIMESTAMPTZ_OID, [timestamptz(value) for value in values])


def date_array(values: Sequence[date | None]) -> bytes:
    return _array(_DATE_OID, [None if value is None else struct.pack("!i", (value - _FIRST_DAY).days) for value in values])


def _array(oid: int, items: Sequence[bytes | None]) -> bytes:
    """The form of `array_send`: dimensions, whether there are nulls, the elements' type; then each dimension's length and first index."""
    if not items:
        return struct.pack("!iiI", 0, 0, oid)
    head, length = struct.pack("!iiIii", 1, None in items, oid, len(items), 1), struct.Struct("!i").pack
    return head + b"".join([_NULL if item is None else length(len(item)) + item for item in items])


def _driver(database: BaseDatabaseWrapper) -> psycopg.Connection[Any]:
    database.validate_thread_sharing()
    database.validate_no_broken_transaction()
    if not database.in_atomic_block:
        raise RuntimeError("statements of consent.wire belong in an atomic block")
    driver: psycopg.Connection[Any] = database.connection
    return driver


def _begun(database: BaseDatabaseWrapper, driver: psycopg.Connection[Any]) -> bytes:
    """What the driver would send before a transaction's first statement; empty within it, or where blocks are kept without transactions."""
    if driver.pgconn.transaction_status != TransactionStatus.IDLE or driver.autocommit:
        return b""
    if driver.isolation_level is driver.read_only is driver.deferrable is None:
        return b"BEGIN; "
    with database.wrap_database_errors:
        driver.execute("")  # the driver knows how transactions of this connection begin
    return b""


def _run(database: BaseDatabaseWrapper, statement: bytes, send: Callable[[], PGresult]) -> PGresult:
    if not database.execute_wrappers and not database.queries_logged:
        return _answer(database, send)
    execute: Callable[..., Any] = lambda *_: _answer(database, send)  # noqa: E731
    for wrapper in reversed(database.execute_wrappers):
        execute = partial(wrapper, execute)
    begun = time.monotonic()
    try:
        result: PGresult = execute(statement.decode(), None, False, {"connection": database, "cursor": None})
        return result
    finally:
        if database.queries_logged:
            database.queries_log.append({"sql": statement.decode(), "time": f"{time.monotonic() - begun:.3f}"})


def _answer(database: BaseDatabaseWrapper, send: Callable[[], PGresult]) -> PGresult:
    with database.wrap_database_errors:
        result = send()
        if result.status in _DONE:
            return result
        if database.connection.closed:  # there is no code in what libpq says of that
            raise psycopg.OperationalError(result.get_error_message())
        raise errors.error_from_result(result)
