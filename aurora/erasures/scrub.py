"""What was deleted is taken out of the files of the database too: the tables with wrapped keys, with what finds a citizen, and with what
operators wrote of one (sealed for the platform, whose key stays) are written anew.

A DELETE leaves a row's bytes where they are; VACUUM frees the place and overwrites it only by chance (docs/decisions/erasure.md has what was
measured). VACUUM FULL writes a new file and removes the old one. It takes nobody's row away, needs a lock on the table for some seconds at 10^6
citizens, and therefore runs for all who left since the last time, at most once in `EVERY`.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.db import connection

TABLES = ("vault.data_key", "vault.former_key", "identity_citizen", "consent_mandate", "consent_breakglass_request")
EVERY = timedelta(hours=1)
# How long others may have to wait behind us for a table, before we give it up and try again later.
WAIT = "5s"


def last_at() -> datetime | None:
    """When it last was done for somebody who left."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT erasures_scrubbed_at()")
        found: datetime | None = cursor.fetchone()[0]
    return found


def note(*, begun: datetime) -> int:
    """Write down that it was done, for all who had left by then. How many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT erasures_note_scrubbed(%s)", [begun])
        return int(cursor.fetchone()[0])


def may() -> bool:
    """Whether this role may write the tables anew: their owner, or from PostgreSQL 17 on who was given MAINTAIN."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CASE WHEN current_setting('server_version_num')::integer >= 170000 THEN bool_and(has_table_privilege(t, 'MAINTAIN')) "
            "ELSE bool_and(pg_has_role((SELECT relowner FROM pg_class WHERE oid = t::regclass), 'USAGE')) END FROM unnest(%s::text[]) t",
            [list(TABLES)],
        )
        return bool(cursor.fetchone()[0])


def run() -> bool:
    """Write the tables anew. False: an old snapshot (a long query, a backup that is being made) still sees what was deleted; try again later.

    Outside of any transaction. Raises `OperationalError` where a table could not be had in time.
    """
    assert not connection.in_atomic_block
    left = 0
    connection.ensure_connection()
    pg = connection.connection

    def heard(message: object) -> None:
        nonlocal left
        detail = re.match(r"\d+", getattr(message, "message_detail", None) or "")
        left += int(detail.group()) if detail else 0

    pg.add_notice_handler(heard)
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{WAIT}'")
            # VERBOSE tells, table by table, how many dead rows somebody still sees.
            cursor.execute("SET client_min_messages = 'info'")
            for table in TABLES:
                cursor.execute(f"VACUUM (FULL, VERBOSE) {table}")
    finally:
        pg.remove_notice_handler(heard)
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
            cursor.execute("RESET client_min_messages")
    return left == 0
