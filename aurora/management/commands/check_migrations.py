"""`manage.py check_migrations`: fails a new migration under which the former release could not go on working. Asks no database; `make lint` runs it.

docs/operations/migrations.md has the rules and how each is kept. What was shipped before they held is in `shipped_migrations.txt`. A migration may say
why a rule does not matter to it: `zero_downtime = {"AddIndex Agency": "a row an agency"}` on its class, one reason for each finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.core.management.base import BaseCommand, CommandError
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.models import NOT_PROVIDED

SHIPPED = Path(__file__).resolve().parents[1] / "shipped_migrations.txt"
OURS = ("aurora", "consent", "recommender")
_SQL = (
    (r"\bCREATE (UNIQUE )?INDEX (?!CONCURRENTLY)", "builds an index while nobody may write: CREATE INDEX CONCURRENTLY, atomic = False"),
    (
        r"\bADD COLUMN (?:(?!;|,|\bDEFAULT\b).)*\bNOT NULL\b(?!(?:(?!;|,).)*\bDEFAULT\b)",
        "adds a column that the former release does not fill: give it a DEFAULT",
    ),
    (r"\bDROP COLUMN\b|\bDROP TABLE\b", "takes away what the former release reads: one release later"),
    (r"\bRENAME\b", "renames what the former release knows by its name: add, copy, and remove a release later"),
    (r"\bALTER COLUMN \S+ (SET DATA )?TYPE\b", "writes the table anew under a lock: add another column"),
    (r"\bSET NOT NULL\b", "reads the whole table under a lock: CHECK ... NOT VALID, VALIDATE, then SET NOT NULL, a release later"),
    (
        r"\bADD CONSTRAINT (?:(?!;).)*\b(CHECK|FOREIGN KEY)\b(?!(?:(?!;).)*\bNOT VALID\b)",
        "reads the whole table under a lock: NOT VALID, and VALIDATE by itself",
    ),
    (r"\bLOCK TABLE\b|\bVACUUM FULL\b|\bCLUSTER\b", "locks a table for long"),
)


def shipped() -> frozenset[tuple[str, str]]:
    """(app, name) of what was there before the rules were."""
    return frozenset((app, name) for app, _, name in (line.partition(".") for line in SHIPPED.read_text().split()))


class Command(BaseCommand):
    help = "Fails a new migration that the release before it could not work under (docs/operations/migrations.md)."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        loader, known = MigrationLoader(None, ignore_no_migrations=True), shipped()
        new = {key: one for key, one in loader.disk_migrations.items() if one.__module__.startswith(OURS) and key not in known}
        found = [fault for key in sorted(new) for fault in faults(new[key])]
        if found:
            raise CommandError("\n".join(found) + "\ndocs/operations/migrations.md says how each is done without downtime.")
        self.stdout.write(f"{len(new)} migrations since the rules: the former release can work under each.")


def faults(migration: Migration) -> Iterator[str]:
    """What is wrong with it, a sentence each."""
    reasons: dict[str, str] = getattr(migration, "zero_downtime", {})
    made = {op.name.lower() for op in migration.operations if isinstance(op, migrations.CreateModel)}
    tables = {_table(migration, op) for op in migration.operations if isinstance(op, migrations.CreateModel)}
    for operation in _flat(migration.operations):
        for what, why in _of(operation, made, tables):
            if not reasons.get(what):
                yield f"{migration.app_label}.{migration.name}: {what} {why}"


def _of(operation: Operation, made: set[str], tables: set[str]) -> Iterator[tuple[str, str]]:
    model = str(getattr(operation, "model_name", "") or getattr(operation, "name", ""))
    what = f"{type(operation).__name__} {model}"
    if isinstance(operation, migrations.RunPython):
        yield "RunPython", "may take long, and what it changes the former release goes on changing: small batches outside of a transaction"
    elif isinstance(operation, migrations.RunSQL):
        for statement, why in _statements(operation, tables):
            yield f"RunSQL {statement}", why
    elif model.lower() in made:
        return
    elif isinstance(operation, migrations.AddField):
        field = operation.field
        if not (field.null or field.many_to_many or field.db_default is not NOT_PROVIDED):
            yield f"{what}.{operation.name}", "is a column that the former release does not fill: null=True or db_default="
    elif isinstance(operation, migrations.RemoveField | migrations.DeleteModel):
        name = getattr(operation, "name", "")
        yield (
            (f"{what}.{name}" if name != model else what),
            "takes away what the former release reads: one release after the last that does",
        )
    elif isinstance(operation, migrations.RenameField | migrations.RenameModel | migrations.AlterModelTable):
        yield what, "renames what the former release knows by its name: add, copy, and remove a release later"
    elif isinstance(operation, migrations.AlterField):
        yield (
            f"{what}.{operation.name}",
            "may write or read the whole table under a lock: say why not (wider text, more choices), or add a column",
        )
    elif isinstance(operation, migrations.AddIndex) and not isinstance(operation, AddIndexConcurrently):
        yield what, "builds an index while nobody may write: AddIndexConcurrently, atomic = False"
    elif isinstance(operation, migrations.RemoveIndex) and not isinstance(operation, RemoveIndexConcurrently):
        yield what, "waits for all that read the table, and they for it: RemoveIndexConcurrently, atomic = False"
    elif isinstance(operation, migrations.AddConstraint):
        how = (
            "AddConstraintNotValid and ValidateConstraint"
            if isinstance(operation.constraint, models.CheckConstraint)
            else "an index made concurrently first"
        )
        yield what, f"reads the whole table under a lock: {how}"


def _flat(operations: Sequence[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from _flat(operation.database_operations)
        else:
            yield operation


def _statements(operation: Any, tables: set[str]) -> Iterator[tuple[str, str]]:
    """(what, why). Bodies of functions do nothing by being made; what is done to a table that this migration makes holds up nobody."""
    parts = operation.sql if isinstance(operation.sql, list | tuple) else [operation.sql]
    text = " ".join(part[0] if isinstance(part, list | tuple) else part for part in parts)
    text = re.sub(r"--[^\n]*", " ", text)
    text = re.sub(r"\$(\w*)\$.*?\$\1\$", "''", text, flags=re.DOTALL)
    for statement in re.sub(r"\s+", " ", text).split(";"):
        own = tables | set(re.findall(r"CREATE TABLE (?:IF NOT EXISTS )?([\w.]+)", text))
        if any(re.search(rf"\b{re.escape(table)}\b", statement) for table in own):
            continue
        for pattern, why in _SQL:
            if re.search(pattern, statement, flags=re.IGNORECASE):
                yield statement.strip()[:60], why


def _table(migration: Migration, operation: Any) -> str:
    return str(operation.options.get("db_table") or f"{migration.app_label}_{operation.name.lower()}")
