"""Errors of the authorization server: for the citizen's page, for a protected resource, and, in Authlib's hierarchy, for a client."""

from __future__ import annotations

from authlib.oauth2 import OAuth2Error

from consent.errors import AuroraError

from . import config


class RequestRefused(AuroraError):
    """An authorization request that cannot go on. Shown to the citizen, never redirected: the client is not proved (RFC 9700, 4.11)."""

    code = "request_refused"
    sentence = "This request for access is not valid. Go back to the agency and start again."


class RequestUnknown(RequestRefused):
    """No such request, or another client's: the two cannot be told apart."""

    code = "request_unknown"


class RequestExpired(RequestRefused):
    code = "request_expired"
    sentence = "This request for access has expired. Go back to the agency and start again."


class RequestUsed(RequestRefused):
    code = "request_used"
    sentence = "This request for access has already been answered."


class RequestElsewhere(RequestRefused):
    """Another browser opened the request first (RFC 9700, 4.7: a link that an attacker hands on must not work)."""

    code = "request_elsewhere"
    sentence = "This request for access was opened in another browser. Go back to the agency and start again."


class InvalidToken(AuroraError):
    """No valid access token (RFC 6750, 3.1). `www_authenticate` is the header that belongs to the 401."""

    code = "invalid_token"
    sentence = "The access token is missing, unknown, expired or revoked."
    status = 401

    def __init__(self, *, presented: bool = True) -> None:
        self.presented = presented
        super().__init__()

    @property
    def www_authenticate(self) -> str:
        where = f'resource_metadata="{config.issuer()}/.well-known/oauth-protected-resource/api/v1"'  # RFC 9728, 5.1
        if not self.presented:  # RFC 6750, 3.1: no error code for a request without authentication
            return f"Bearer {where}"
        return f'Bearer error="{self.code}", error_description="{self.sentence}", {where}'


class InvalidAuthorizationDetails(OAuth2Error):  # type: ignore[misc]
    """RFC 9396, 5: unknown type, unknown field, wrong value, or more than the client may have."""

    error = "invalid_authorization_details"
