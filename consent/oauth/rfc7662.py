"""RFC 7662: what a token is, told to the client that holds it."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7662 import IntrospectionEndpoint as _IntrospectionEndpoint
from django.utils import timezone

from consent.scope import citizen_scope

from . import config, grants, rfc8693, rfc9068, tokens, told
from .models import Client, ClientToken, RefreshToken
from .told import Told

Token = Told | RefreshToken | ClientToken


class IntrospectionEndpoint(_IntrospectionEndpoint):  # type: ignore[misc]
    """POST /oauth/introspect. Another client's token looks like no token (2.2), but to the agency's own server that a token is for.

    No `sub` but for that server, which must know whose data is asked for: it is the name by which its agency knows the citizen.
    """

    CLIENT_AUTH_METHODS = (config.AUTH_METHOD,)

    def check_params(self, request: Any, client: Client) -> None:
        if "token" not in request.form:
            raise InvalidRequestError("token is missing.")

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        """Whichever kind it is of: a hint only tells where to look first (2.1), and all looks are by key."""
        return told.of(token_string) or tokens.held(RefreshToken, token_string) or tokens.own(token_string)

    def check_permission(self, token: Token, client: Client, request: Any) -> bool:
        if isinstance(token, Told):
            return token.check_client(client) or token.is_for(client)
        if not token.check_client(client):
            return False
        token.client = client  # the same row: spares a query
        return True

    def introspect_token(self, token: Token) -> dict[str, Any]:
        body: dict[str, Any] = {"active": True, "iss": config.issuer(), **_times(token)}
        if isinstance(token, Told):
            return body | _access(token) if token.details else {"active": False}
        body["client_id"] = token.client.client_id
        if isinstance(token, ClientToken):
            return body | _bound(token.jkt) | {"scope": token.get_scope()}
        with citizen_scope(token.citizen_id):
            held = grants.standing(grant_id=token.grant_id, now=timezone.now(), client=token.client)
        details = [part.detail.as_json() for part in held.lasting] if held else []
        return body | {"grant_id": str(token.grant_id), "authorization_details": details} if details else {"active": False}


def _times(token: Token) -> dict[str, Any]:
    return {"iat": int(token.created_at.timestamp()), "exp": int(token.expires_at.timestamp())}


def _bound(jkt: str, audience: str = "") -> dict[str, Any]:
    """RFC 9449, 6.2. Not for a refresh token: it is bound to the client's authentication."""
    return {"aud": audience or config.resource(), "token_type": "DPoP", "cnf": {"jkt": jkt}}


def _access(token: Told) -> dict[str, Any]:
    names = (
        rfc9068.named(citizen_id=token.citizen_id, attorney=token.attorney, agency=token.agency)
        if token.audience
        else rfc8693.actor(token.attorney, agency=token.agency)
    )
    about = {"client_id": token.client_id, "grant_id": str(token.grant_id), "authorization_details": token.details}
    return about | _bound(token.jkt, token.audience) | names
