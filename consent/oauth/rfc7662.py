"""RFC 7662: what a token is, told to the client that holds it."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7662 import IntrospectionEndpoint as _IntrospectionEndpoint
from django.utils import timezone

from consent.scope import citizen_scope

from . import config, grants, rfc8693, rfc9068
from .models import AccessToken, Client, ClientToken, RefreshToken
from .rfc7009 import Token, find


class IntrospectionEndpoint(_IntrospectionEndpoint):  # type: ignore[misc]
    """POST /oauth/introspect. Another client's token looks like no token (2.2), but to the agency's own server that a token is for.

    No `sub` but for that server, which must know whose data is asked for: it is the name by which its agency knows the citizen.
    """

    CLIENT_AUTH_METHODS = (config.AUTH_METHOD,)

    def check_params(self, request: Any, client: Client) -> None:
        if "token" not in request.form:
            raise InvalidRequestError("token is missing.")

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        return find(token_string)

    def check_permission(self, token: Token, client: Client, request: Any) -> bool:
        if not token.check_client(client):
            return isinstance(token, AccessToken) and rfc9068.is_for(token, client)
        token.client = client  # the same row: spares a query
        return True

    def introspect_token(self, token: Token) -> dict[str, Any]:
        body: dict[str, Any] = {
            "active": True,
            "iss": config.issuer(),
            "client_id": token.client.client_id,
            "iat": int(token.created_at.timestamp()),
            "exp": int(token.expires_at.timestamp()),
        }
        if not isinstance(token, RefreshToken):  # RFC 9449, 6.2; a refresh token is bound to the client's authentication
            audience = token.audience if isinstance(token, AccessToken) else ""
            body |= {"aud": audience or config.resource(), "token_type": "DPoP", "cnf": {"jkt": token.jkt}}
        if isinstance(token, ClientToken):
            return body | {"scope": token.get_scope()}
        body["grant_id"] = str(token.grant_id)
        now = timezone.now()
        if isinstance(token, AccessToken):
            details = grants.still_granted(token, now=now)
            if token.audience:
                with citizen_scope(token.citizen_id):
                    agency = token.client.agency.code
                    body |= rfc9068.subject(citizen_id=token.citizen_id, agency=agency, consent_id=token.consent_id)
            else:
                body |= rfc8693.actor_of(token, agency=token.client.agency.code)
        else:
            with citizen_scope(token.citizen_id):
                held = grants.standing(grant_id=token.grant_id, now=now)
            details = [part.detail.as_json() for part in held.lasting] if held else []
        # A change of meaning ends a token as a withdrawal does, whole or by some categories, though nobody touched its row.
        return body | {"authorization_details": details} if details else {"active": False}
