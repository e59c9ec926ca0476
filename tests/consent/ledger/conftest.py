"""A database of the ledger's own: a throwaway server, a copy of the migrated tables, connections as service, owner and superuser.

The ledger's tables are append-only and refuse TRUNCATE, so the usual ways of emptying a test database do not work on
them; and the tests here need several processes on committed rows.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connections, transaction
from django.http import HttpResponse
from django.test import Client, override_settings
from pytest_django.plugin import DjangoDbBlocker

from aurora.database_url import DatabaseUrl
from aurora.embedded import Services, forget, provide, state_folder
from consent.ids import uuid7
from consent.ledger.append import Appended, append
from consent.ledger.events import Event
from consent.scope import citizen_scope
from tests.support import migrated

ROOT = Path(__file__).resolve().parents[3]
TABLES = (
    "ledger_ledgerentry, ledger_head, ledger_pending, ledger_leaf, ledger_tile, ledger_checkpoint, ledger_key, ledger_erasure, "
    "ledger_cosignature, ledger_witness, ledger_alarm, ledger_former"
)
FILLED = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in TABLES.split(", "))
# PostgreSQL empties what is referred to with what refers to it only.
REFERRING = {"ledger_witness": "ledger_cosignature"}
_KEY = AESGCM(bytes(range(32)))


def seal(plaintext: bytes, *, context: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + _KEY.encrypt(nonce, plaintext, context)


def open_sealed(sealed: bytes, *, context: bytes) -> bytes:
    return _KEY.decrypt(sealed[:12], sealed[12:], context)


def read_by_agency(citizen_id: UUID, **changes: object) -> Appended:
    """Append an agency's read in a transaction of its own."""
    at = changes.get("at") or datetime.now(UTC)
    entry: dict[str, object] = {
        "event": Event.AGENCY_READ,
        "actor": "benefits",
        "purpose": "benefit-application",
        "categories": ["tax.income"],
        "consent_ids": [uuid4()],
        "permit_id": uuid7(at) if isinstance(at, datetime) and at.tzinfo else None,
        "source": None,
        "details": {"fields": ["wages"]},
        "seal": seal,
        "at": at,
    } | changes
    with citizen_scope(citizen_id):
        return append(citizen_id=citizen_id, **entry)  # type: ignore[arg-type]


def public(path: str) -> HttpResponse:
    """An address of the log as anybody gets it, whatever host the tests before were at."""
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        answer: HttpResponse = Client().get(path)
    return answer


__all__ = ["InvalidTag", "open_sealed", "public", "read_by_agency", "seal"]


@pytest.fixture(scope="session")
def ledger_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    state = state_folder(tmp_path_factory.mktemp("ledger"))
    try:
        migrated.place(state)
        with provide(state, migrated.NO_VALKEY, durable=False) as services:
            yield services
    finally:
        forget(state)


@contextmanager
def _connected_as(aliases: dict[str, str]) -> Iterator[None]:
    """Point Django's aliases at these URLs, in every thread, and put the former settings back."""
    former = dict(connections.settings)
    kept = {alias: connections[alias] for alias in aliases if alias in former}
    wanted = {alias: DatabaseUrl.parse(url).django() for alias, url in aliases.items()}
    connections.settings = connections.configure_settings(wanted)
    for alias in aliases:
        connections[alias] = connections.create_connection(alias)
    try:
        yield
    finally:
        for alias in aliases:
            connections[alias].close()
            del connections[alias]
        connections.settings = former
        for alias, connection in kept.items():
            connections[alias] = connection


@pytest.fixture(scope="package")
def _ledger_tables(ledger_server: Services) -> dict[str, str]:
    return {
        "default": ledger_server.database_url,
        "owner": ledger_server.owner_url or "",
        "admin": ledger_server.admin_url or "",
    }


@pytest.fixture
def ledger_db(_ledger_tables: dict[str, str], django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """An empty access log: `default` is the service's role, `owner` the tables' owner, `admin` a superuser."""
    # Pointed at for the length of a test: what runs after it in the same process finds Django's own database.
    with django_db_blocker.unblock(), _connected_as(_ledger_tables):
        with transaction.atomic(using="admin"), connections["admin"].cursor() as cursor:
            # As TRUNCATE of all would: what a killed process left to its server is written first, or not at all.
            cursor.execute(f"LOCK TABLE {TABLES}")
            # Most tests fill a few of them, and each that is emptied costs files of its table, its indexes and its months.
            cursor.execute(FILLED)
            filled = {table for (table,) in cursor.fetchall()}
            filled |= {REFERRING[table] for table in filled if table in REFERRING}
            if emptied := ", ".join(sorted(filled)):
                # Only a superuser can set triggers aside.
                cursor.execute(f"SET LOCAL session_replication_role = replica; TRUNCATE {emptied}")
        yield
        for alias in ("default", "owner", "admin"):
            connections[alias].close()


@pytest.fixture
def sequencer_environment(ledger_server: Services, tmp_path: Path) -> dict[str, str]:
    """What `manage.py sequencer` needs to run against this database."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AURORA_", "DATABASE_", "DJANGO_"))},
        **ledger_server.environ(),
        "AURORA_DB_ROLE": "owner",
        "AURORA_STATE_DIR": str(tmp_path),
        "AURORA_LEDGER_ORIGIN": "aurora.test/ledger",
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture
def sequencer_command() -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), "sequencer"]


@pytest.fixture
def count() -> Callable[..., int]:
    """Rows of a table as a superuser sees them."""

    def rows(table: str) -> int:
        with connections["admin"].cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            return int(cursor.fetchone()[0])

    return rows
