"""The state of a process that must outlive it: one SQLite file in its state folder.

What this process issued or was shown (tokens, codes, request references, cookies, assertion ids) stands in it as
SHA-256 digests only. The office's own tokens, which it must send to Aurora, stand in clear: the file has mode 600.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS assertions (digest TEXT PRIMARY KEY, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (digest TEXT PRIMARY KEY, data TEXT NOT NULL, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS pushed (
    digest TEXT PRIMARY KEY, client_id TEXT NOT NULL, params TEXT NOT NULL, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS grants (
    id INTEGER PRIMARY KEY, client_id TEXT NOT NULL, household INTEGER NOT NULL, scopes TEXT NOT NULL,
    created_at REAL NOT NULL, revoked_at REAL);
CREATE TABLE IF NOT EXISTS codes (
    digest TEXT PRIMARY KEY, grant_id INTEGER NOT NULL REFERENCES grants, redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL, extra TEXT NOT NULL, expires_at REAL NOT NULL, used_at REAL);
CREATE TABLE IF NOT EXISTS tokens (
    digest TEXT PRIMARY KEY, kind TEXT NOT NULL, grant_id INTEGER NOT NULL REFERENCES grants, scopes TEXT NOT NULL,
    expires_at REAL, revoked_at REAL);
CREATE TABLE IF NOT EXISTS applications (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, state_digest TEXT NOT NULL, verifier TEXT NOT NULL, status TEXT NOT NULL,
    reason TEXT NOT NULL, token TEXT NOT NULL, begun_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS readings (
    application TEXT NOT NULL REFERENCES applications, category TEXT NOT NULL, body TEXT NOT NULL, read_at REAL NOT NULL,
    PRIMARY KEY (application, category));
CREATE TABLE IF NOT EXISTS notices (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, grant_id TEXT NOT NULL, categories TEXT NOT NULL, asked INTEGER NOT NULL,
    received_at REAL NOT NULL, times INTEGER NOT NULL, deleted INTEGER NOT NULL, confirmed_at REAL);
CREATE TABLE IF NOT EXISTS uses (
    id TEXT PRIMARY KEY, subject TEXT NOT NULL, category TEXT NOT NULL, entry TEXT NOT NULL, receiver TEXT NOT NULL,
    used_at REAL NOT NULL, batch TEXT NOT NULL, told INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS health_corrections (
    id INTEGER PRIMARY KEY, household INTEGER NOT NULL, target TEXT NOT NULL, value TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS corrected (
    household INTEGER NOT NULL, category TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (household, category, key));
CREATE TABLE IF NOT EXISTS persons (owner TEXT PRIMARY KEY, household INTEGER NOT NULL, signed_in_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS decisions (
    id TEXT PRIMARY KEY, application TEXT NOT NULL UNIQUE REFERENCES applications, amount INTEGER NOT NULL, decided_at REAL NOT NULL,
    until TEXT NOT NULL, batch TEXT NOT NULL DEFAULT '', batch_grant INTEGER, told_grant INTEGER);
CREATE TABLE IF NOT EXISTS switches (scope TEXT PRIMARY KEY, setting TEXT NOT NULL);
"""


class Store:
    """One connection for all threads, one transaction at a time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("PRAGMA foreign_keys=ON")
        self._db.executescript(_SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commits at the end, rolls back on an exception. Does not nest."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        with self._lock:
            row: sqlite3.Row | None = self._db.execute(sql, values).fetchone()
            return row

    def all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """The rows of a query."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def run(self, sql: str, *values: Any) -> int:
        """Runs one statement in a transaction of its own and tells how many rows it changed."""
        with self.transaction() as db:
            return db.execute(sql, values).rowcount

    def remembered(self, name: str, make: Any) -> str:
        """The value kept under `name`; the first time it is what `make()` returns."""
        with self.transaction() as db:
            row = db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
            if row is not None:
                return str(row["value"])
            value = str(make())
            db.execute("INSERT INTO meta VALUES (?, ?)", (name, value))
            return value

    def sweep(self) -> None:
        """Deletes what has expired. Used codes stay for an hour, so that a replay still revokes what came of them."""
        now = time.time()
        with self.transaction() as db:
            for table in ("assertions", "sessions", "pushed"):
                db.execute(f"DELETE FROM {table} WHERE expires_at < ?", (now - 60,))
            db.execute("DELETE FROM codes WHERE expires_at < ?", (now - 3600,))
            db.execute("DELETE FROM tokens WHERE kind = 'access' AND expires_at < ?", (now - 3600,))

    def close(self) -> None:
        with self._lock:
            self._db.close()


def new_secret() -> str:
    """256 random bits, for tokens, codes and cookies."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """How a high-entropy secret is kept: SHA-256, hex."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
