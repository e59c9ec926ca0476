"""Who tries out tokens is told to wait, by address; whoever calls from there with a token of ours is not concerned."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from django.core.cache import caches
from django.http import HttpResponse
from django.utils import timezone

from aurora.api import guesses
from consent.oauth.models import AccessToken
from consent.scope import citizen_scope
from tests.support.cast import Cast, browser

PATH = "/api/v1/twin/tax.income"


@pytest.fixture(autouse=True)
def _three_an_hour(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """A window that does not end in the middle of a test, from nought."""
    monkeypatch.setattr(guesses, "WINDOW", 3600)
    settings.AURORA_UNKNOWN_TOKENS_A_MINUTE = 3
    caches["default"].clear()


def tried(cast: Cast, token: str | None = None, **where: Any) -> HttpResponse:
    """A proof of one's own beside a token that may be anything."""
    return browser().get(PATH, **cast.office.bearing(token or secrets.token_urlsafe(32), PATH), **where)  # type: ignore[arg-type,return-value]


def test_who_guesses_is_told_to_wait_and_nobody_else_at_the_address(cast: Cast) -> None:
    assert [tried(cast).status_code for _ in range(5)] == [401, 401, 401, 429, 429]
    refused = tried(cast)
    assert refused.json()["code"] == "throttled" and 3000 <= int(refused["Retry-After"]) <= 3600  # type: ignore[attr-defined]
    assert cast.office.read(cast.token, "tax.income").status_code == 200, "a good token is not concerned"
    assert browser().get(PATH).status_code == 401, "nor who forgot theirs"
    assert tried(cast, REMOTE_ADDR="192.0.2.9").status_code == 401, "nor another address"
    assert cast.office.read(cast.token, "tax.income").status_code == 200


def test_of_a_subscriber_with_many_addresses_all_are_one(cast: Cast) -> None:
    found = [tried(cast, REMOTE_ADDR=f"2001:db8:7:7::{n}").status_code for n in range(1, 6)]
    assert found == [401, 401, 401, 429, 429]
    assert tried(cast, REMOTE_ADDR="2001:db8:7:8::1").status_code == 401


def test_a_token_that_has_run_out_is_still_told_so_and_does_not_count(cast: Cast) -> None:
    held = cast.office.granted(cast.cecilia)["access_token"]
    with citizen_scope(cast.cecilia.id):
        assert AccessToken.objects.filter(citizen_id=cast.cecilia.id).update(expires_at=timezone.now())
    assert [tried(cast, held).status_code for _ in range(5)] == [401] * 5
    assert [tried(cast).status_code for _ in range(4)] == [401, 401, 401, 429]
    assert tried(cast, held).status_code == 401, "by which its client refreshes"
