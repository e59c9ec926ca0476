"""The database function behind `tokens.authenticate`: one row, to who knows its secret."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from consent.oauth.digests import digest_of


def seen_by(held: bytes | None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, f.* FROM consent_oauth_held_token(%s) f", [held])
        return cursor.fetchall()


def test_who_holds_the_secret_sees_its_row(tokens_of: dict[str, Any], aino: Any) -> None:
    (row,) = seen_by(digest_of(tokens_of["access_token"]))
    assert row[:2] == ("aurora_app", aino)


@pytest.mark.parametrize("held", [None, b"", b"%", bytes(32), digest_of("another")])
def test_nobody_else_sees_any(tokens_of: dict[str, Any], held: bytes | None) -> None:
    assert seen_by(held) == []


def test_a_refresh_token_is_no_access_token(tokens_of: dict[str, Any]) -> None:
    assert seen_by(digest_of(tokens_of["refresh_token"])) == []
