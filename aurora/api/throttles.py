"""How often a client may call: a limit a client, kept in the cache that all web processes share."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from consent.oauth.tokens import TokenContext


class PerClient(SimpleRateThrottle):
    """Counted by client, not by address: an agency's servers share one limit, and a stolen token cannot hide among addresses."""

    scope = "client"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        if not isinstance(request.auth, TokenContext):
            return None
        return self.cache_format % {"scope": self.scope, "ident": request.auth.client_id}
