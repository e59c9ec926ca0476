"""Aurora as an OAuth client: what it sends, and that it believes nothing that its standards do not let it believe."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from aurora.outbound import oauth
from aurora.outbound.oauth import PeerFailed, Registration
from aurora.sandbox.launch import free_ports
from tests.support.hostile_peer import Peer

TOKEN = {"access_token": "at-1", "token_type": "Bearer", "expires_in": 600, "refresh_token": "rt-1", "scope": "tax.income"}


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def failure(call: Any) -> PeerFailed:
    with pytest.raises(PeerFailed) as failed:
        call()
    return failed.value


# Departure: PAR and PKCE


def test_the_request_is_pushed_where_the_server_offers_it(peer: Peer, registration: Registration) -> None:
    peer.publishes()
    peer.says("/par", {"request_uri": "urn:ietf:params:oauth:request_uri:1", "expires_in": 60}, 201)
    departure = oauth.depart(registration, scope="tax.income tax.housing")
    assert departure.url.startswith(f"{peer.url}/authorize?")
    assert query(departure.url) == {"client_id": "aurora", "request_uri": "urn:ietf:params:oauth:request_uri:1"}
    [pushed] = peer.asked("/par")
    wanted = {
        "response_type": "code", "client_id": "aurora", "redirect_uri": registration.redirect_uri, "scope": "tax.income tax.housing",
        "state": departure.state, "code_challenge": challenge(departure.verifier), "code_challenge_method": "S256",
    }  # fmt: skip
    assert wanted.items() <= pushed.form.items() and "nonce" not in pushed.form
    check_assertion(pushed.form, registration)


def check_assertion(form: dict[str, str], registration: Registration) -> None:
    """RFC 7523 with FAPI 2.0's audience: the issuer, as one string."""
    key = ECKey.import_key(dict(registration.key))
    claims = jwt.decode(form["client_assertion"], key, algorithms=["ES256"]).claims
    assert claims["iss"] == claims["sub"] == registration.client_id and claims["aud"] == registration.issuer
    assert 0 < claims["exp"] - claims["iat"] <= 60 and len(claims["jti"]) >= 16
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert "client_secret" not in form and registration.key["d"] not in str(form)


def test_without_par_everything_stands_in_the_address_and_pkce_with_it(peer: Peer, registration: Registration) -> None:
    peer.publishes(pushed_authorization_request_endpoint=None)
    departure = oauth.depart(registration, scope="tax.income", extra={"ui_locales": "sv"})
    sent = query(departure.url)
    assert sent["code_challenge"] == challenge(departure.verifier) and sent["code_challenge_method"] == "S256"
    assert sent["state"] == departure.state and sent["ui_locales"] == "sv" and departure.verifier not in departure.url


def test_openid_sends_a_nonce_and_reads_its_own_metadata(peer: Peer, registration: Registration) -> None:
    peer.publishes(pushed_authorization_request_endpoint=None)
    openid = Registration(peer.url, "aurora", registration.key, registration.redirect_uri, openid=True)
    departure = oauth.depart(openid, scope="openid")
    assert query(departure.url)["nonce"] == departure.nonce and peer.asked("/.well-known/openid-configuration")


def test_each_departure_has_secrets_of_its_own(peer: Peer, registration: Registration) -> None:
    peer.publishes(pushed_authorization_request_endpoint=None)
    made = [oauth.depart(registration, scope="x") for _ in range(2)]
    assert len({value for d in made for value in (d.state, d.verifier, d.nonce)}) == 6
    assert repr(made[0]) == "Departure(...)" and registration.key["d"] not in repr(registration)
    assert len(peer.asked("/.well-known/oauth-authorization-server")) == 1, "metadata is kept"


def test_the_endpoint_s_own_query_is_kept(peer: Peer, registration: Registration) -> None:
    peer.publishes(pushed_authorization_request_endpoint=None, authorization_endpoint=f"{peer.url}/authorize?tenant=7")
    sent = query(oauth.depart(registration, scope="x").url)
    assert sent["tenant"] == "7" and sent["client_id"] == "aurora"


