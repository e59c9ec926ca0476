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


class GrantGone(AuroraError):
    """The grant that a request names is not the client's, not this citizen's, or nothing stands in it: the three cannot be told apart.

    Answered to the client (Grant Management for OAuth 2.0, draft-03, 5.4); the citizen is shown nothing of it.
    """

    code = "invalid_grant_id"
    sentence = "There is no such grant."


class InvalidToken(AuroraError):
    """No valid access token, or no proof that it is the caller's (RFC 9449, 7.1). `headers` belong to the 401.

    `code` is `invalid_token`, `invalid_dpop_proof` or `use_dpop_nonce`; `nonce` is what the next proof must bear.
    `known`: it is a token of ours that is good no more, not one that somebody made up.
    """

    code = "invalid_token"
    sentence = "The access token is missing, unknown, expired, revoked or bound to another key."
    status = 401

    def __init__(
        self, sentence: str | None = None, *, code: str | None = None, presented: bool = True, nonce: str = "", known: bool = False
    ) -> None:
        self.presented = presented
        self.known = known
        self.nonce = nonce
        super().__init__(sentence, code=code)

    @property
    def www_authenticate(self) -> str:
        where = f'resource_metadata="{config.issuer()}/.well-known/oauth-protected-resource/api/v1"'  # RFC 9728, 5.1
        parts = [f'algs="{" ".join(config.ALGORITHMS)}"', where]
        if self.presented:  # RFC 6750, 3.1: no error code for a request without authentication
            parts[:0] = [f'error="{self.code}"', f'error_description="{self.sentence}"']
        return f"DPoP {', '.join(parts)}"

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": self.www_authenticate} | ({"DPoP-Nonce": self.nonce} if self.nonce else {})


class InvalidProof(OAuth2Error):  # type: ignore[misc]
    """RFC 9449, 5 and 7.1: the DPoP proof is missing, malformed, forged, for something else, too old, or used before."""

    error = "invalid_dpop_proof"


class NonceWanted(OAuth2Error):  # type: ignore[misc]
    """RFC 9449, 8 and 9: sign the same again with this nonce, which goes out as `DPoP-Nonce`."""

    error = "use_dpop_nonce"

    def __init__(self, nonce: str) -> None:
        self.nonce = nonce
        super().__init__("The DPoP proof must have the nonce of the DPoP-Nonce header.")


class InvalidGrantId(OAuth2Error):  # type: ignore[misc]
    """Grant Management for OAuth 2.0, draft-03, 5.4: unknown or invalid, for whatever reason."""

    error = "invalid_grant_id"


class InvalidTarget(OAuth2Error):  # type: ignore[misc]
    """RFC 8707, 2: `resource` is malformed, unknown, given more than once, or not for this client."""

    error = "invalid_target"


class InvalidAuthorizationDetails(OAuth2Error):  # type: ignore[misc]
    """RFC 9396, 5: unknown type, unknown field, wrong value, or more than the client may have."""

    error = "invalid_authorization_details"
