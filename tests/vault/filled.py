"""A value in every sealed column. What the cast's own journeys do not write is put in by a superuser, past foreign keys and triggers: a rotation
asks of a row only what it is sealed for.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from django.utils import timezone
from psycopg.types.json import Json

from aurora.identity import rotation, vault
from aurora.identity.models import DataKey, FormerKey, KeyRotation
from aurora.identity.rotation import SealedColumn
from aurora.journeys._sealed_columns import OF_CITIZENS
from consent.ids import uuid7
from consent.scope import citizen_scope
from tests.support.cast import Cast, services
from tests.support.citizens import make_citizen

# What check constraints want of a row that has a sealed value.
FITTING: dict[str, dict[str, Any]] = {
    "twin_fact": {"provenance": "reported"},
    "twin_evaluation": {"state": "done", "finished_at": datetime(2026, 1, 1, tzinfo=UTC), "entry_id": uuid4(), "code": ""},
    "twin_feedback": {"kind": "not_for_me", "why": "other"},
    "consent_mandate": {"kind": "estate", "state": "offered", "attorney_digest": b"0" * 32},
    "consent_uses_usagereport": {"came": "poll"},
    "exports_export": {"state": "queued", "lock": Json({})},
    "ledger_ledgerentry": {"seq": 1, "prev": b"0" * 32, "commitment": b"0" * 32},
    "sources_feed": {"error": ""},
    "corrections_correction": {
        "state": "refused",
        "answered_at": datetime(2026, 1, 1, tzinfo=UTC),
        "asked_at": datetime(2025, 1, 1, tzinfo=UTC),
        "due_at": datetime(2025, 2, 1, tzinfo=UTC),
    },
}
MADE_UP = {
    "uuid": lambda: uuid4(), "bytea": lambda: secrets.token_bytes(32), "boolean": lambda: False, "jsonb": lambda: Json({}), "ARRAY": list,
    "timestamp with time zone": timezone.now, "date": lambda: timezone.now().date(), "smallint": lambda: 1, "integer": lambda: 1, "bigint": lambda: secrets.randbelow(2**40),
    "character varying": lambda: uuid4().hex[:2], "text": lambda: "x",
}  # fmt: skip


def admin() -> psycopg.Connection[Any]:
    return psycopg.connect(services().admin_url or "", autocommit=True)


@dataclass
class Filled:
    """`plain` is what lies in each column."""

    citizen_id: UUID
    plain: dict[tuple[str, str, str], bytes]

    def add(self, database: psycopg.Connection[Any], column: SealedColumn) -> None:
        """One more row, with a value in this column and in those others of its table."""
        row = {
            name: MADE_UP[kind]()
            for name, kind in database.execute(
                "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s "
                "AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'",
                [column.table],
            ).fetchall()
        }
        row.update(FITTING.get(column.table, {}))
        if column.key == "id" and column.citizen != "id":
            made = database.execute(
                "SELECT data_type FROM information_schema.columns WHERE table_name = %s AND column_name = 'id'", [column.table]
            )
            if made.fetchone() == ("uuid",):
                row["id"] = uuid7(timezone.now()) if column.table == "ledger_ledgerentry" else uuid4()
        row[column.citizen] = self.citizen_id
        if column.table == "ledger_ledgerentry":
            (row["seq"],) = database.execute(
                "SELECT count(*) + 1 FROM ledger_ledgerentry WHERE citizen_id = %s", [self.citizen_id]
            ).fetchone()  # type: ignore[misc]
        for one in OF_CITIZENS:
            if one.model is column.model:
                said = f"{one.table}.{one.column} {uuid4()}".encode()
                with citizen_scope(self.citizen_id):
                    context = one.context(*(row[name] for name in one.of))
                    row[one.column] = vault.seal(said, citizen_id=self.citizen_id, context=context)
        if column.table == "exports_export":  # one that lives at a time
            database.execute("DELETE FROM exports_export WHERE citizen_id = %s", [self.citizen_id])
            self.plain = {place: said for place, said in self.plain.items() if place[0] != column.table}
        names = ", ".join(f'"{name}"' for name in row)
        statement = f'INSERT INTO "{column.table}" ({names}) VALUES ({", ".join(["%s"] * len(row))}) RETURNING "{column.key}"'
        (key,) = database.execute(statement, list(row.values())).fetchone()  # type: ignore[arg-type,misc]
        for one in OF_CITIZENS:
            if one.model is column.model:
                self.plain[one.table, one.column, str(key)] = vault_open(self.citizen_id, one, row)

    def opened(self) -> dict[tuple[str, str, str], bytes]:
        """Everything, as a process that has just started opens it."""
        vault.forget(citizen_id=self.citizen_id)
        found = {}
        with citizen_scope(self.citizen_id), rotation.connection.cursor() as cursor:
            for column in OF_CITIZENS:
                wanted = ", ".join(f'"{name}"' for name in (column.key, column.column, *column.of))
                cursor.execute(
                    f'SELECT {wanted} FROM "{column.table}" WHERE "{column.citizen}" = %s AND "{column.column}" IS NOT NULL',
                    [self.citizen_id],
                )
                for key, sealed, *values in cursor.fetchall():
                    found[column.table, column.column, str(key)] = vault.open_sealed(
                        sealed, citizen_id=self.citizen_id, context=column.context(*values)
                    )
        return found

    def bearing(self, version: int) -> int:
        return rotation.bearing(citizen_id=self.citizen_id, version=version, columns=OF_CITIZENS)

    def version(self) -> int:
        with citizen_scope(self.citizen_id):
            return DataKey.objects.get(pk=self.citizen_id).version

    def formers(self) -> list[int]:
        with citizen_scope(self.citizen_id):
            return sorted(FormerKey.objects.filter(citizen_id=self.citizen_id).values_list("version", flat=True))

    def rotation(self) -> KeyRotation | None:
        with citizen_scope(self.citizen_id):
            return KeyRotation.objects.filter(pk=self.citizen_id).first()

    def minutes_pass(self, number: int = 10) -> None:
        """As if the rotation had begun earlier: it waits for the clock and for nothing else."""
        with citizen_scope(self.citizen_id):
            row = KeyRotation.objects.get(pk=self.citizen_id)
            KeyRotation.objects.filter(pk=self.citizen_id).update(
                since=row.since and row.since - timedelta(minutes=number), due_at=row.due_at - timedelta(minutes=number)
            )


def vault_open(citizen_id: UUID, column: SealedColumn, row: dict[str, Any]) -> bytes:
    with citizen_scope(citizen_id):
        return vault.open_sealed(row[column.column], citizen_id=citizen_id, context=column.context(*(row[name] for name in column.of)))


@contextmanager
def fill(cast: Cast) -> Iterator[Filled]:
    made = Filled(make_citizen(), {})
    with admin() as database:
        database.execute("SET session_replication_role = replica")
        try:
            done = {"identity_citizen"}
            for column in OF_CITIZENS:
                if column.table not in done:
                    made.add(database, column)
                    done.add(column.table)
            made.plain = made.opened()
            yield made
        finally:
            for column in OF_CITIZENS:
                if column.citizen != "id":
                    database.execute(f'DELETE FROM "{column.table}" WHERE "{column.citizen}" = %s', [made.citizen_id])  # type: ignore[arg-type]