@pytest.mark.parametrize("answer", [{}, {"request_uri": 7}, {"request_uri": None}, [], b"no json", b""])
def test_a_pushed_request_without_its_reference_leads_nowhere(peer: Peer, registration: Registration, answer: Any) -> None:
    peer.publishes()
    peer.says("/par", answer, 201)
    assert failure(lambda: oauth.depart(registration, scope="x")).code == "invalid_answer"


def test_a_refused_push_is_not_taken_for_a_revoked_token(peer: Peer, registration: Registration) -> None:
    peer.publishes()
    for status in (400, 401, 403):
        peer.says("/par", {"error": "invalid_client"}, status)
        failed = failure(lambda: oauth.depart(registration, scope="x"))
        assert failed.code == "invalid_answer" and not failed.retryable


# Metadata


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": None},
        {"issuer": "https://other.example"},
        {"issuer": ["list"]},
        {"authorization_endpoint": None},
        {"token_endpoint": None},
        {"token_endpoint": 7},
        {"token_endpoint": ""},
        {"token_endpoint": "/token"},
        {"token_endpoint": "https://[::1"},
        {"token_endpoint": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(document.domain)//"},
        {"authorization_endpoint": "data:text/html,x"},
        {"authorization_endpoint": "https://agency.example/a\r\nSet-Cookie: x"},
        {"pushed_authorization_request_endpoint": {}},
        {"revocation_endpoint": "ftp://agency.example/"},
    ],
)
def test_metadata_that_leads_astray_is_refused(peer: Peer, registration: Registration, changes: dict[str, Any]) -> None:
    peer.publishes(**changes)
    failed = failure(lambda: oauth.depart(registration, scope="x"))
    assert failed.code == "invalid_answer" and not failed.retryable
    assert not oauth._metadata_cache, "what was refused is not kept"


def test_endpoints_in_the_clear_are_for_the_sandbox(peer: Peer, settings: Any) -> None:
    assert oauth._is_address(f"{peer.url}/authorize")
    settings.AURORA_SANDBOX = False
    assert not oauth._is_address(f"{peer.url}/authorize") and oauth._is_address("https://agency.example/authorize")


def test_an_issuer_with_a_path_has_its_metadata_where_its_standard_says(peer: Peer, registration: Registration) -> None:
    issuer = f"{peer.url}/agency/1"
    peer.says("/.well-known/oauth-authorization-server/agency/1", peer.publishes(issuer=issuer))
    assert oauth.metadata(Registration(issuer, "a", {}, "https://a.test/"))["issuer"] == issuer
    other = f"{peer.url}/agency/2"
    peer.says("/agency/2/.well-known/openid-configuration", peer.publishes(issuer=other))
    assert oauth.metadata(Registration(other, "a", {}, "https://a.test/", openid=True))["issuer"] == other


# The answer at the redirect URI


def test_a_right_answer_gives_its_code(peer: Peer, registration: Registration) -> None:
    peer.publishes()
    answer = {"code": "c", "state": "s", "iss": peer.url}
    assert oauth.check_answer(registration, expected_state="s", answer=answer) == "c"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"state": "other"}, "state"),
        ({"state": ""}, "state"),
        ({"state": None}, "state"),
        ({"state": "ä"}, "state"),
        ({"iss": None}, "iss"),
        ({"iss": ""}, "iss"),
        ({"iss": "https://mix-up.example"}, "iss"),
        ({"code": None}, "code"),
        ({"code": ""}, "code"),
        ({"error": "access_denied"}, "access_denied"),
        ({"error": "e" * 5000}, "e" * 64),
        ({"error": "access_denied", "iss": "https://mix-up.example"}, "iss"),
    ],
)
def test_a_wrong_answer_gives_none(peer: Peer, registration: Registration, changes: dict[str, Any], reason: str) -> None:
    peer.publishes()
    answer = {k: v for k, v in ({"code": "c", "state": "s", "iss": peer.url} | changes).items() if v is not None}
    failed = failure(lambda: oauth.check_answer(registration, expected_state="s", answer=answer))
    assert (failed.code, failed.oauth_error, failed.retryable) == ("oauth_error", reason, False)


