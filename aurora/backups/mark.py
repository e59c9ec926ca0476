"""The mark of a restore that has begun and not ended: with it a database is nobody's but the restore's. Loads no Django.

It is a schema without content, made before the first table is and dropped when all is checked. A process that dies takes nothing with it: what
it leaves behind is marked. Whoever starts, or opens a connection (`aurora.database`), looks for it and goes no further.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.pq import ExecStatus

from aurora.backups.tools import connect
from aurora.database_url import DatabaseUrl

SCHEMA = "aurora_restoring"
CONNECT_SECONDS = 5
_IS_SET = f"SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = '{SCHEMA}')".encode()
_ours = False


class RestoreUnfinished(psycopg.OperationalError):
    """To all but the restore the database is as if it were not there."""

    def __init__(self) -> None:
        super().__init__(
            "the database is half restored: manage.py restore has begun and not ended. Run it again, to its end (docs/operations/backup.md)"
        )


def is_set(connection: psycopg.Connection[Any]) -> bool:
    """Whether the database bears it. Begins no transaction: the connection may be one that nobody has used."""
    result = connection.pgconn.exec_(_IS_SET)
    if result.status != ExecStatus.TUPLES_OK:
        raise psycopg.OperationalError("the database does not say whether it is half restored")
    return result.get_value(0, 0) == b"t"


def let_in(connection: psycopg.Connection[Any]) -> None:
    """Raises RestoreUnfinished unless this process is the one that restores."""
    if not _ours and is_set(connection):
        raise RestoreUnfinished


def refuse(url: DatabaseUrl | None) -> None:
    """For whoever starts: raises RestoreUnfinished. A database that does not answer is told of by who needs it."""
    if url is None:
        return
    try:
        with connect(url, connect_timeout=CONNECT_SECONDS) as connection:
            let_in(connection)
    except RestoreUnfinished:
        raise
    except psycopg.OperationalError:
        return


def set_on(connection: psycopg.Connection[Any]) -> None:
    """From now on; for this process alone the database is open. As the database's owner."""
    global _ours
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    _ours = True


def take_from(connection: psycopg.Connection[Any]) -> None:
    """The restore is whole, or has not begun."""
    global _ours
    connection.execute(f"DROP SCHEMA {SCHEMA}")
    _ours = False
