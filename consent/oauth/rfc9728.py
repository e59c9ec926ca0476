"""RFC 9728: the protected resource's metadata, by which a client that was answered 401 finds the authorization server."""

from __future__ import annotations

from typing import Any

from . import config, rfc9396


def metadata() -> dict[str, Any]:
    return {
        "resource": config.resource(),
        "resource_name": "Aurora agency API",
        "authorization_servers": [config.issuer()],
        "scopes_supported": list(config.SCOPES),
        "bearer_methods_supported": [],  # 2: no bearer token is taken, in no way
        "dpop_bound_access_tokens_required": True,
        "dpop_signing_alg_values_supported": list(config.ALGORITHMS),
        "authorization_details_types_supported": list(rfc9396.TYPES),
    }