def test_a_server_that_does_not_offer_iss_may_leave_it_out_but_not_get_it_wrong(peer: Peer, registration: Registration) -> None:
    peer.publishes(authorization_response_iss_parameter_supported=None)
    assert oauth.check_answer(registration, expected_state="s", answer={"code": "c", "state": "s"}) == "c"
    wrong = {"code": "c", "state": "s", "iss": "https://mix-up.example"}
    assert failure(lambda: oauth.check_answer(registration, expected_state="s", answer=wrong)).oauth_error == "iss"


# The token endpoint


def test_redeeming_sends_code_verifier_and_proof(peer: Peer, registration: Registration) -> None:
    peer.publishes()
    peer.says("/token", TOKEN)
    assert oauth.redeem(registration, code="the-code", verifier="v" * 43)["access_token"] == "at-1"
    [sent] = peer.asked("/token")
    wanted = {"grant_type": "authorization_code", "code": "the-code", "code_verifier": "v" * 43, "redirect_uri": registration.redirect_uri}
    assert wanted.items() <= sent.form.items() and "authorization" not in sent.headers
    check_assertion(sent.form, registration)


def test_an_assertion_is_used_once(peer: Peer, registration: Registration) -> None:
    peer.publishes()
    peer.says("/token", TOKEN)
    for _ in range(2):
        oauth.refresh(registration, refresh_token="rt-1")
    assert len({request.form["client_assertion"] for request in peer.asked("/token")}) == 2


GOOD = json.dumps(TOKEN).encode()


@pytest.mark.parametrize(
    ("status", "body", "code", "retryable"),
    [
        (400, {"error": "invalid_grant"}, "revoked", False),
        (400, {"error": "invalid_request", "error_description": "x"}, "oauth_error", False),
        (401, {"error": "invalid_client"}, "oauth_error", False),
        (200, {"error": "invalid_grant"}, "revoked", False),
        (400, {"error": ["invalid_grant"]}, "invalid_answer", False),
        (400, {"error": None}, "invalid_answer", False),
        (400, {}, "invalid_answer", False),
        (403, TOKEN, "invalid_answer", False),
        (302, TOKEN, "invalid_answer", False),
        (429, {}, "too_many_requests", True),
        (429, b"busy", "too_many_requests", True),
        (500, {}, "source_down", True),
        (503, b"<html>", "source_down", True),
        (200, b"", "invalid_answer", False),
        (200, b"<html>", "invalid_answer", False),
        (200, b"\xff\xfe{}", "invalid_answer", False),
        (200, b"[]", "invalid_answer", False),
        (200, b"null", "invalid_answer", False),
        (200, b'"at-1"', "invalid_answer", False),
        (200, b"[" * 100_000, "invalid_answer", False),
        (200, b'{"access_token": "a", "access_token": "b", "token_type": "Bearer"}', "invalid_answer", False),
        (200, {}, "invalid_answer", False),
        (200, TOKEN | {"access_token": None}, "invalid_answer", False),
        (200, TOKEN | {"access_token": ""}, "invalid_answer", False),
        (200, TOKEN | {"access_token": 7}, "invalid_answer", False),
        (200, TOKEN | {"access_token": "a\r\nX-Injected: 1"}, "invalid_answer", False),
        (200, TOKEN | {"access_token": "ä"}, "invalid_answer", False),
        (200, TOKEN | {"access_token": "a b"}, "invalid_answer", False),
        (200, TOKEN | {"access_token": "a" * 9000}, "invalid_answer", False),
        (200, TOKEN | {"token_type": "mac"}, "invalid_answer", False),
        (200, TOKEN | {"token_type": None}, "invalid_answer", False),
        (200, TOKEN | {"expires_in": "soon"}, "invalid_answer", False),
        (200, TOKEN | {"expires_in": [600]}, "invalid_answer", False),
        (200, TOKEN | {"expires_at": {"a": 1}}, "invalid_answer", False),
        (200, GOOD.replace(b"600", b"NaN"), "invalid_answer", False),
        (200, GOOD.replace(b"600", b"1e999"), "invalid_answer", False),
        (200, GOOD.replace(b"600", b"6" * 5000), "invalid_answer", False),
        (200, {"access_token": "x" * 3_000_000}, "too_large", False),
    ],
)
def test_what_a_token_endpoint_may_not_say(
    peer: Peer, registration: Registration, status: int, body: Any, code: str, retryable: bool
) -> None:
    peer.publishes()
    peer.says("/token", body, status)
    for call in (
        lambda: oauth.redeem(registration, code="secret-code", verifier="v" * 43),
        lambda: oauth.refresh(registration, refresh_token="secret-refresh"),
    ):
        failed = failure(call)
        assert (failed.code, failed.retryable) == (code, retryable)
        assert "secret" not in f"{failed!r} {failed} {failed.oauth_error}"


