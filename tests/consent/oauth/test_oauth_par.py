"""Pushed requests: what may be asked, and by whom it may be opened (RFC 9126, 7636, 9396; FAPI 2.0, 5.3.2.2; RFC 9700)."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from consent import days as calendar
from consent.models import DataCategory, Purpose
from consent.oauth import requests
from consent.oauth.digests import digest_of
from consent.oauth.models import PushedRequest
from consent.rules import latest_end

URN = "urn:ietf:params:oauth:request_uri:"
TODAY = calendar.today


def _error(office: Any, **changes: Any) -> str:
    response = office.push(**changes)
    assert response.status_code == 400, response.content
    assert not PushedRequest.objects.filter(client=office.client).exists()
    error: str = response.json()["error"]
    return error


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),  # RFC 7636, 4.4.1: PKCE required
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),  # would mean plain (4.3)
        ({"code_challenge_method": "plain"}, "invalid_request"),  # FAPI 2.0, 5.3.2.2, point 5
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "a" * 44}, "invalid_request"),
        ({"code_challenge": "a" * 43 + "\n"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),  # RFC 9700, 2.1.2
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "invalid_request"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),  # RFC 9126, 2.1
        ({"scope": "openid"}, "invalid_scope"),
        ({"scope": "aurora_twin_access openid"}, "invalid_scope"),
        ({"scope": "events"}, "invalid_scope"),
        ({"state": "x" * 513}, "invalid_request"),
        ({"nonce": "x" * 513}, "invalid_request"),
        ({"state": "ünicode"}, "invalid_request"),
        ({"state": "line\nbreak"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),  # FAPI 2.0, 5.3.2.2: required
        ({"authorization_details": None}, "invalid_request"),
    ],
)
def test_what_may_not_be_pushed(office, changes, error) -> None:
    assert _error(office, **changes) == error


def test_what_may(office) -> None:
    assert office.push(state=None).status_code == 201
    assert office.push(scope="", response_mode="query", nonce="n" * 512, state="x" * 512, unknown="ignored").status_code == 201


@pytest.mark.parametrize(
    "variant",
    [
        "https://office.example/callback",
        "https://office.example/callback?from=aurora&x=1",
        "https://office.example/callback/?from=aurora",
        "https://office.example/callback?from=aurora#",
        "https://office.example/callback?from=aurora#fragment",
        "https://office.example/callback?from=aurora/../evil",
        "https://office.example:443/callback?from=aurora",
        "https://office.example:8443/callback?from=aurora",
        "http://office.example/callback?from=aurora",
        "https://user@office.example/callback?from=aurora",
        "https://office.example@evil.example/callback?from=aurora",
        "https://office.example.evil.example/callback?from=aurora",
        "https://sub.office.example/callback?from=aurora",
        "https://OFFICE.example/callback?from=aurora",
        "HTTPS://office.example/callback?from=aurora",
        "https://оffice.example/callback?from=aurora",
        "https://office.example/%63allback?from=aurora",
        "https://office.example\\@evil.example/callback?from=aurora",
        "https://office.example/callback?from=aurora ",
        "https://office.example/callback?from=aurora\x00",
        "javascript:alert(1)",
        "//office.example/callback?from=aurora",
    ],
)
def test_redirect_uris_are_compared_exactly(office, variant) -> None:
    """RFC 9700, 2.1 and 4.1.3."""
    assert _error(office, redirect_uri=variant) == "invalid_request"


def _details(office: Any, **changes: Any) -> str:
    return json.dumps([office.detail(**changes)])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "{}",
        "[]",
        "null",
        "[null]",
        "[1]",
        "[[]]",
        "[{}]",
        '[{"type": "aurora_twin_access"}]',
        "[" * 5000,
        '[{"a":' * 150 + "1" + "}]" * 150,
        '[{"type": NaN}]',
        '[{"type": "\\ud800"}]',
        '[{"type": "\\u0000"}]',
    ],
)
def test_details_that_are_none(office, text) -> None:
    """RFC 9396, 5."""
    assert _error(office, authorization_details=text) == ("invalid_authorization_details" if text else "invalid_request")


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "payment_initiation"},
        {"type": None},
        {"purpose": None},
        {"purpose": ["a"]},
        {"purpose": "unheard-of"},
        {"categories": None},
        {"categories": []},
        {"categories": "tax.income"},
        {"categories": [1]},
        {"categories": ["unheard.of"]},
        {"categories": ["x" * 65]},
        {"until": None},
        {"until": "soon"},
        {"until": 20270101},
        {"until": "2027-02-30"},
        {"until": "2027-1-1"},
        {"until": "20270101"},
        {"until": "9999-12-31"},
        {"until": "2027-05-31\n"},
        {"once": "yes"},
        {"once": 1},
        {"actions": ["read"]},
        {"locations": ["http://localhost:8000/api/v1"]},
    ],
)
def test_details_outside_the_schema_or_the_clients_reach(office, changes) -> None:
    assert _error(office, authorization_details=_details(office, **changes)) == "invalid_authorization_details"


def test_one_detail_a_request_and_each_category_once(office) -> None:
    two = json.dumps([office.detail(), office.detail()])
    assert _error(office, authorization_details=two) == "invalid_authorization_details"
    twice = _details(office, categories=[office.categories[0]] * 2)
    assert _error(office, authorization_details=twice) == "invalid_authorization_details"
    member = _details(office)[:-2] + f', "purpose": "{office.purpose}"}}]'
    assert _error(office, authorization_details=member) == "invalid_authorization_details"


@pytest.mark.parametrize("day", ["yesterday", "today", "tomorrow", "last", "after"])
def test_until_lies_between_tomorrow_and_twelve_months(office, day) -> None:
    today = None
    while today != TODAY():  # once more if midnight passed meanwhile
        today = TODAY()
        days: dict[str, date] = {
            "yesterday": today - timedelta(days=1),
            "today": today,
            "tomorrow": today + timedelta(days=1),
            "last": latest_end(today),
            "after": latest_end(today) + timedelta(days=1),
        }
        response = office.push(authorization_details=_details(office, until=days[day].isoformat()))
    assert response.status_code == (201 if day in ("tomorrow", "last") else 400)


def test_purposes_and_categories_of_others(office, rival) -> None:
    """Known and of the right kind, but not this client's; and its own, but for connecting sources or no longer known."""
    for changes in ({"purpose": rival.purpose}, {"categories": [*office.categories, rival.categories[0]]}):
        assert _error(office, authorization_details=_details(office, **changes)) == "invalid_authorization_details"
    Purpose.objects.filter(pk=office.purpose).update(kind=Purpose.Kind.CONNECT)
    assert _error(office) == "invalid_authorization_details"
    Purpose.objects.filter(pk=office.purpose).update(kind=Purpose.Kind.ACCESS)
    DataCategory.objects.filter(pk=office.categories[2]).delete()
    assert _error(office) == "invalid_authorization_details"


