"""The database function behind introspection shows one row, to who knows its secret; and a client is read as the ORM reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from consent.models import Agency
from consent.oauth import clients, told
from consent.oauth.digests import digest_of
from consent.oauth.models import Client


def seen_by(held: bytes | None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, f.grant_id::text FROM consent_oauth_token_told(%s, %s) f", [held, timezone.now()])
        return cursor.fetchall()


def test_who_holds_the_secret_sees_its_row(tokens_of: dict[str, Any]) -> None:
    assert seen_by(digest_of(tokens_of["access_token"])) == [("aurora_app", tokens_of["grant_id"])]


@pytest.mark.parametrize("held", [None, b"", b"%", bytes(32), digest_of("another")])
def test_nobody_else_sees_any(tokens_of: dict[str, Any], held: bytes | None) -> None:
    assert seen_by(held) == []


@pytest.mark.parametrize("other", ["refresh_token", "grant_id"])
def test_nothing_else_is_an_access_token(tokens_of: dict[str, Any], other: str) -> None:
    assert seen_by(digest_of(tokens_of[other])) == [] and told.of(tokens_of[other]) is None


def test_what_is_told_shows_no_citizen(tokens_of: dict[str, Any], aino: Any) -> None:
    found = told.of(tokens_of["access_token"])
    assert found is not None and found.citizen_id == aino and str(aino) not in repr(found)


def test_a_client_is_read_as_the_orm_reads_it(office: Any) -> None:
    found, row = clients.active(office.client.client_id), Client.objects.select_related("agency").get(client_id=office.client.client_id)
    assert found is not None and not found._state.adding and found._state.db == "default"
    for one, other in ((found, row), (found.agency, row.agency)):
        assert [getattr(one, f.attname) for f in one._meta.concrete_fields] == [
            getattr(other, f.attname) for f in other._meta.concrete_fields
        ]


@pytest.mark.parametrize("stopped", [Client, Agency])
def test_one_that_is_stopped_is_none(office: Any, stopped: Any) -> None:
    stopped.objects.update(active=False)
    assert clients.active(office.client.client_id) is None


@pytest.mark.parametrize("name", ["", "offic", "benefits' OR '1'='1", "another"])
def test_so_is_one_of_another_name(office: Any, name: str) -> None:
    assert clients.active(name) is None


@pytest.mark.django_db
def test_no_function_that_sees_all_tokens_is_left_behind_when_nothing_asks_it() -> None:
    root = Path(__file__).resolve().parents[3]
    asked = "".join(file.read_text() for file in (root / "consent").rglob("*.py") if "migrations" not in file.parts)
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname FROM pg_proc WHERE prosecdef AND proname ~ '^consent_oauth_.*(token|grant)'")
        names = {row[0] for row in cursor.fetchall()}
    assert "consent_oauth_token_told" in names
    assert {name for name in names if name not in asked} == set()
