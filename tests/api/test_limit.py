"""The limit of calls: shared by all of a client's tokens and processes, not by clients; counted in the real cache."""

from __future__ import annotations

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


def request_of(client_id: str) -> Any:
    token = TokenContext(uuid4(), client_id, "office", uuid4(), uuid4(), "purpose", frozenset(), timezone.now())
    return SimpleNamespace(auth=token)


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Three calls a minute, at an instant of one's choice; each call by a throttle of its own, as DRF makes them."""
    clock = {"now": 600.0}
    monkeypatch.setattr(PerClient, "THROTTLE_RATES", {"client": "3/min"})
    monkeypatch.setattr(PerClient, "timer", lambda self: clock["now"])
    return clock


def allowed(client_id: str) -> bool:
    return PerClient().allow_request(request_of(client_id), None)


def test_the_fourth_call_waits_for_the_next_window(limit: dict[str, float]) -> None:
    client = uuid4().hex
    assert [allowed(client) for _ in range(4)] == [True, True, True, False]
    limit["now"] = 645.0
    throttle = PerClient()
    assert not throttle.allow_request(request_of(client), None)
    assert throttle.wait() == 15.0
    limit["now"] = 660.0
    assert allowed(client)


def test_another_client_is_not_concerned(limit: dict[str, float]) -> None:
    client = uuid4().hex
    assert [allowed(client) for _ in range(4)][-1] is False
    assert allowed(uuid4().hex)


def test_who_has_no_token_is_not_counted_here(limit: dict[str, float]) -> None:
    assert all(PerClient().allow_request(SimpleNamespace(auth=None), None) for _ in range(5))  # type: ignore[arg-type]


def test_calls_at_the_same_instant_are_all_counted() -> None:
    assert isinstance(caches["default"], Cache)
    key = uuid4().hex
    with ThreadPoolExecutor(8) as threads:
        counts = list(threads.map(lambda _: count(key, 60), range(200)))
    assert sorted(counts) == list(range(1, 201))


def test_a_count_is_forgotten() -> None:
    key = uuid4().hex
    count(key, 60)
    client = caches["default"]._cache.get_client()
    assert 0 < client.ttl(caches["default"].make_key(key)) <= 60
