"""The profile in figures: FAPI 2.0 Security Profile (final), and where it leaves room, our choice."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings

ALGORITHMS = ("ES256", "PS256", "EdDSA")  # FAPI 2.0, 5.4.1
AUTH_METHOD = "private_key_jwt"
GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials")
DETAIL_TYPE = "aurora_twin_access"
GRANT_ACTIONS = ("create", "merge", "replace")  # Grant Management for OAuth 2.0, draft-03, 5.2

BODY_LIMIT = 16 * 1024
ASSERTION_LIMIT = 4 * 1024
TEXT_LIMIT = 512  # state, nonce, redirect_uri

ASSERTION_LIFETIME = timedelta(minutes=5)
CLOCK_SKEW = timedelta(seconds=10)  # FAPI 2.0, 5.3.2.1: accept iat and nbf up to 10 s ahead
REQUEST_LIFETIME = timedelta(seconds=90)
INTERACTION_LIFETIME = timedelta(minutes=10)
CODE_LIFETIME = timedelta(seconds=60)
ACCESS_LIFETIME = timedelta(minutes=10)

# DPoP (RFC 9449). A proof is of the last minute; one with a nonce of ours, as long as the nonce lives.
PROOF_LIMIT = 4 * 1024
PROOF_LIFETIME = timedelta(seconds=60)
NONCE_LIFETIME = timedelta(minutes=2)

# What an agency may do in its own name, without a citizen's token (client_credentials).
SCOPES = ("grant_management_query", "grant_management_revoke", "events", "evaluators", "concerns", "uses", "facts", "corrections")
# What an agency may send as `scope` where a citizen grants: it names what authorization_details say. For clients that must send some.
CITIZEN_SCOPE = DETAIL_TYPE


def issuer() -> str:
    """The issuer identifier (RFC 8414, 2): the public address without a trailing slash, compared byte for byte."""
    return str(settings.AURORA_BASE_URL)


def resource() -> str:
    """The protected resource (RFC 9728): the agencies' API."""
    return f"{issuer()}/api/v1"


def is_loopback(host: str | None) -> bool:
    """Whether a URL's host names this machine itself (RFC 8252, 7.3)."""
    if host == "localhost":
        return True
    try:
        return host is not None and ip_address(host).is_loopback
    except ValueError:
        return False


def plain_http_allowed() -> bool:
    """Only a sandbox whose own address is plain http on loopback; anywhere else http is refused."""
    own = urlsplit(issuer())
    return bool(settings.AURORA_SANDBOX) and own.scheme == "http" and is_loopback(own.hostname)
