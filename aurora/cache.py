"""The cache that all processes share.

What lies in it is JSON. Django's own choice is pickle, by which whoever can write into the cache has our processes run what they like.
"""

from __future__ import annotations

import json
import math
from functools import cached_property
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import Redis
from redis.commands.core import Script

# One command, and nothing in between: a transaction of the two costs the caller nearly twice as much.
_COUNT = "redis.call('SET', KEYS[1], 0, 'EX', ARGV[1], 'NX') return {redis.call('INCR', KEYS[1]), redis.call('PTTL', KEYS[1])}"


class Json:
    """What is kept, as bytes: whole numbers as they are, since the server counts with them; everything else as JSON."""

    def dumps(self, value: Any) -> bytes | int:
        """Raises `TypeError` for what JSON has no word for."""
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        """None for what is no JSON: it is as good as not there."""
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            return None


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
        super().__init__(server, {**params, "OPTIONS": {**params.get("OPTIONS", {}), "serializer": Json}})
        self._class = _OneClient

    @cached_property
    def _counting(self) -> Script:
        return self._cache.get_client().register_script(_COUNT)

    def count(self, key: str, seconds: int) -> tuple[int, int]:
        """See `consent.counting.count`. The end is set with the beginning, so that no key is left that nobody forgets."""
        number, milliseconds = self._counting(keys=[self.make_and_validate_key(key)], args=[seconds])
        return int(number), math.ceil(milliseconds / 1000)
