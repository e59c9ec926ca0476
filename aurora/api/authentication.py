"""Who calls the agency API: the bearer of an access token that a citizen's consent gave (RFC 6750)."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

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
            raise (AuthenticationFailed(error.sentence, code=error.code) if error.presented else NotAuthenticated(error.sentence)) from None
        return Bearer(token), token

    def authenticate_header(self, request: Request) -> str:
        """The challenge of every 401: DRF asks here for it, whatever the exception carries."""
        return InvalidToken(presented=bool(request.META.get("HTTP_AUTHORIZATION"))).www_authenticate


class HasAgencyToken(BasePermission):
    """Every address of the API needs a token, but for those that say otherwise."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, TokenContext)
