"""Counting where the cache has no counter of its own."""

from __future__ import annotations

import pytest
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache

from consent.counting import count


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
    assert [count("a", 60), count("a", 60), count("b", 60)] == [1, 2, 1]


def test_a_key_forgotten_meanwhile_is_begun_anew(store: LocMemCache) -> None:
    assert [count("a", 60), count("a", 60)] == [1, 1]
    assert store.forgotten
