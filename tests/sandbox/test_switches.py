"""Each failure switch does what its name says, where it was told, as often as it was told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator, ValidationError
from sandbox_client import Browser, Peer, Sandbox

from aurora.sandbox import vocabulary
from aurora.sandbox.agency.faults import HUGE_BYTES

SOURCE, INCOME, HOUSING = "tax-administration", "tax.income", "tax.housing"


@pytest.fixture(scope="module")
def held(sandbox: Sandbox) -> Iterator[tuple[Peer, dict[str, Any]]]:
    sandbox.switch(SOURCE, mode="ok")
    peer, tokens = sandbox.tokens(SOURCE, f"{INCOME} {HOUSING}")
    yield peer, tokens
    peer.close()


Held = tuple[Peer, dict[str, Any]]


def test_slow_delays_only_its_category_and_ends_after_its_times(steady: Sandbox, held: Held) -> None:
    peer, tokens = held
    steady.switch(SOURCE, mode="slow", seconds=4.0, category=INCOME, times=1)
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        slow = pool.submit(peer.read, INCOME, tokens["access_token"])
        assert peer.read(HOUSING, tokens["access_token"]).status_code == 200 and not slow.done()
        assert slow.result().status_code == 200 and time.monotonic() - began >= 4.0
    assert peer.http.get(f"{peer.issuer}/_sandbox/switches").json()["switches"] == []
    assert peer.read(INCOME, tokens["access_token"]).status_code == 200


def test_down_is_503_for_clients_and_pages_but_not_for_the_controls(steady: Sandbox, held: Held, browser: Browser) -> None:
    peer, tokens = held
    steady.switch(SOURCE, mode="down")
    down = peer.read(INCOME, tokens["access_token"])
    assert down.status_code == 503 and down.json()["code"] == "unavailable" and "Retry-After" in down.headers
    assert peer.refresh(tokens["refresh_token"]).status_code == 503
    assert browser.open(peer.authorize_url(client_id=peer.client_id, request_uri="x")).status == 503
    assert browser.open(f"{peer.issuer}/healthz").status == 200
    assert browser.open(peer.issuer).status == 200 and "down" in browser.text
    steady.switch(SOURCE, mode="ok")
    assert peer.read(INCOME, tokens["access_token"]).status_code == 200


def test_down_can_break_the_connection(steady: Sandbox, held: Held) -> None:
    peer, tokens = held
    steady.switch(SOURCE, mode="down", reset=True, times=1)
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        httpx.get(f"{peer.issuer}/data/{INCOME}", headers={"Authorization": "Bearer x"}, trust_env=False)
    assert peer.read(INCOME, tokens["access_token"]).status_code == 200


def test_revoked_refuses_tokens_and_refreshes(steady: Sandbox, held: Held) -> None:
    peer, tokens = held
    steady.switch(SOURCE, mode="revoked")
    refused = peer.read(INCOME, tokens["access_token"])
    assert refused.status_code == 401 and 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    answer = peer.refresh(tokens["refresh_token"])
    assert answer.status_code == 400 and answer.json()["error"] == "invalid_grant"


def test_garbage_is_200_and_no_json(steady: Sandbox, held: Held) -> None:
    peer, tokens = held
    steady.switch(SOURCE, mode="garbage", category=HOUSING)
    answer = peer.read(HOUSING, tokens["access_token"])
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/json"
    with pytest.raises(ValueError):
        answer.json()
    assert peer.read(INCOME, tokens["access_token"]).json()["category"] == INCOME


def test_too_many_says_when_to_come_again(steady: Sandbox, held: Held) -> None:
    peer, tokens = held
    steady.switch(SOURCE, mode="too_many", seconds=7, times=2)
    for _ in range(2):
        answer = peer.read(INCOME, tokens["access_token"])
        assert answer.status_code == 429 and answer.headers["Retry-After"] == "7"
    assert peer.read(INCOME, tokens["access_token"]).status_code == 200


def test_wrong_schema_is_well_formed_and_does_not_validate(steady: Sandbox, held: Held) -> None:
    peer, tokens = held
    steady.switch(SOURCE, mode="wrong_schema")
    body = peer.read(INCOME, tokens["access_token"]).json()
    with pytest.raises(ValidationError):
        Draft202012Validator(dict(vocabulary.categories()[INCOME].schema)).validate(body["facts"])


def test_wrong_citizen_sends_somebody_elses_data(steady: Sandbox, held: Held) -> None:
    peer, tokens = held
    right = peer.read(INCOME, tokens["access_token"]).json()
    steady.switch(SOURCE, mode="wrong_citizen")
    wrong = peer.read(INCOME, tokens["access_token"]).json()
    assert right["subject"]["national_id"] == steady.identifier("aino") != wrong["subject"]["national_id"]


def test_huge_is_larger_than_anyone_should_read(steady: Sandbox, held: Held) -> None:
    peer, tokens = held
    steady.switch(SOURCE, mode="huge")
    read = 0
    with peer.http.stream("GET", f"{peer.issuer}/data/{INCOME}") as answer:
        for chunk in answer.iter_bytes():
            read += len(chunk)
            if read > 8 * 1024 * 1024:
                break
    assert answer.status_code == 200 and 8 * 1024 * 1024 < read < HUGE_BYTES
    steady.switch(SOURCE, mode="ok")
    assert peer.read(INCOME, tokens["access_token"]).status_code == 200


@pytest.mark.parametrize(
    "setting",
    [
        {},
        {"mode": "explode"},
        {"mode": "slow", "seconds": -1},
        {"mode": "slow", "seconds": 1e9},
        {"mode": "slow", "seconds": "1"},
        {"mode": "down", "times": 0},
        {"mode": "down", "times": True},
        {"mode": "down", "category": "social.pension"},
        {"mode": "short_tokens", "category": INCOME},
        {"mode": "down", "more": 1},
        ["down"],
    ],
)
def test_bad_switch_is_refused_and_changes_nothing(steady: Sandbox, setting: Any) -> None:
    peer = steady.peer(SOURCE)
    control = {"Authorization": f"Bearer {steady.made.aurora['control_token']}"}
    answer = peer.http.post(f"{peer.issuer}/_sandbox/switches", json=setting, headers=control)
    assert answer.status_code == 400 and answer.json()["code"] == "bad_switch"
    assert peer.http.get(f"{peer.issuer}/_sandbox/switches").json() == {"switches": []}


def test_switches_want_the_control_token(steady: Sandbox) -> None:
    peer = steady.peer(SOURCE)
    url = f"{peer.issuer}/_sandbox/switches"
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        assert peer.http.post(url, json={"mode": "down"}, headers=headers).status_code == 401
    assert peer.http.get(url).json() == {"switches": []}


def test_two_scopes_hold_two_switches_and_show_what_is_left(steady: Sandbox) -> None:
    peer = steady.peer(SOURCE)
    steady.switch(SOURCE, mode="garbage", category=INCOME, times=3)
    steady.switch(SOURCE, mode="short_tokens", seconds=2)
    shown = peer.http.get(f"{peer.issuer}/_sandbox/switches").json()["switches"]
    assert [(s["mode"], s["category"], s["left"]) for s in shown] == [
        ("garbage", INCOME, 3),
        ("short_tokens", "", None),
    ]
    steady.switch(SOURCE, mode="ok", category=INCOME)
    shown = peer.http.get(f"{peer.issuer}/_sandbox/switches").json()["switches"]
    assert [s["mode"] for s in shown] == ["short_tokens"]


def test_stats_count_requests_by_status_and_deliveries_by_citizen(steady: Sandbox, held: Held) -> None:
    peer, tokens = held

    def count(status: int) -> int:
        rows = peer.http.get(f"{peer.issuer}/_sandbox/stats").json()["requests"]
        wanted = ("data", HOUSING, status)
        return sum(row["count"] for row in rows if (row["endpoint"], row["category"], row["status"]) == wanted)

    def delivered() -> dict[str, int]:
        found: dict[str, int] = peer.http.get(f"{peer.issuer}/_sandbox/stats").json()["deliveries"][HOUSING]
        return found

    peer.read(HOUSING, tokens["access_token"])
    good, bad, before = count(200), count(429), delivered()
    peer.read(HOUSING, tokens["access_token"])
    steady.switch(SOURCE, mode="too_many", times=1)
    peer.read(HOUSING, tokens["access_token"])
    assert (count(200), count(429)) == (good + 1, bad + 1)
    assert delivered()["answers"] == before["answers"] + 1 and delivered()["citizens"] == before["citizens"]
    assert delivered()["most_for_one_citizen"] >= 2
    assert steady.identifier("aino") not in peer.http.get(f"{peer.issuer}/_sandbox/stats").text
