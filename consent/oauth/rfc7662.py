"""RFC 7662: what a token is, told to the client that holds it."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7662 import IntrospectionEndpoint as _IntrospectionEndpoint

from consent.scope import citizen_scope

from . import config
from .grants import details_granted
from .models import AccessToken, Client, Grant, RefreshToken
from .rfc7009 import find


class IntrospectionEndpoint(_IntrospectionEndpoint):  # type: ignore[misc]
    """POST /oauth/introspect. Another client's token looks like no token (2.2). No `sub`: it would tell who the citizen is."""

    CLIENT_AUTH_METHODS = (config.AUTH_METHOD,)

    def check_params(self, request: Any, client: Client) -> None:
        if "token" not in request.form:
            raise InvalidRequestError("token is missing.")

    def query_token(self, token_string: str, token_type_hint: str | None) -> AccessToken | RefreshToken | None:
        return find(token_string)

    def check_permission(self, token: AccessToken | RefreshToken, client: Client, request: Any) -> bool:
        if not token.check_client(client):
            return False
        token.client = client  # the same row: spares a query
        return True

    def introspect_token(self, token: AccessToken | RefreshToken) -> dict[str, Any]:
        body = {
            "active": True,
            "iss": config.issuer(),
            "client_id": token.client.client_id,
            "iat": int(token.created_at.timestamp()),
            "exp": int(token.expires_at.timestamp()),
            "grant_id": str(token.grant_id),
        }
        if isinstance(token, AccessToken):
            return body | {"aud": config.resource(), "token_type": "Bearer", "authorization_details": [token.detail]}
        with citizen_scope(token.citizen_id):
            return body | {"authorization_details": details_granted(Grant.objects.get(pk=token.grant_id))}
