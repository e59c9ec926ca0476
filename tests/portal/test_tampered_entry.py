"""Somebody with all rights on the database changes an entry: the citizen's pages stay up, and its own page says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from aurora.ui import words
from tests.support.cast import Cast, services

CHANGED = str(words.error("entry_changed"))


@contextmanager
def tampered(entry_id: object, deed: str) -> Iterator[None]:
    """Changed past triggers and privileges, as a superuser can; and put back."""
    with psycopg.connect(services().admin_url or "", autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("CREATE TEMP TABLE kept AS SELECT * FROM ledger_ledgerentry WHERE id = %s", [entry_id])
        admin.execute(f"UPDATE ledger_ledgerentry SET {deed} WHERE id = %s", [entry_id])  # type: ignore[arg-type]
        try:
            yield
        finally:
            admin.execute("DELETE FROM ledger_ledgerentry WHERE id = %s", [entry_id])
            admin.execute("INSERT INTO ledger_ledgerentry SELECT * FROM kept")


@pytest.mark.parametrize(
    "deed",
    [
        "sealed = sealed || 'x'::bytea",
        "sealed = ''",
        "event = 'agency:twin:read'",
        "event = 'nobody:knows:this'",
        "event = 'x'",
        "actor = 'nobody'",
        "purpose = 'nothing'",
        "source = 'nowhere'",
        "categories = '{made.up}'",
        "consent_ids = '{00000000-0000-0000-0000-000000000000}'",
        "decision = 'made_up'",
        "at = at - interval '1 day'",
        "commitment = sha256('x')",
        "prev = sha256('x')",
    ],
)
def test_an_entry_that_was_changed_is_shown_and_said_to_be(cast: Cast, deed: str) -> None:
    entry, face = cast.aino.entries()[0], cast.aino.browser()
    address = f"/en/activity/{entry.id}/"
    assert CHANGED not in face.get(address).content.decode()
    with tampered(entry.id, deed):
        for page in ("/en/home/", "/en/activity/"):
            assert face.get(page).status_code == 200, page
        answer = face.get(address)
    assert answer.status_code == 200 and CHANGED in answer.content.decode()
