"""Attacks on the token endpoint (RFC 6749, 4.1.3 and 5.2; RFC 7636, 4.6; RFC 9700, 4.5; RFC 9396, 6; FAPI 2.0, 5.3.2.1)."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from consent import days as calendar
from consent.oauth import purge, rfc6749, tokens
from consent.oauth.digests import digest_of
from consent.oauth.errors import InvalidToken
from consent.oauth.models import AccessToken, AuthorizationCode, UsedAssertion
from consent.scope import citizen_scope
from tests.support.stack import wait_for


def _refused(response: Any, error: str = "invalid_grant") -> None:
    assert (response.status_code, response.json()["error"]) == (400, error), response.content
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "a" * 43}, "invalid_grant"),  # RFC 7636, 4.6
        ({"code_verifier": None}, "invalid_grant"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"code_verifier": "é" * 50}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_grant"),  # RFC 6749, 4.1.3
        ({"redirect_uri": "https://office.example/callback"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"code": "a" * 43}, "invalid_grant"),
        ({"code": "é"}, "invalid_grant"),
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),  # RFC 9700, 2.4
        ({"grant_type": "<script>"}, "unsupported_grant_type"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"authorization_details": "[]"}, "invalid_authorization_details"),
    ],
)
def test_a_refused_redemption_leaves_the_code_for_its_owner(office, aino, agree, changes, error) -> None:
    code = agree(office, aino).code
    _refused(office.redeem(code, **changes), error)
    assert office.redeem(code).status_code == 200


def test_the_challenge_itself_is_no_verifier(office, aino, agree) -> None:
    """RFC 7636, 7.2: that would be plain."""
    _refused(office.redeem(agree(office, aino).code, code_verifier=office.challenge))


def test_another_clients_code(office, rival, aino, agree) -> None:
    """RFC 6749, 4.1.3: bound to the client; RFC 9700, 4.5: code injection."""
    code = agree(office, aino).code
    stolen = {"code_verifier": office.verifier, "redirect_uri": office.redirect_uri}
    _refused(rival.redeem(code, **stolen))
    assert office.redeem(code).status_code == 200


def test_a_replayed_code_kills_what_came_of_it(office, aino, agree) -> None:
    """RFC 6749, 4.1.2; FAPI 2.0, 5.3.2.1."""
    code = agree(office, aino).code
    first = office.redeem(code).json()
    later = office.refresh(first["refresh_token"]).json()
    _refused(office.redeem(code))
    for token in (first["access_token"], later["access_token"]):
        with pytest.raises(InvalidToken, match="^invalid_token"):
            office.context(token)
        assert office.introspect(token) == {"active": False}
    _refused(office.refresh(first["refresh_token"]))


def test_a_used_code_in_another_clients_hands_is_a_leak(office, rival, aino, agree) -> None:
    code = agree(office, aino).code
    first = office.redeem(code).json()
    _refused(rival.redeem(code))
    assert office.introspect(first["access_token"]) == {"active": False}


def test_a_code_lives_a_minute(office, aino, agree) -> None:
    """FAPI 2.0, 5.3.2.1: at most 60 s."""
    code = agree(office, aino).code
    with citizen_scope(aino):
        row = AuthorizationCode.objects.get(pk=digest_of(code))
        assert row.expires_at - row.created_at == timedelta(seconds=60)
        AuthorizationCode.objects.filter(pk=row.pk).update(expires_at=timezone.now())
    _refused(office.redeem(code))


def test_of_parallel_redemptions_one_wins(committed, agree) -> None:
    """Real commits, three at once: one answer with tokens. The losers presented a used code, so the tokens are then dead (4.1.2)."""
    office, aino = committed
    code = agree(office, aino).code
    start = Barrier(3)

    def redeem(_: int) -> Any:
        try:
            start.wait(timeout=60)
            return office.redeem(code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(redeem, range(3)))
    assert sorted(a.status_code for a in answers) == [200, 400, 400]
    assert all(a.json()["error"] == "invalid_grant" for a in answers if a.status_code == 400)
    with citizen_scope(aino):
        assert AccessToken.objects.filter(citizen_id=aino).count() == 1
    won = next(a for a in answers if a.status_code == 200).json()
    with pytest.raises(InvalidToken, match="^invalid_token"):
        office.context(won["access_token"])


def test_of_parallel_uses_of_one_assertion_one_passes(committed) -> None:
    office, _ = committed
    assertion = office.assertion()
    start = Barrier(3)

    def push(_: int) -> int:
        try:
            start.wait(timeout=60)
            status: int = office.post("/oauth/par", office.request(), assertion=assertion).status_code
            return status
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(push, range(3))) == [201, 401, 401]


def test_no_token_is_issued_beside_a_withdrawal(committed, agree) -> None:
    """Refreshes run while the consent ends: whatever they got is dead when the withdrawal has committed."""
    office, aino = committed
    answer = agree(office, aino)
    refresh_token = office.redeem(answer.code).json()["refresh_token"]
    start = Barrier(3)

    def refresh(_: int) -> list[str]:
        try:
            start.wait(timeout=60)
            got = [office.refresh(refresh_token) for _ in range(6)]
            return [r.json()["access_token"] for r in got if r.status_code == 200]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        running = pool.map(refresh, range(2))
        start.wait(timeout=60)
        now = timezone.now()
        with citizen_scope(aino):
            type(answer.consent).objects.filter(pk=answer.consent.pk).update(state="withdrawn", ended_at=now, ended_by="citizen")
            tokens.revoke_for_consent(consent_id=answer.consent.pk, now=now)
        issued = [token for part in running for token in part]
    assert all(office.context(t).revoked for t in issued)
    _refused(office.refresh(refresh_token))


@pytest.mark.parametrize("given_back", ["refresh_token", "access_token"])
def test_no_token_outlives_the_revocation_beside_which_it_was_issued(committed, agree, monkeypatch, given_back) -> None:
    """RFC 7009, 2.1: a refresh that has passed its checks, and has not committed, when the client gives the token back."""
    office, aino = committed
    held = office.redeem(agree(office, aino).code).json()
    checked, go_on, save = Event(), Event(), rfc6749.save

    def slowly(token: dict[str, Any], request: Any) -> None:
        checked.set()
        assert go_on.wait(timeout=60)
        save(token, request)

    def call(path: str, **form: str) -> Any:
        try:
            return office.post(path, form)
        finally:
            connections.close_all()

    monkeypatch.setattr(rfc6749, "save", slowly)
    with ThreadPoolExecutor(2) as pool:
        refreshing = pool.submit(call, "/oauth/token", grant_type="refresh_token", refresh_token=held["refresh_token"])
        assert checked.wait(timeout=60)
        revoking = pool.submit(call, "/oauth/revoke", token=held[given_back])
        wait_for(lambda: revoking.done() or _waits_for_a_lock(), "the revocation to wait for the grant", within=60)
        beside = not revoking.done()
        go_on.set()
        fresh, revoked = refreshing.result().json()["access_token"], revoking.result()
    assert beside, "it was answered before the refresh had an end"
    assert revoked.status_code == 200
    dead = [held[given_back], fresh] if given_back == "refresh_token" else [held[given_back]]
    for token in dead:
        with pytest.raises(InvalidToken, match="^invalid_token"):
            office.context(token)


def _waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = current_user AND wait_event_type = 'Lock'")
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("beyond", ["categories", "until", "once", "purpose"])
def test_broader_details_than_granted(office, aino, agree, beyond) -> None:
    """RFC 9396, 6: a token request may narrow, never widen."""
    code = agree(office, aino, categories=office.categories[:1]).code
    granted = office.detail(categories=office.categories[:1])
    wider = {
        "categories": {"categories": office.categories[:2]},
        "until": {"until": (calendar.today() + timedelta(days=60)).isoformat()},
        "once": {"once": True},
        "purpose": {"purpose": "another"},
    }[beyond]
    _refused(office.redeem(code, authorization_details=json.dumps([granted | wider])), "invalid_authorization_details")
    assert office.redeem(code, authorization_details=json.dumps([granted])).status_code == 200


def test_another_clients_refresh_token(office, rival, tokens_of) -> None:
    """RFC 6749, 6 and 10.4."""
    _refused(rival.refresh(tokens_of["refresh_token"]))
    assert office.refresh(tokens_of["refresh_token"]).status_code == 200


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "é"])
def test_unknown_refresh_tokens(office, token) -> None:
    _refused(office.refresh(token), "invalid_grant" if token else "invalid_request")


def test_tokens_of_one_kind_do_not_pass_for_the_other(office, tokens_of) -> None:
    _refused(office.refresh(tokens_of["access_token"]))
    with pytest.raises(InvalidToken, match="^invalid_token"):
        office.context(tokens_of["refresh_token"])


def test_purge_takes_what_has_no_more_use(office, aino, agree) -> None:
    answer = agree(office, aino)
    office.redeem(answer.code)
    other = agree(office, aino, purpose_version=answer.consent.purpose_version, source=office.client.agency)
    now = timezone.now()
    assert purge.purge(now=now) == 0
    purge.purge(now=now + timedelta(minutes=11))
    assert not UsedAssertion.objects.filter(client=office.client).exists()
    purge.purge(now=now + timedelta(days=2))
    with citizen_scope(aino):
        assert not AccessToken.objects.exists()
        # Redeemed: its refresh token lives on, so its replay must still be seen. Never redeemed and expired: gone.
        assert AuthorizationCode.objects.filter(pk=digest_of(answer.code)).exists()
        assert not AuthorizationCode.objects.filter(pk=digest_of(other.code)).exists()
    purge.purge(now=now + timedelta(days=40))
    with citizen_scope(aino):
        assert not AuthorizationCode.objects.exists()
