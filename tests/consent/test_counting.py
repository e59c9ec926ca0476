"""Counting where the cache has no counter of its own."""

from __future__ import annotations

import pytest
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache

from consent.counting import count, count_of


class Forgetful(LocMemCache):
    """Forgets the key between the two commands, once."""

    forgotten = False

    def incr(self, key, delta=1, version=None):
        if not self.forgotten:
            self.forgotten = True
            self.delete(key)
        return super().incr(key, delta, version)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> LocMemCache:
    other = Forgetful("counting", {})
    other.clear()
    monkeypatch.setattr(caches._connections, "default", other, raising=False)
    return other


def test_it_counts_up(store: LocMemCache) -> None:
    store.forgotten = True
    assert [count(key, 60) for key in "aab"] == [(1, 60), (2, 60), (1, 60)]


def test_a_key_forgotten_meanwhile_is_begun_anew(store: LocMemCache) -> None:
    assert [count("a", 60).number, count("a", 60).number] == [1, 1]
    assert store.forgotten


def test_somebody_is_counted_and_not_kept(store: LocMemCache) -> None:
    store.forgotten = True
    assert [count_of("knocks", who, 60).number for who in ("192.0.2.7", "192.0.2.8", "192.0.2.7")] == [1, 1, 2]
    assert len(store._cache) == 2 and "192.0.2" not in str(list(store._cache))
