"""What the tests of erasure do and look at: going on as a worker does, the days that pass, and what is left of a citizen anywhere."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg

from aurora.erasures import rows
from aurora.erasures.models import Erasure
from aurora.journeys import erase
from consent.scope import citizen_scope
from tests.support.cast import services


def admin() -> psycopg.Connection[Any]:
    """A superuser's, for looking at what is stored."""
    return psycopg.connect(services().admin_url or "", autocommit=True)


def go_on(erasure_id: UUID) -> Erasure:
    """As a worker does that the sweep has woken; how it stands then."""
    erase.run(erasure_id=erasure_id)
    return stands(erasure_id)


def stands(erasure_id: UUID) -> Erasure:
    """The row, whoever's it is."""
    with admin() as database:
        found = database.execute("SELECT citizen_id FROM erasures_erasure WHERE id = %s", [erasure_id]).fetchone()
    assert found is not None
    if found[0] is not None:
        with citizen_scope(found[0]):
            return Erasure.objects.get(pk=erasure_id)
    with admin() as database, database.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        row = cursor.execute("SELECT * FROM erasures_erasure WHERE id = %s", [erasure_id]).fetchone()
    assert row is not None
    return Erasure(**row)


def let_days_pass(citizen_id: UUID) -> None:
    """The thirty days are over: by the database's row, which is what counts; and what waits for them is due."""
    with admin() as database:
        database.execute("UPDATE ledger_erasure SET due_at = now() - interval '1 second' WHERE citizen_id = %s", [citizen_id])
        database.execute("UPDATE erasures_erasure SET due_at = now() - interval '1 second' WHERE citizen_id = %s", [citizen_id])


def make_due(erasure_id: UUID) -> None:
    """What waits a while for something waits no longer, nor behind a lease."""
    with admin() as database:
        database.execute(
            "UPDATE erasures_erasure SET due_at = now() - interval '1 second', lease_until = CASE WHEN lease_until IS NULL THEN NULL "
            "ELSE now() - interval '1 second' END WHERE id = %s",
            [erasure_id],
        )


def tables_naming(citizen_id: UUID) -> dict[str, int]:
    """Every table of every schema in which a row bears the citizen's number, in whatever column, and in how many."""
    found: dict[str, int] = {}
    with admin() as database:
        tables = database.execute(
            "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for (table,) in tables:
            row = database.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%%' || %s || '%%'", [str(citizen_id)]).fetchone()  # type: ignore[arg-type]
            if row and row[0]:
                found[table] = row[0]
    return found


def held_by(citizen_id: UUID, table: str) -> int:
    """How many rows of one table are the citizen's."""
    with admin() as database:
        row = database.execute(f"SELECT count(*) FROM {table} WHERE citizen_id = %s", [citizen_id]).fetchone()  # type: ignore[arg-type]
    return int(row[0]) if row else 0


def by_secret(secret: str) -> Erasure | None:
    return rows.by_secret(secret)
