"""Carrying tables over whose keys stood in the clear: each row gets the mark of its key, and the key goes into what is sealed.

The forms of before and after are written out here: this must go on reading what it read, whatever the rooms do later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from aurora.identity import vault
from aurora.identity.vault import VaultClosed
from consent.scope import citizen_scope

BATCH = 500
# Of a row (its columns by name) and its mark: what each sealed column was sealed for, what it is sealed for now, and the new content of the old.
Anew = Callable[[Mapping[str, Any], bytes], Mapping[str, tuple[bytes, bytes, Callable[[bytes], bytes]]]]


class CannotCarry(RuntimeError):
    """A row that no key opens. Nothing of the migration stands."""


def carry(editor: BaseDatabaseSchemaEditor, table: str, columns: tuple[str, ...], anew: Anew) -> None:
    """Go through a table, a citizen at a time. Raises `CannotCarry`."""
    wanted = ("id", "citizen_id", "category", "key", *columns)
    with editor.connection.cursor() as cursor:
        for citizen_id in _citizens(cursor, table):
            with citizen_scope(citizen_id):  # the vault asks for their key as the service does, whoever migrates
                _of_one(cursor, table, citizen_id, wanted, anew)


def rewritten(table: str) -> str:
    """SQL that writes a table anew with the rows that are seen, so that a column that was dropped lies in no page of it any more."""
    return f"ALTER TABLE {table} ALTER COLUMN mark TYPE bytea USING mark || ''::bytea;"


def _citizens(cursor: Any, table: str) -> Iterator[UUID]:
    after = UUID(int=0)
    while True:
        cursor.execute(f"SELECT DISTINCT citizen_id FROM {table} WHERE citizen_id > %s ORDER BY 1 LIMIT {BATCH}", [after])
        found = [citizen_id for (citizen_id,) in cursor.fetchall()]
        yield from found
        if len(found) < BATCH:
            return
        after = found[-1]


def _of_one(cursor: Any, table: str, citizen_id: UUID, wanted: tuple[str, ...], anew: Anew) -> None:
    after = UUID(int=0)
    while True:
        cursor.execute(
            f"SELECT {', '.join(wanted)} FROM {table} WHERE citizen_id = %s AND id > %s ORDER BY id LIMIT {BATCH}", [citizen_id, after]
        )
        rows = [dict(zip(wanted, row, strict=True)) for row in cursor.fetchall()]
        for row in rows:
            _one(cursor, table, row, anew)
        if len(rows) < BATCH:
            return
        after = rows[-1]["id"]


def _one(cursor: Any, table: str, row: Mapping[str, Any], anew: Anew) -> None:
    citizen_id = row["citizen_id"]
    values: dict[str, bytes] = {}
    try:
        values["mark"] = vault.mark(f"fact\0{row['category']}\0{row['key']}".encode(), citizen_id=citizen_id)
        for column, (before, after, content) in anew(row, values["mark"]).items():
            plain = vault.open_sealed(row[column], citizen_id=citizen_id, context=before)
            values[column] = vault.seal(content(plain), citizen_id=citizen_id, context=after)
    except VaultClosed:
        raise CannotCarry(
            f"Row {row['id']} of {table} does not open by its citizen's key, so its name cannot be sealed with it. Nothing was changed. "
            "Restore the key, or delete the row, which nobody can read; then migrate again (docs/operations/keys.md)."
        ) from None
    cursor.execute(f"UPDATE {table} SET {', '.join(f'{name} = %s' for name in values)} WHERE id = %s", [*values.values(), row["id"]])
