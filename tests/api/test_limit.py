"""The limit of calls: shared by all of a client's tokens and processes, not by clients; counted in the real cache."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import caches
from django.utils import timezone

from aurora.api.throttles import PerClient
from aurora.cache import Cache
from consent.counting import count
from consent.oauth.tokens import TokenContext
from tests.support.stack import wait_for


def request_of(client_id: str) -> Any:
    token = TokenContext(uuid4(), client_id, "office", uuid4(), uuid4(), "purpose", frozenset(), timezone.now())
    return SimpleNamespace(auth=token)


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three calls a minute; each call by a throttle of its own, as DRF makes them."""
    monkeypatch.setattr(PerClient, "THROTTLE_RATES", {"client": "3/min"})


def allowed(client_id: str) -> bool:
    return PerClient().allow_request(request_of(client_id), None)


def test_the_fourth_call_waits_until_the_first_is_forgotten(limit: None) -> None:
    client, throttle = uuid4().hex, PerClient()
    assert [allowed(client) for _ in range(4)] == [True, True, True, False]
    key = caches["default"].make_key(PerClient.cache_format % {"scope": "client", "ident": client})
    kept = caches["default"]._cache.get_client()
    began = time.monotonic()
    kept.expire(key, 15)
    assert not throttle.allow_request(request_of(client), None)
    assert 14 - (time.monotonic() - began) <= throttle.wait() <= 15
    kept.pexpire(key, 1)
    wait_for(lambda: not kept.exists(key))
    assert allowed(client)


def test_refused_calls_put_the_end_off_no_further(limit: None) -> None:
    key = uuid4().hex
    count(key, 60)
    caches["default"]._cache.get_client().expire(caches["default"].make_key(key), 15)
    assert count(key, 60).left <= 15


def test_another_client_is_not_concerned(limit: None) -> None:
    client = uuid4().hex
    assert [allowed(client) for _ in range(4)][-1] is False
    assert allowed(uuid4().hex)


def test_who_has_no_token_is_not_counted_here(limit: None) -> None:
    assert all(PerClient().allow_request(SimpleNamespace(auth=None), None) for _ in range(5))  # type: ignore[arg-type]


def test_calls_at_the_same_instant_are_all_counted() -> None:
    assert isinstance(caches["default"], Cache)
    key = uuid4().hex
    with ThreadPoolExecutor(8) as threads:
        counts = list(threads.map(lambda _: count(key, 60), range(200)))
    assert sorted(each.number for each in counts) == list(range(1, 201))


def test_a_count_is_forgotten() -> None:
    key = uuid4().hex
    count(key, 60)
    client = caches["default"]._cache.get_client()
    assert 0 < client.ttl(caches["default"].make_key(key)) <= 60