def test_a_token_endpoint_that_cannot_be_reached_is_worth_another_try(peer: Peer, registration: Registration, unused_port: int) -> None:
    peer.publishes(token_endpoint=f"http://127.0.0.1:{unused_port}/token")
    failed = failure(lambda: oauth.refresh(registration, refresh_token="r"))
    assert (failed.code, failed.retryable) == ("source_down", True)


@pytest.fixture
def unused_port() -> int:
    return free_ports(1)[0]


def test_a_slow_token_endpoint_is_a_timeout(peer: Peer, registration: Registration, monkeypatch: pytest.MonkeyPatch) -> None:
    peer.publishes()
    left = threading.Event()
    peer.answers["/token"] = lambda handler: left.wait(20)
    monkeypatch.setattr(oauth, "TIMEOUT", httpx.Timeout(0.2))
    oauth.metadata(registration)
    try:
        failed = failure(lambda: oauth.refresh(registration, refresh_token="r"))
        assert (failed.code, failed.retryable) == ("timeout", True)
    finally:
        left.set()


# Resources and revocation


def test_a_resource_is_asked_with_the_bearer_token(peer: Peer) -> None:
    peer.says("/data/x", {"a": 1})
    assert oauth.get_json(f"{peer.url}/data/x", token="at-1") == {"a": 1}
    assert peer.seen[0].headers["authorization"] == "Bearer at-1"


@pytest.mark.parametrize(
    ("status", "with_token", "without"),
    [
        (401, "revoked", "invalid_answer"),
        (403, "invalid_answer", "invalid_answer"),
        (404, "invalid_answer", "invalid_answer"),
        (429, "too_many_requests", "too_many_requests"),
        (500, "source_down", "source_down"),
    ],
)
def test_what_a_status_means(peer: Peer, status: int, with_token: str, without: str) -> None:
    peer.says("/data/x", {}, status)
    assert failure(lambda: oauth.get_json(f"{peer.url}/data/x", token="t")).code == with_token
    assert failure(lambda: oauth.get_json(f"{peer.url}/data/x")).code == without


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7), ("0", 0), ("", 0), ("-5", 0), ("soon", 0), ("7.5", 0), ("²", 0), ("9" * 20, 86_400), ("9" * 5000, 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400), ("Wed, 99 Oct 2026", 0),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date_and_never_more_than_a_day(peer: Peer, text: str, seconds: int) -> None:
    for status in (429, 503):
        peer.says("/data/x", {}, status, Retry_After=text)
        assert failure(lambda: oauth.get_json(f"{peer.url}/data/x", token="t")).retry_after == seconds


def test_retry_after_as_a_date_is_counted_from_now(peer: Peer) -> None:
    when = datetime.now(UTC) + timedelta(minutes=10)
    peer.says("/data/x", {}, 429, Retry_After=format_datetime(when, usegmt=True))
    before = time.time()
    waited = failure(lambda: oauth.get_json(f"{peer.url}/data/x", token="t")).retry_after
    assert when.timestamp() - time.time() - 2 <= waited <= when.timestamp() - before + 1


def test_a_token_is_given_back_where_that_is_offered(peer: Peer, registration: Registration) -> None:
    peer.publishes()
    peer.says("/revoke", b"")
    oauth.revoke(registration, token="rt-1")
    [sent] = peer.asked("/revoke")
    assert sent.form["token"] == "rt-1"
    check_assertion(sent.form, registration)


def test_nothing_is_given_back_where_it_is_not(peer: Peer, registration: Registration) -> None:
    peer.publishes(revocation_endpoint=None)
    oauth.revoke(registration, token="rt-1")
    assert [request.path for request in peer.seen] == ["/.well-known/oauth-authorization-server"]
