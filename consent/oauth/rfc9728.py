"""RFC 9728: the protected resource's metadata, by which a client that was answered 401 finds the authorization server."""

from __future__ import annotations

from typing import Any

from . import config


def metadata() -> dict[str, Any]:
    return {
        "resource": config.resource(),
        "resource_name": "Aurora agency API",
        "authorization_servers": [config.issuer()],
        "bearer_methods_supported": ["header"],
        "authorization_details_types_supported": [config.DETAIL_TYPE],
    }
