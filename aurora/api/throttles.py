"""How often a client may call: a limit a client, kept in the cache that all web processes share."""

from __future__ import annotations

import logging
from typing import Any

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from consent.counting import count
from consent.oauth.tokens import ClientContext, TokenContext

logger = logging.getLogger(__name__)


class PerClient(SimpleRateThrottle):
    """Counted by client, not by address: an agency's servers share one limit, and a stolen token cannot hide among addresses.

    A number counts up in one command, where DRF reads and writes the times of all calls and loses some where two processes do so at once.
    While the cache is away nobody is counted and the log says so: what guards a twin is the consent, not the limit.
    """

    scope = "client"
    # Set by DRF from the rate.
    num_requests: int
    duration: int

    def allow_request(self, request: Request, view: Any) -> bool:
        key = self.get_cache_key(request, view)
        if key is None:
            return True
        try:
            counted = count(key, self.duration)
        except RedisError as error:
            logger.error("The cache is away (%s): a call of the API was not counted.", type(error).__name__)
            return True
        self._left = counted.left
        return counted.number <= self.num_requests

    def wait(self) -> float:
        """Seconds until the count begins anew."""
        return self._left

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        if not isinstance(request.auth, TokenContext | ClientContext):
            return None
        return self.cache_format % {"scope": self.scope, "ident": request.auth.client_id}


class UploadsPerClient(PerClient):
    """Registering a model costs seconds of a processor: an owner does it a few times a year, and when trying things out a few times an hour."""

    scope = "upload"


class PushesPerClient(PerClient):
    """A batch is up to fifty citizens' transactions: half a second of a processor."""

    scope = "push"
