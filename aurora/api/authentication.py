"""Who calls the agency API: the bearer of an access token that a citizen's consent gave (RFC 6750)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.oauth import tokens
from consent.oauth.errors import InvalidToken
from consent.oauth.tokens import TokenContext


class Bearer:
    """What DRF takes for a user: an agency acting on one consent. It has no rights of its own."""

    is_authenticated = True

    def __init__(self, token: TokenContext) -> None:
        self.token = token
        self.pk = token.client_id


class AgencyToken(BaseAuthentication):
    """Reads the token from the Authorization header only (FAPI 2.0 5.3.4: never from query or form)."""

    def authenticate(self, request: Request) -> tuple[Bearer, TokenContext]:
        try:
            token = tokens.authenticate(authorization_header=request.META.get("HTTP_AUTHORIZATION"))
        except InvalidToken as error:
            failed = AuthenticationFailed(error.sentence, code=error.code) if error.presented else NotAuthenticated(error.sentence)
            failed.auth_header = error.www_authenticate  # type: ignore[union-attr]
            raise failed from None
        return Bearer(token), token

    def authenticate_header(self, request: Request) -> str:
        return InvalidToken(presented=False).www_authenticate


class HasAgencyToken(BasePermission):
    """Every address of the API needs a token, but for those that say otherwise."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.auth, TokenContext)


class AgencyTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names it."""

    target_class = "aurora.api.authentication.AgencyToken"
    name = "agencyToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "An access token from /oauth/token."}
