"""Whose rows this transaction may see: the two settings that PostgreSQL's row-level security compares with.

`aurora.citizen` opens the rows of one citizen. `aurora.lookup` opens, on the few tables that say so, the one row whose secret
digest the caller holds. Both are local to a transaction; without them a personal table has no rows (PostgreSQL 18 manual, 5.9).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from consent import wire

CURRENT_CITIZEN = "nullif(current_setting('aurora.citizen', true), '')::uuid"
CURRENT_LOOKUP = "decode(nullif(current_setting('aurora.lookup', true), ''), 'hex')"

# In place of a citizen's id as an argument of a volatile function: PostgreSQL sets the scope before it calls the function.
OPENING = "set_config('aurora.citizen', %s, true)::uuid"

T = TypeVar("T")


@contextmanager
def _setting(name: str, value: str, *, durable: bool = False) -> Iterator[None]:
    database = connections[DEFAULT_DB_ALIAS]
    outermost = not database.in_atomic_block
    with transaction.atomic(durable=durable):
        if outermost:  # no scope outlives its transaction: there is no former one to look up, and none to put back
            wire.set_locally(database, name, value)
            yield
            return
        with database.cursor() as cursor:
            # One round trip: the former value comes back with the setting of the new one, since the sub-select is evaluated first.
            cursor.execute(
                "WITH former AS MATERIALIZED (SELECT coalesce(current_setting(%s, true), '') AS v) "
                "SELECT former.v, set_config(%s, %s, true) FROM former",
                [name, name, value],
            )
            former = cursor.fetchone()[0]
            yield
            # After an exception the savepoint or transaction rolls the setting back; this restores it on the way out of a nested scope.
            if former != value and len(database.savepoint_ids) > 0:
                cursor.execute("SELECT set_config(%s, %s, true)", [name, former])


@contextmanager
def citizen_scope(citizen_id: UUID, *, durable: bool = False) -> Iterator[None]:
    """Open the rows of one citizen for the length of a transaction (joined if one is open; with `durable` none may be open)."""
    with _setting("aurora.citizen", str(citizen_id), durable=durable):
        yield


@contextmanager
def scope_opened_by(ask: Callable[[], T]) -> Iterator[T]:
    """`citizen_scope`, durable, whose first question opens it: `ask` executes a statement with `OPENING`, and one round trip does for both.

    Yields what was asked.
    """
    with transaction.atomic(durable=True):
        yield ask()
        if len(connection.savepoint_ids) > 0:  # only in a test's transaction, which goes on
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('aurora.citizen', '', true)")


def may_be_lost() -> None:
    """After a power cut it may be as if this transaction had not been (`synchronous_commit`): for what is then only done again.

    Never in a transaction with an entry of the log, nor before a request that cannot be made twice. The next transaction that is not so
    makes this one safe with it. In a citizen's scope.
    """
    wire.tell(connections[DEFAULT_DB_ALIAS], b"SET LOCAL synchronous_commit = off")


@contextmanager
def lookup_scope(digest: bytes) -> Iterator[None]:
    """Open the one row whose digest this is, on tables whose policy names `aurora.lookup`."""
    with _setting("aurora.lookup", digest.hex()):
        yield


def policy_sql(table: str, *, column: str = "citizen_id", extra: str = "") -> tuple[str, str]:
    """SQL that puts a personal table under row-level security, and its reverse, for a migration's `RunSQL`.

    `extra` is a further condition under which a row may be seen (not written), such as `digest = <CURRENT_LOOKUP>`.
    """
    own = f"{column} = {CURRENT_CITIZEN}"
    seen = f"{own} OR {extra}" if extra else own
    forward = f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;CREATE POLICY own_rows ON {table} USING ({own}) WITH CHECK ({own});"
    if extra:
        forward += f"CREATE POLICY held_secret ON {table} FOR SELECT USING ({seen});"
    reverse = (
        f"DROP POLICY IF EXISTS held_secret ON {table}; DROP POLICY own_rows ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
    )
    return forward, reverse


def append_only_sql(table: str) -> tuple[str, str]:
    """SQL that makes a table append-only for everyone, by trigger, and takes the right away from the service, for `RunSQL`."""
    forward = (
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'restrict_violation'; END $$;"
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only();"
        f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'aurora_app') THEN "
        f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM aurora_app; END IF; END $$;"
    )
    return forward, f"DROP TRIGGER append_only ON {table}; DROP FUNCTION {table}_append_only();"
