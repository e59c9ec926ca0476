"""The cache that all processes share."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import Redis


class _OneClient(RedisCacheClient):
    """Django makes a `redis.Redis` for every command, which costs more than the command. It is made to be shared by threads: one is kept."""

    @cached_property
    def _kept(self) -> Redis:
        return super().get_client(write=True)

    def get_client(self, key: Any = None, *, write: bool = False) -> Redis:
        return self._kept


class Cache(RedisCache):
    """Django's cache in Redis or Valkey, on one server."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _OneClient

    def count(self, key: str, seconds: int) -> int:
        """See `count`. One command, and a second one for the first of a key."""
        client, name = self._cache.get_client(), self.make_and_validate_key(key)
        total = int(client.incr(name))
        if total == 1:
            client.expire(name, seconds)
        return total


def count(key: str, seconds: int) -> int:
    """Add one, and say what that makes; no call is lost beside another one. The key is forgotten after so many seconds from its first."""
    store = caches["default"]
    if isinstance(store, Cache):
        return store.count(key, seconds)
    return 1 if store.add(key, 1, seconds) else int(store.incr(key))
