"""RFC 8414: the authorization server's metadata. It offers what works, and nothing else."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from . import config, grant_management, rfc9396


def metadata() -> dict[str, Any]:
    """With the members of RFC 9126 (5), RFC 9207 (3), RFC 9396 (10), RFC 9449 (5.1) and Grant Management (7.1). All authenticated endpoints take `private_key_jwt` only."""
    base = config.issuer()
    authenticated = {}
    for endpoint in ("token", "revocation", "introspection"):
        authenticated[f"{endpoint}_endpoint_auth_methods_supported"] = [config.AUTH_METHOD]
        authenticated[f"{endpoint}_endpoint_auth_signing_alg_values_supported"] = list(config.ALGORITHMS)
    return {
        "issuer": base,
        "authorization_endpoint": f"{base}/oauth/authorize",
        "pushed_authorization_request_endpoint": f"{base}/oauth/par",
        "require_pushed_authorization_requests": True,
        "token_endpoint": f"{base}/oauth/token",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "jwks_uri": f"{base}/oauth/jwks",
        # Not of RFC 8414: where the keys of notices are (Standard Webhooks names no place for them).
        "webhook_keys_uri": f"{base}/webhooks/keys",
        "introspection_endpoint": f"{base}/oauth/introspect",
        **authenticated,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(config.GRANT_TYPES),
        "scopes_supported": [*config.SCOPES, config.CITIZEN_SCOPE],  # the first for client_credentials only
        "dpop_signing_alg_values_supported": list(config.ALGORITHMS),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "authorization_details_types_supported": list(rfc9396.TYPES),
        "authorization_details_types_metadata_endpoint": f"{base}/oauth/authorization-details",
        **grant_management.metadata(base),
        "protected_resources": [config.resource()],
        "ui_locales_supported": [code for code, _ in settings.LANGUAGES],
    }
