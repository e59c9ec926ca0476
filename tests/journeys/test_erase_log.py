"""The journey of a citizen who has their log erased: asked, waited for, called off, done; with the real vault and the real migrations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from aurora.identity import vault
from aurora.journeys import erase_log
from consent import acting
from consent.errors import NotFound
from consent.ledger import erasure
from consent.ledger.erasure import ErasureRefused
from consent.ledger.queries import entries_for
from consent.scope import citizen_scope
from tests.support.cast import services
from tests.support.citizens import make_citizen


@pytest.fixture
def citizen(django_db_setup: None, django_db_blocker: Any) -> Iterator[UUID]:
    with django_db_blocker.unblock():
        yield make_citizen()
        connection.close()


def events(citizen_id: UUID) -> list[str]:
    with citizen_scope(citizen_id):
        return [entry.event for entry in entries_for(citizen_id)]


def test_a_citizen_asks_calls_off_asks_again_and_is_gone(citizen: UUID) -> None:
    now = timezone.now()
    due = erase_log.ask(citizen_id=citizen, now=now)
    assert abs(due - now - timedelta(days=30)) < timedelta(minutes=1)
    assert erase_log.ask(citizen_id=citizen, now=now) == due and events(citizen) == ["citizen:erasure:asked"]
    assert erase_log.cancel(citizen_id=citizen, now=now) and not erase_log.cancel(citizen_id=citizen, now=now)
    assert events(citizen) == ["citizen:erasure:cancelled", "citizen:erasure:asked"]

    erase_log.ask(citizen_id=citizen, now=now)
    with psycopg.connect(services().admin_url or "") as admin:
        admin.execute("UPDATE ledger_erasure SET due_at = now() WHERE citizen_id = %s", [citizen])
    with pytest.raises(ErasureRefused):
        erase_log.erase(citizen_id=citizen)
    with citizen_scope(citizen):
        vault.destroy_key(citizen_id=citizen)
        assert erase_log.erase(citizen_id=citizen) == 3
    with psycopg.connect(services().admin_url or "") as admin:
        for table in ("ledger_ledgerentry", "ledger_head", "ledger_erasure"):
            assert admin.execute(f"SELECT count(*) FROM {table} WHERE citizen_id = %s", [citizen]).fetchone() == (0,)  # type: ignore[arg-type]


def test_a_key_that_is_not_destroyed_after_all_keeps_the_log(citizen: UUID) -> None:
    """One transaction: if it does not commit, key and log are both there."""
    erase_log.ask(citizen_id=citizen, now=timezone.now())
    with psycopg.connect(services().admin_url or "") as admin:
        admin.execute("UPDATE ledger_erasure SET due_at = now() WHERE citizen_id = %s", [citizen])
    with pytest.raises(ZeroDivisionError), citizen_scope(citizen):
        vault.destroy_key(citizen_id=citizen)
        erase_log.erase(citizen_id=citizen)
        raise ZeroDivisionError
    assert events(citizen) == ["citizen:erasure:asked"]
    with pytest.raises(ErasureRefused):
        erase_log.erase(citizen_id=citizen)


def test_nobody_does_it_for_another(citizen: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acting, "current", lambda: object())
    for deed in (erase_log.ask, erase_log.cancel):
        with pytest.raises(NotFound):
            deed(citizen_id=citizen, now=timezone.now())
    monkeypatch.undo()
    assert events(citizen) == []
    with citizen_scope(citizen):
        assert erasure.due_at(citizen_id=citizen) is None
