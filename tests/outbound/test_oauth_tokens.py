"""What a token endpoint, a resource and a revocation endpoint may say, and what it means for us."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from outbound_checks import check_assertion, failure

from aurora.outbound import oauth
from aurora.outbound.oauth import Registration
from tests.support.hostile_peer import Peer

TOKEN = {"access_token": "at-1", "token_type": "Bearer", "expires_in": 600, "refresh_token": "rt-1", "scope": "tax.income"}


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
def unused_port() -> Iterator[int]:
    """One at which nobody listens, and nobody else can begin to."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_a_slow_token_endpoint_is_a_timeout(peer: Peer, registration: Registration, monkeypatch: pytest.MonkeyPatch) -> None:
    peer.publishes()
    left = threading.Event()
    peer.answers["/token"] = lambda handler: left.wait(120)
    oauth.metadata(registration)
    monkeypatch.setattr(oauth, "TIMEOUT", httpx.Timeout(0.2))
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
