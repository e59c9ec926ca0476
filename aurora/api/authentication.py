"""Who calls the agency API: who holds an access token and the key that it is bound to (RFC 9449).

`AgencyToken`, the default: a citizen's consent. For views of the agency itself: `authentication_classes = [AgencyItself]`,
`permission_classes = [needs("events")]`, and `aurora.api.base.AgencyView` as the base.
"""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from aurora.api import guesses
from consent.oauth import tokens
from consent.oauth.errors import InvalidToken
from consent.oauth.rfc9449 import Call
from consent.oauth.tokens import ClientContext, TokenContext


class Caller:
    """What DRF takes for a user: an agency. It has no rights of its own; what it may do its token says."""

    is_authenticated = True

    def __init__(self, token: TokenContext | ClientContext) -> None:
        self.token = token
        self.pk = token.client_id


class NotAuthenticated(AuthenticationFailed):
    """A 401 with the headers of `InvalidToken`: DRF sets `auth_header`, the mapper of problems the nonce."""

    def __init__(self, error: InvalidToken) -> None:
        super().__init__(error.sentence, code=error.code if error.presented else "not_authenticated")
        self.nonce = error.nonce


class AgencyToken(BaseAuthentication):
    """A citizen's consent. The token is read from the Authorization header only (FAPI 2.0, 5.3.4: never from query or form)."""

    def context(self, call: Call) -> TokenContext | ClientContext:
        return tokens.authenticate(call)

    def authenticate(self, request: Request) -> tuple[Caller, TokenContext | ClientContext]:
        try:
            token = self.context(Call.of(request._request))
        except InvalidToken as error:
            request._request.dpop_challenge = error.www_authenticate  # type: ignore[attr-defined]
            guesses.note(request._request, error)
            raise NotAuthenticated(error) from None
        request._request.dpop_context = token  # type: ignore[attr-defined]
        return Caller(token), token

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401. DRF asks an authenticator that it makes anew, whatever the exception carries."""
        challenge = getattr(request._request, "dpop_challenge", None)
        return str(challenge or InvalidToken(presented=False).www_authenticate)


class AgencyItself(AgencyToken):
    """The agency in its own name, by a token of `client_credentials`. What it may, `needs` asks for."""

    def context(self, call: Call) -> ClientContext:
        return tokens.authenticate_client(call)


class HasAgencyToken(BasePermission):
    """Every address of the API needs a citizen's token, but for those that say otherwise."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, TokenContext)


class InsufficientScope(PermissionDenied):
    """RFC 6750, 3.1: 403 with the scope that is needed."""

    default_code = "insufficient_scope"

    def __init__(self, scope: str) -> None:
        super().__init__(f"The access token does not have the scope {scope}.")
        self.auth_header = f'DPoP error="insufficient_scope", scope="{scope}"'


def needs(scope: str) -> type[BasePermission]:
    """A permission for views of `AgencyItself`: the token must have this scope, else `InsufficientScope`."""

    class HasScope(BasePermission):
        def has_permission(self, request: Request, view: Any) -> bool:
            if isinstance(request.auth, ClientContext) and scope not in request.auth.scopes:
                raise InsufficientScope(scope)
            return isinstance(request.auth, ClientContext)

    return HasScope
