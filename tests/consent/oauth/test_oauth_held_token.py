"""The database function behind `tokens.authenticate`: one row, to who knows its secret and its key; and a proof is taken once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from consent.oauth.digests import digest_of
from consent.oauth.models import UsedProof


def seen_by(held: bytes | None, key: str, proof: bytes = b"p" * 32) -> list[Any]:
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, f.* FROM consent_oauth_held_token(%s, %s, %s, %s, %s, false, %s) f",
            [held, key, proof, now + timedelta(minutes=1), now, now],
        )
        return cursor.fetchall()


@pytest.fixture
def jkt(office: Any) -> str:
    thumbprint: str = office.proof_key.thumbprint()
    return thumbprint


def test_who_holds_the_secret_and_the_key_sees_its_row_and_a_proof_is_taken_once(tokens_of: dict[str, Any], aino: Any, jkt: str) -> None:
    digest = digest_of(tokens_of["access_token"])
    (row,) = seen_by(digest, jkt)
    assert row[:2] == ("aurora_app", aino) and row[-1] == "taken"
    assert [seen_by(digest, jkt)[0][-1], seen_by(digest, jkt, b"q" * 32)[0][-1]] == ["replayed", "taken"]


@pytest.mark.parametrize("held", [None, b"", b"%", bytes(32), digest_of("another")])
def test_nobody_else_sees_any_and_fills_no_table(tokens_of: dict[str, Any], held: bytes | None, jkt: str) -> None:
    before = UsedProof.objects.count()
    assert seen_by(held, jkt) == [] and UsedProof.objects.count() == before


def test_nor_does_who_has_the_secret_and_another_key(tokens_of: dict[str, Any]) -> None:
    before = UsedProof.objects.count()
    assert seen_by(digest_of(tokens_of["access_token"]), "a" * 43) == [] and UsedProof.objects.count() == before


def test_a_refresh_token_is_no_access_token(tokens_of: dict[str, Any], jkt: str) -> None:
    assert seen_by(digest_of(tokens_of["refresh_token"]), jkt) == []