def _load(office: Any, uri: str, interaction: str = "one") -> requests.PushedRequestView:
    return requests.load(client_id=office.client.client_id, request_uri=uri, interaction=interaction)


def test_a_request_is_shown_as_often_as_needed_in_one_browser(office) -> None:
    uri = office.pushed()
    view = _load(office, uri)
    assert view == _load(office, uri)
    assert (view.client_id, view.agency_code) == (office.client.client_id, office.client.agency.code)
    assert (view.purpose, view.categories, view.once) == (office.purpose, tuple(sorted(office.categories)), False)
    assert (view.redirect_uri, view.state, view.code_challenge) == (office.redirect_uri, "st ate&=", office.challenge)
    assert "st ate" not in repr(view) and office.challenge not in repr(view)
    with pytest.raises(requests.RequestElsewhere):
        _load(office, uri, "another browser")
    left = PushedRequest.objects.get(pk=view.digest).expires_at - timezone.now()
    assert timedelta(minutes=9) < left <= timedelta(minutes=10)


def test_another_clients_request_uri(office, rival, aino, agree) -> None:
    """RFC 9126, 2.2 and 7.1: bound to the client that pushed it; the attempt spoils nothing."""
    uri = office.pushed()
    with pytest.raises(requests.RequestUnknown):
        requests.load(client_id=rival.client.client_id, request_uri=uri, interaction="theirs")
    assert agree(office, aino, uri).code


@pytest.mark.parametrize(
    "uri",
    ["", "x", URN, URN + "a" * 43, URN + "é" * 43, "https://evil.example/r", "\x00", "é"],
)
def test_unknown_request_uris(office, uri) -> None:
    with pytest.raises(requests.RequestUnknown):
        _load(office, uri)


@pytest.mark.parametrize("client_id", ["", "nobody", "\x00", "é" * 100])
def test_unknown_clients(office, client_id) -> None:
    with pytest.raises(requests.RequestUnknown):
        requests.load(client_id=client_id, request_uri=office.pushed(), interaction="one")


@pytest.mark.parametrize("opened", [False, True])
def test_requests_expire(office, opened) -> None:
    """FAPI 2.0, 5.3.2.2: 90 s here until it is opened, ten minutes from then; opening it again adds nothing."""
    uri = office.pushed()
    if opened:
        _load(office, uri)
    request = PushedRequest.objects.get(pk=digest_of(uri.rsplit(":", 1)[1]))
    life = request.expires_at - request.created_at
    assert life == timedelta(seconds=90) if not opened else life > timedelta(minutes=9)
    PushedRequest.objects.filter(pk=request.pk).update(expires_at=timezone.now())
    with pytest.raises(requests.RequestExpired):
        _load(office, uri)


def test_a_request_is_answered_once(office, aino, agree) -> None:
    """RFC 9126, 7.3; FAPI 2.0, 5.3.2.2."""
    uri = office.pushed()
    agree(office, aino, uri)
    with pytest.raises(requests.RequestUsed):
        _load(office, uri, "aino's browser")
