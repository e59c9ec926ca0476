"""private_key_jwt and PAR: what a client must prove, and what does not count as proof."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from sandbox_client import Browser, Peer, Sandbox

from aurora.sandbox import jose
from aurora.sandbox.store import new_secret

SOURCE, SCOPE = "tax-administration", "tax.income"


@pytest.fixture
def peer(steady: Sandbox) -> Iterator[Peer]:
    one = steady.peer(SOURCE)
    yield one
    one.close()


def _push(peer: Peer, **changed: Any) -> Any:
    return peer.post("/par", peer.params(SCOPE), assertion=peer.assertion(**changed))


@pytest.mark.parametrize("path", ["", "/token", "/par"])
def test_assertion_may_name_issuer_token_endpoint_or_the_endpoint_asked(peer: Peer, path: str) -> None:
    assert _push(peer, aud=f"{peer.issuer}{path}").status_code == 201


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "http://127.0.0.1:1"},
        {"aud": ["SELF"]},
        {"aud": ["SELF", "http://127.0.0.1:1"]},
        {"aud": None},
        {"iss": "somebody"},
        {"sub": "tax-administration"},
        {"sub": None},
        {"exp": lambda: time.time() - 60},
        {"exp": lambda: time.time() + 600},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": lambda: time.time() + 60},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
    ],
)
def test_assertion_that_says_the_wrong_thing_is_refused(peer: Peer, changed: dict[str, Any]) -> None:
    values = {name: value() if callable(value) else value for name, value in changed.items()}
    if isinstance(values.get("aud"), list):
        values["aud"] = [peer.issuer if entry == "SELF" else entry for entry in values["aud"]]
    answer = _push(peer, **values)
    assert answer.status_code == 401 and answer.json()["error"] == "invalid_client"
    assert "www-authenticate" in answer.headers


def test_assertion_is_used_once_even_at_another_endpoint(peer: Peer) -> None:
    assertion = peer.assertion()
    assert peer.post("/par", peer.params(SCOPE), assertion=assertion).status_code == 201
    for path in ("/par", "/token", "/revoke"):
        again = peer.post(path, peer.params(SCOPE), assertion=assertion)
        assert again.status_code == 401 and again.json()["error"] == "invalid_client"


def test_assertion_by_another_key_without_signature_or_with_a_shared_secret_is_refused(peer: Peer) -> None:
    claims = jose.unverified(peer.assertion())
    stranger = {**jose.new_key(), "kid": peer.key["kid"]}
    for assertion in (jose.sign(stranger, claims), peer.assertion().rpartition(".")[0] + ".", "x.y.z", "", "\x00"):
        answer = peer.post("/par", peer.params(SCOPE), assertion=assertion or "-")
        assert answer.status_code == 401, assertion
    bare = peer.http.post(f"{peer.issuer}/par", data={**peer.params(SCOPE), "client_secret": "secret"})
    assert bare.status_code == 401 and bare.json()["error"] == "invalid_client"


def test_another_clients_id_beside_the_assertion_is_refused(peer: Peer) -> None:
    answer = peer.post("/par", peer.params(SCOPE, client_id="tax-administration"))
    assert answer.status_code == 401


def test_parameters_in_the_address_or_sent_twice_are_refused(peer: Peer) -> None:
    assert peer.post("/par?scope=tax.income", peer.params(SCOPE)).json()["error"] == "invalid_request"
    signed = {"client_assertion_type": jose.ASSERTION_TYPE, "client_assertion": peer.assertion()}
    twice: dict[str, Any] = {**peer.params(SCOPE), **signed, "scope": [SCOPE, "tax.housing"]}
    assert peer.http.post(f"{peer.issuer}/par", data=twice).json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"redirect_uri": "http://nobody.invalid/elsewhere"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "social.pension"}, "invalid_scope"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
        ({"state": "s" * 3000}, "invalid_request"),
    ],
)
def test_pushed_request_is_checked_when_it_is_pushed(peer: Peer, changed: dict[str, str | None], error: str) -> None:
    answer = peer.post("/par", peer.params(SCOPE, **changed))
    assert answer.status_code == 400 and answer.json()["error"] == error


def test_pushed_request_works_once(peer: Peer, browser: Browser) -> None:
    url = peer.authorize_url(client_id=peer.client_id, request_uri=peer.push(SCOPE))
    browser.open(url)
    assert browser.status == 200
    assert browser.open(url).status == 400 and "invalid_request_uri" in browser.text


def test_parameters_beside_a_pushed_request_change_nothing(peer: Peer, browser: Browser) -> None:
    uri = peer.push(SCOPE)
    evil = {"redirect_uri": "http://evil.invalid/", "scope": "tax.housing", "state": "other"}
    browser.open(peer.authorize_url(client_id=peer.client_id, request_uri=uri, **evil)).press("Aino")
    assert "Income" in browser.text and "Housing" not in browser.text
    answer = browser.press("Allow").answer
    assert browser.arrived.startswith(peer.redirect_uri + "?") and answer["state"] == "state-1"


def test_pushed_request_of_another_client_or_agency_is_refused(steady: Sandbox, peer: Peer, browser: Browser) -> None:
    other = steady.peer("population-register")
    foreign = other.push("population.person")
    for client_id, uri in [("second", peer.push(SCOPE)), (peer.client_id, foreign), (peer.client_id, "urn:made-up")]:
        browser.open(peer.authorize_url(client_id=client_id, request_uri=uri))
        assert browser.status == 400 and browser.arrived == ""


def test_eid_wants_a_key_of_its_own_for_each_client(steady: Sandbox) -> None:
    eid, source = steady.peer("eid"), steady.peer(SOURCE)
    assertion = jose.sign(source.key, jose.unverified(eid.assertion(jti=new_secret())))
    assert eid.post("/token", {"grant_type": "authorization_code"}, assertion=assertion).status_code == 401


def test_browser_pages_take_no_client_requests_and_back(peer: Peer) -> None:
    for path in ("/token", "/par", "/revoke"):
        assert peer.http.get(f"{peer.issuer}{path}").status_code == 405
