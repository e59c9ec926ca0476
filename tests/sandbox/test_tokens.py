"""Access and refresh tokens: use, narrowing, expiry, revocation, and what stands in the state file."""

from __future__ import annotations

import sqlite3
import time

from sandbox_client import Sandbox, plain_client

SOURCE = "tax-administration"


def test_refresh_token_is_good_again_and_again_and_may_be_narrowed(steady: Sandbox) -> None:
    peer, tokens = steady.tokens(SOURCE, "tax.income tax.housing")
    for _ in range(2):
        fresh = peer.refresh(tokens["refresh_token"]).json()
        assert fresh["access_token"] != tokens["access_token"] and "refresh_token" not in fresh
        assert peer.read("tax.housing", fresh["access_token"]).status_code == 200
    narrow = peer.refresh(tokens["refresh_token"], scope="tax.income").json()
    assert narrow["scope"] == "tax.income"
    refused = peer.read("tax.housing", narrow["access_token"])
    assert refused.status_code == 403 and refused.json()["code"] == "insufficient_scope"
    assert 'error="insufficient_scope"' in refused.headers["WWW-Authenticate"]
    assert 'scope="tax.housing"' in refused.headers["WWW-Authenticate"]
    assert peer.refresh(tokens["refresh_token"], scope="tax.income tax.deductions").json()["error"] == "invalid_scope"


def test_revoking_an_access_token_leaves_the_grant(steady: Sandbox) -> None:
    peer, tokens = steady.tokens(SOURCE, "tax.income")
    assert peer.revoke(tokens["access_token"]).status_code == 200
    assert peer.read("tax.income", tokens["access_token"]).status_code == 401
    assert peer.refresh(tokens["refresh_token"]).status_code == 200


def test_revoking_the_refresh_token_ends_everything(steady: Sandbox) -> None:
    peer, tokens = steady.tokens(SOURCE, "tax.income")
    second = peer.refresh(tokens["refresh_token"]).json()["access_token"]
    assert peer.revoke(tokens["refresh_token"]).status_code == 200
    assert peer.read("tax.income", tokens["access_token"]).status_code == 401
    assert peer.read("tax.income", second).status_code == 401
    refused = peer.refresh(tokens["refresh_token"])
    assert refused.status_code == 400 and refused.json()["error"] == "invalid_grant"
    assert peer.revoke(tokens["refresh_token"]).status_code == 200 and peer.revoke("unknown").status_code == 200


def test_token_of_one_agency_is_nothing_at_another(steady: Sandbox) -> None:
    _, tokens = steady.tokens(SOURCE, "tax.income")
    other = steady.peer("population-register")
    assert other.read("population.person", tokens["access_token"]).status_code == 401
    assert other.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_missing_wrong_and_misplaced_tokens(steady: Sandbox) -> None:
    peer, tokens = steady.tokens(SOURCE, "tax.income")
    url = f"{peer.issuer}/data/tax.income"
    missing = peer.http.get(url)
    assert missing.status_code == 401 and missing.headers["WWW-Authenticate"] == f'Bearer realm="{SOURCE}"'
    for header in ("Bearer", "Basic abc", f"Token {tokens['access_token']}"):
        assert peer.http.get(url, headers={"Authorization": header}).status_code == 401
    wrong = peer.read("tax.income", "x" * 43)
    assert wrong.status_code == 401 and 'error="invalid_token"' in wrong.headers["WWW-Authenticate"]
    assert wrong.headers["Content-Type"] == "application/problem+json" and wrong.json()["status"] == 401
    assert peer.read("tax.income", tokens["refresh_token"]).status_code == 401
    assert peer.http.get(url, params={"access_token": tokens["access_token"]}).status_code == 401


def test_unknown_and_foreign_categories_are_not_found(steady: Sandbox) -> None:
    peer, tokens = steady.tokens(SOURCE, "tax.income")
    for category in ("tax.nothing", "social.pension", "%2e%2e", "%00", "tax.income/"):
        answer = peer.read(category, tokens["access_token"])
        assert answer.status_code == 404, category
    assert peer.read("tax.nothing", tokens["access_token"]).json()["code"] == "unknown_category"
    assert peer.read("tax.nothing", "wrong").status_code == 401


def test_unsupported_grants_are_named(steady: Sandbox) -> None:
    peer = steady.peer(SOURCE)
    for grant_type in ("client_credentials", "password", ""):
        answer = peer.post("/token", {"grant_type": grant_type})
        assert answer.status_code == 400 and answer.json()["error"] == "unsupported_grant_type"


def test_state_file_holds_no_token_in_clear_and_is_private(steady: Sandbox) -> None:
    _, tokens = steady.tokens(SOURCE, "tax.income")
    path = steady.state / SOURCE / f"{SOURCE}.sqlite3"
    assert path.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        dump = "\n".join(db.iterdump())
    assert "INSERT INTO" in dump and "refresh" in dump
    assert tokens["access_token"] not in dump and tokens["refresh_token"] not in dump


def test_tokens_end_when_they_said_they_would(steady: Sandbox) -> None:
    peer, tokens = steady.tokens(SOURCE, "tax.income")
    steady.switch(SOURCE, mode="short_tokens", seconds=1)
    short = peer.refresh(tokens["refresh_token"]).json()
    began = time.monotonic()
    assert short["expires_in"] == 1
    answer = peer.read("tax.income", short["access_token"])
    while answer.status_code == 200 and time.monotonic() - began < 10:
        answer = peer.read("tax.income", short["access_token"])
    assert answer.status_code == 401 and 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    steady.switch(SOURCE, mode="ok")
    assert peer.refresh(tokens["refresh_token"]).json()["expires_in"] == 600


def test_metadata_offers_what_works(steady: Sandbox) -> None:
    http = plain_client()
    for source, par in (("population-register", True), (SOURCE, True), ("social-insurance", False)):
        issuer = steady.peer(source).issuer
        known = http.get(f"{issuer}/.well-known/oauth-authorization-server").json()
        assert known["issuer"] == issuer and known["code_challenge_methods_supported"] == ["S256"]
        assert known["authorization_response_iss_parameter_supported"] is True
        assert ("pushed_authorization_request_endpoint" in known) is par
        assert known.get("require_pushed_authorization_requests", False) is par
        keys = http.get(known["jwks_uri"]).json()["keys"]
        assert keys and all("d" not in key and key["crv"] == "P-256" for key in keys)
        if not par:
            assert http.post(f"{issuer}/par").status_code == 404
