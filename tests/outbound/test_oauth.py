"""Aurora as an OAuth client: what it sends, and that it believes nothing that its standards do not let it believe."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from outbound_checks import check_assertion, failure

from aurora.outbound import oauth
from aurora.outbound.oauth import Registration
from tests.support.hostile_peer import Peer


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


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
