"""How often a client may call: a limit a client, kept in the cache that all web processes share."""

from __future__ import annotations

import logging
from typing import Any

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from consent.oauth.tokens import TokenContext

logger = logging.getLogger(__name__)


class PerClient(SimpleRateThrottle):
    """Counted by client, not by address: an agency's servers share one limit, and a stolen token cannot hide among addresses.

    While the cache is away nobody is counted and the log says so: what guards a twin is the consent, not the limit.
    """

    scope = "client"

    def allow_request(self, request: Request, view: Any) -> bool:
        try:
            return bool(super().allow_request(request, view))
        except RedisError as error:
            logger.error("The cache is away (%s): a call of the API was not counted.", type(error).__name__)
            return True

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        if not isinstance(request.auth, TokenContext):
            return None
        return self.cache_format % {"scope": self.scope, "ident": request.auth.client_id}
