"""How often the clients' endpoints may be called, by address and by client, and what happens while the cache is away."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse

from consent.oauth import limits
from tests.support.cast import FORM, Cast, browser
from tests.support.stack import wait_for

ENDPOINTS = ("/oauth/par", "/oauth/token", "/oauth/introspect", "/oauth/revoke")


@pytest.fixture(autouse=True)
def _one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute that does not end in the middle of a test."""
    monkeypatch.setattr(limits, "WINDOW", 3600)


def _garbage(path: str, **more: Any) -> HttpResponse:
    return browser().post(path, b"client_id=x&grant_type=refresh_token", content_type=FORM, **more)  # type: ignore[return-value]


def _honest(cast: Cast, path: str) -> HttpResponse:
    forms = {
        "/oauth/par": cast.office.request(),
        "/oauth/token": {"grant_type": "refresh_token", "refresh_token": "a" * 43},
        "/oauth/introspect": {"token": cast.token},
        "/oauth/revoke": {"token": "a" * 43},
    }
    return cast.office.post(path, **forms[path])


def _is_limited(answer: HttpResponse) -> bool:
    if answer.status_code != 429:
        return False
    body: dict[str, str] = answer.json()  # type: ignore[attr-defined]
    assert body["error"] == "temporarily_unavailable" and "error_description" in body
    assert 0 < int(answer["Retry-After"]) <= limits.WINDOW
    assert answer["Cache-Control"] == "no-store"
    return True


@pytest.mark.parametrize("path", ENDPOINTS)
def test_an_address_is_limited_before_anything_is_read(cast: Cast, settings: Any, path: str) -> None:
    settings.AURORA_OAUTH_CALLS_A_MINUTE = {"address": 3, "client": 100}
    assert [_is_limited(_garbage(path)) for _ in range(5)] == [False, False, False, True, True]
    assert _is_limited(_honest(cast, path))
    assert not _is_limited(_garbage(path, REMOTE_ADDR="192.0.2.1")), "another address is not"
    assert not any(_is_limited(_garbage(p)) for p in ENDPOINTS if p != path), "nor are the other endpoints"


@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_client_is_limited_wherever_it_calls_from(cast: Cast, settings: Any, path: str) -> None:
    settings.AURORA_OAUTH_CALLS_A_MINUTE = {"address": 100, "client": 2}
    assert not _is_limited(_honest(cast, path)) and not _is_limited(_honest(cast, path))
    cast.office.http.defaults["REMOTE_ADDR"] = "192.0.2.2"
    try:
        assert _is_limited(_honest(cast, path))
    finally:
        del cast.office.http.defaults["REMOTE_ADDR"]


@pytest.mark.parametrize("path", ENDPOINTS)
def test_nobody_uses_up_a_clients_calls_in_its_name(cast: Cast, settings: Any, path: str) -> None:
    settings.AURORA_OAUTH_CALLS_A_MINUTE = {"address": 100, "client": 1}
    forged = cast.office.assertion()[:-8] + "AAAAAAAA"
    for _ in range(3):
        body = f"grant_type=refresh_token&refresh_token=x&client_id={cast.office.client_id}&client_assertion={forged}&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
        assert browser().post(path, body, content_type=FORM).status_code == 401
    assert not _is_limited(_honest(cast, path))


def test_behind_a_proxy_the_address_is_the_one_the_proxy_saw(settings: Any, rf: Any) -> None:
    request = rf.post("/oauth/par", HTTP_X_FORWARDED_FOR="198.51.100.1, 192.0.2.7", REMOTE_ADDR="127.0.0.1")
    settings.SECURE_PROXY_SSL_HEADER = None
    assert limits.address_of(request) == "127.0.0.1", "without a trusted proxy the header is anybody's"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert limits.address_of(request) == "192.0.2.7", "what stands before it, the sender may have made up"


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:DB8:1:2:ffff::1", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_ipv6_is_counted_by_the_network_of_one_subscriber(settings: Any, rf: Any, address: str, counted: str) -> None:
    settings.SECURE_PROXY_SSL_HEADER = None
    assert limits.address_of(rf.post("/oauth/par", REMOTE_ADDR=address)) == counted
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    if address:
        assert limits.address_of(rf.post("/oauth/par", HTTP_X_FORWARDED_FOR=f"10.0.0.1, {address}", REMOTE_ADDR="127.0.0.1")) == counted


def test_once_the_first_call_is_forgotten_the_count_begins_anew(cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.AURORA_OAUTH_CALLS_A_MINUTE = {"address": 1, "client": 100}
    monkeypatch.setattr(limits, "WINDOW", 1)
    wait_for(lambda: [_is_limited(_garbage("/oauth/par")) for _ in range(2)] == [False, True])
    wait_for(lambda: not _is_limited(_garbage("/oauth/par")))


@pytest.mark.parametrize("path", ENDPOINTS)
def test_without_the_cache_signed_calls_go_on_and_the_log_says_so(
    cast: Cast, settings: Any, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    _cache_away(settings)
    answer = _honest(cast, path)
    assert answer.status_code == (400 if path == "/oauth/token" else 201 if path == "/oauth/par" else 200)
    assert "was not counted" in caplog.text
    assert _garbage(path).status_code == 401, "what guards them is the signature"


def test_without_the_cache_the_api_still_asks_for_consent_and_readyz_tells(
    cast: Cast, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    _cache_away(settings)
    assert cast.office.read(cast.token, "tax.income").status_code == 200
    assert cast.office.read(cast.token, "population.person").status_code == 403
    assert browser().get("/api/v1/twin/tax.income").status_code == 401
    assert "was not counted" in caplog.text
    ready = browser().get("/readyz")
    assert ready.status_code == 503 and ready.json()["failed"] == ["cache"]


def test_without_the_cache_a_citizens_page_says_so(cast: Cast, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    aino = cast.aino.browser()
    _cache_away(settings)
    answer = aino.get("/en/home/")
    assert answer.status_code == 503 and b"au-main" in answer.content and b"Your data is safe" in answer.content
    assert browser().get("/en/").status_code == 200, "what needs no session goes on"


def test_the_apis_own_limit_is_a_problem_with_a_time(cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from aurora.api.throttles import PerClient

    monkeypatch.setattr(PerClient, "THROTTLE_RATES", {"client": "2/min"})
    answers = [cast.office.read(cast.token, "tax.income") for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 429]
    assert answers[2]["Content-Type"] == "application/problem+json" and answers[2].json()["code"] == "throttled"
    assert 0 < int(answers[2]["Retry-After"]) <= 61


def _cache_away(settings: Any) -> None:
    """A real client of the cache at an address where nobody listens."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
