"""A migration under which the former release could not work fails `make lint`; and what was shipped works on the newest tables."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader

from aurora.management.commands.check_migrations import OURS, faults, shipped
from tests.support.cast import services
from tests.support.services import ROOT

TEXT = models.TextField
INDEX = models.Index(fields=["b"], name="b_of_a")


def _migration(*operations: Any, **more: Any) -> migrations.Migration:
    return type("Migration", (migrations.Migration,), {"operations": list(operations), **more})("0099_new", "twin")


@pytest.fixture(autouse=True)
def database(django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (migrations.AddField("Fact", "b", TEXT()), "does not fill"),
        (migrations.AddField("Fact", "b", TEXT(default="x")), "does not fill"),
        (migrations.RemoveField("Fact", "b"), "takes away"),
        (migrations.DeleteModel("Fact"), "takes away"),
        (migrations.RenameField("Fact", "a", "b"), "renames"),
        (migrations.RenameModel("Fact", "Facts"), "renames"),
        (migrations.AlterField("Fact", "b", TEXT()), "whole table"),
        (migrations.AddIndex("Fact", INDEX), "Concurrently"),
        (migrations.RemoveIndex("Fact", "b_of_a"), "Concurrently"),
        (migrations.AddConstraint("Fact", models.UniqueConstraint(fields=["b"], name="u")), "reads the whole table"),
        (migrations.RunPython(migrations.RunPython.noop), "small batches"),
        (migrations.RunSQL("CREATE INDEX x ON twin_fact (b)"), "CONCURRENTLY"),
        (migrations.RunSQL("ALTER TABLE twin_fact ADD COLUMN b text NOT NULL"), "does not fill"),
        (migrations.RunSQL("ALTER TABLE twin_fact DROP COLUMN b"), "takes away"),
        (migrations.RunSQL("ALTER TABLE twin_fact RENAME b TO c"), "renames"),
        (migrations.RunSQL("ALTER TABLE twin_fact ALTER COLUMN b TYPE bigint"), "anew"),
        (migrations.RunSQL("ALTER TABLE twin_fact ALTER COLUMN b SET NOT NULL"), "whole table"),
        (migrations.RunSQL(["SELECT 1", "ALTER TABLE twin_fact\n ADD CONSTRAINT c CHECK (b > 0)"]), "NOT VALID"),
        (migrations.SeparateDatabaseAndState(database_operations=[migrations.RunSQL("VACUUM FULL twin_fact")]), "locks"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value.replace(" ", "-"),
)
def test_what_breaks_the_former_release_is_found(operation: Any, said: str) -> None:
    (found,) = faults(_migration(operation))
    assert found.startswith("twin.0099_new: ") and said in found
    what = found.removeprefix("twin.0099_new: ")
    name = next(
        what[:end] for end in range(len(what), 0, -1) if not list(faults(_migration(operation, zero_downtime={what[:end]: "it is small"})))
    )
    assert list(faults(_migration(operation, zero_downtime={name: ""}))), "a reason has words"


@pytest.mark.parametrize(
    "operations",
    [
        [migrations.AddField("Fact", "b", TEXT(null=True))],
        [migrations.AddField("Fact", "b", TEXT(db_default="x"))],
        [AddIndexConcurrently("Fact", INDEX)],
        [
            migrations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))]),
            migrations.AddField("New", "b", TEXT()),
            migrations.AddIndex("New", INDEX),
        ],
        [
            migrations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))]),
            migrations.RunSQL("CREATE INDEX x ON twin_new (b)"),
        ],
        [migrations.RunSQL("CREATE INDEX CONCURRENTLY x ON twin_fact (b)")],
        [migrations.RunSQL("ALTER TABLE twin_fact ADD COLUMN b text NOT NULL DEFAULT 'x', ADD COLUMN c text")],
        [migrations.RunSQL("ALTER TABLE twin_fact ADD CONSTRAINT c CHECK (b > 0) NOT VALID")],
        [migrations.RunSQL("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ ALTER TABLE x DROP COLUMN y $$; -- DROP TABLE z")],
    ],
    ids=["null", "db-default", "concurrently", "new-table", "new-table-in-sql", "sql-concurrently", "sql-default", "not-valid", "bodies"],
)
def test_what_the_former_release_bears_passes(operations: list[Any]) -> None:
    assert list(faults(_migration(*operations))) == []


def test_lint_runs_it_over_all_migrations() -> None:
    assert "manage.py check_migrations" in (ROOT / "Makefile").read_text()
    said = subprocess.run([sys.executable, "manage.py", "check_migrations"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr


def test_what_was_shipped_works_on_the_newest_tables() -> None:
    """The models as they were when the rules came, over the tables of now: each reads all of its columns, and a column that it does not know fills itself."""
    loader = MigrationLoader(connection)
    known = shipped()
    gone = known - set(loader.disk_migrations)
    assert not gone, f"a shipped migration is never taken away: {gone}"
    state = loader.project_state([node for node in known if loader.disk_migrations[node].__module__.startswith(OURS)]).apps
    looked = 0
    for model in state.get_models(include_auto_created=True):
        with connection.cursor() as cursor:
            columns = [field.column for field in model._meta.concrete_fields]
            table = ".".join(connection.ops.quote_name(part) for part in model._meta.db_table.replace('"', "").split("."))
            cursor.execute("SELECT has_table_privilege(%s, 'SELECT'), has_table_privilege(%s, 'INSERT')", [table, table])
            reads, writes = cursor.fetchone()
            if reads:
                cursor.execute(f"SELECT {', '.join(map(connection.ops.quote_name, columns))} FROM {table} LIMIT 0")
            cursor.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attnotnull AND NOT atthasdef "
                "AND attidentity = '' AND attname <> ALL (%s)",
                [table, columns],
            )
            assert not writes or cursor.fetchall() == [], f"{table} has a column that the former release does not fill"
            looked += reads
    assert looked > 60


def test_migrate_waits_for_no_lock_longer_than_others_bear() -> None:
    """A table that is in use: the command gives up with a sentence, and whoever came behind it goes on."""
    with psycopg.connect(services().admin_url or "") as other:
        other.execute("LOCK TABLE django_migrations IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(CommandError, match="was in use for longer than 200ms"):
            call_command("migrate", "--no-input", "--skip-checks", "--lock-timeout", "200ms", verbosity=0)
    with pytest.raises(CommandError, match="must be a time"):
        call_command("migrate", "--lock-timeout", "1; DROP TABLE x", "--skip-checks", verbosity=0)
    connection.close()
