"""The database into which is restored: empty, nobody else's, and marked until all is checked (`mark`)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from aurora import crash
from aurora.backups import mark
from aurora.backups.tools import BackupError, connect
from aurora.database_url import DatabaseUrl
from aurora.provision import APP, OWNER, lay_out

LOCK = 0x4175_726F_7261_5273  # "AuroraRs": one restore of a database at a time
PATIENCE = 30_000  # milliseconds
GOING = 5.0  # seconds in which who was stopped a moment ago may still go

_TABLES = (
    "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') "
    "AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'"
)
_PROVISIONED = "SELECT to_regnamespace('vault') IS NOT NULL AND EXISTS (SELECT FROM pg_roles WHERE rolname = %s)"
# Programs of a restore that was killed may have outlived it. The lock says that no other restore is under way.
_END_LEFTOVERS = (
    "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity "
    "WHERE datname = current_database() AND usename = current_user AND application_name = 'pg_restore'"
)
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = ANY (%s) AND pid <> pg_backend_pid()"


@contextmanager
def taken(owner: DatabaseUrl) -> Iterator[int]:
    """For one restore; yields how many tables an unfinished one had left, which are gone. Raises BackupError.

    The mark goes when the block ends well. When it does not, or the process dies, it stays, and the next restore begins with it.
    """
    with connect(owner) as connection:
        connection.autocommit = True
        if not _one(connection, "SELECT pg_try_advisory_lock(%s)", LOCK):
            raise BackupError(f"another restore into {owner.name} is under way")
        again = mark.is_set(connection)
        if not again:
            _must_be_empty(connection, owner.name)
        # Before others are looked for: who comes later finds the mark.
        mark.set_on(connection)
        crash.reach("restore.marked")
        connection.execute(_END_LEFTOVERS, [PATIENCE])
        if others := _others(connection):
            if not again:
                mark.take_from(connection)
            raise BackupError(
                f"{others} others are connected to {owner.name}: stop every process of Aurora first, and what pools connections"
            )
        left = _one(connection, _TABLES) if again else 0
        if again:
            _empty(connection)
            crash.reach("restore.emptied")
        yield left
        mark.take_from(connection)


def _must_be_empty(connection: psycopg.Connection[Any], name: str) -> None:
    """An empty database that `manage.py provision` has made."""
    if tables := _one(connection, _TABLES):
        raise BackupError(f"the database {name} is not empty: it has {tables} tables, and nothing is ever restored over them")
    if not _one(connection, _PROVISIONED, APP):
        raise BackupError(f"the database {name} is not provisioned: run manage.py provision first")


def _empty(connection: psycopg.Connection[Any]) -> None:
    """All that an unfinished restore had put here goes, in one transaction: it was empty before."""
    with connection.transaction():
        ours = "SELECT nspname FROM pg_namespace WHERE nspowner = to_regrole(current_user) AND nspname <> %s"
        schemas = [sql.Identifier(name) for (name,) in connection.execute(ours, [mark.SCHEMA]).fetchall()]
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.SQL(", ").join(schemas)))
        connection.execute("CREATE SCHEMA public")
        lay_out(connection)


def _others(connection: psycopg.Connection[Any]) -> int:
    """How many are connected, and stay."""
    until = time.monotonic() + GOING
    while (found := int(_one(connection, _OTHERS, [OWNER, APP]))) and time.monotonic() < until:
        time.sleep(0.1)
    return found


def _one(connection: psycopg.Connection[Any], statement: str, *values: Any) -> Any:
    row = connection.execute(statement, values or None).fetchone()
    return row[0] if row else None
