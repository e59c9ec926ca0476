"""The authorization server itself: Authlib's, with our store, our answers and only what FAPI 2.0 leaves."""

from __future__ import annotations

import json
import re
from typing import Any

from authlib.oauth2 import AuthorizationServer, OAuth2Error
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError
from django.http import HttpResponse

from . import clients, config, limits, rfc6749
from .digests import new_secret
from .forms import FormRequest
from .models import Client
from .models.client import CLIENT_ID
from .rfc7009 import RevocationEndpoint
from .rfc7523 import ClientAssertion
from .rfc7636 import S256Only
from .rfc7662 import IntrospectionEndpoint
from .rfc9126 import PushedAuthorizationEndpoint

_CLIENT_ID = re.compile(CLIENT_ID)


class UnsupportedGrantType(OAuth2Error):  # type: ignore[misc]
    """Authlib's own error repeats what was sent; ours does not."""

    error = "unsupported_grant_type"


class Server(AuthorizationServer):  # type: ignore[misc]
    """Authlib's framework-free server: its Django integration merges query and body, and signals."""

    def query_client(self, client_id: str) -> Client | None:
        if not _CLIENT_ID.fullmatch(client_id):
            return None
        return clients.active(client_id)

    def authenticate_client(self, request: FormRequest, methods: list[str], endpoint: str = "token") -> Client:
        client: Client = super().authenticate_client(request, methods, endpoint)
        limits.take("client", client.client_id, endpoint=endpoint)
        request.proved = client.client_id
        return client

    def save_token(self, token: dict[str, Any], request: FormRequest) -> None:
        rfc6749.save(token, request)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """No signals: what follows from what is written where it happens."""

    def create_oauth2_request(self, request: FormRequest) -> FormRequest:
        return request

    def get_token_grant(self, request: FormRequest) -> Any:
        if "grant_type" not in request.form:
            raise InvalidRequestError("grant_type is missing.")
        if request.form["grant_type"] not in config.GRANT_TYPES:
            raise UnsupportedGrantType(f"grant_type must be one of {', '.join(config.GRANT_TYPES)}.")
        return super().get_token_grant(request)

    def create_token_response(self, request: FormRequest) -> HttpResponse:
        try:
            grant = self.get_token_grant(request)
            grant.validate_token_request()
            return self._with_nonce(self.handle_response(*grant.create_token_response()), request)
        except OAuth2Error as error:
            return self.handle_error_response(request, error)

    def create_endpoint_response(self, name: str, request: FormRequest) -> HttpResponse:
        return self._with_nonce(super().create_endpoint_response(name, request), request)

    def _with_nonce(self, response: HttpResponse, request: FormRequest) -> HttpResponse:
        """RFC 9449, 8.2."""
        if request.next_nonce:
            response["DPoP-Nonce"] = request.next_nonce
        return response

    def handle_response(self, status: int, body: Any, headers: Any) -> HttpResponse:
        """RFC 6749, 5.1 and 5.2. All answers here are JSON: redirects are `responses`'s."""
        response = HttpResponse(json.dumps(body), status=status, content_type="application/json")
        response["Cache-Control"] = "no-store"
        response["Pragma"] = "no-cache"
        return response

    def handle_error_response(self, request: FormRequest | None, error: OAuth2Error) -> HttpResponse:
        unauthenticated = isinstance(error, InvalidClientError)
        status = 401 if unauthenticated else error.status_code
        # RFC 6749, 5.2: where a person reads about it; the same address as a problem's type (RFC 9457).
        about = {"error_uri": f"{config.issuer()}/problems/{error.error}"}
        response = self.handle_response(status, {**about, **dict(error.get_body())}, None)
        if retry_after := getattr(error, "retry_after", None):  # of limits, keysets
            response["Retry-After"] = str(retry_after)
        if nonce := getattr(error, "nonce", None):  # RFC 9449, 8
            response["DPoP-Nonce"] = nonce
        if unauthenticated:
            # RFC 9110, 15.5.2 wants a challenge; Authlib's says Basic, which nobody may use here.
            response["WWW-Authenticate"] = f'{config.AUTH_METHOD} realm="{config.issuer()}"'
        return response


def _new_token(*, include_refresh_token: bool, expires_in: int, **unused: Any) -> dict[str, Any]:
    token = {"token_type": "DPoP", "access_token": new_secret(), "expires_in": expires_in}
    return token | {"refresh_token": new_secret()} if include_refresh_token else token


server = Server()
server.register_client_auth_method(config.AUTH_METHOD, ClientAssertion())
server.register_token_generator("default", _new_token)
server.register_grant(rfc6749.CodeGrant, [S256Only(required=True)])
server.register_grant(rfc6749.RefreshGrant)
server.register_grant(rfc6749.AgencyGrant)
server.register_endpoint(PushedAuthorizationEndpoint)
server.register_endpoint(RevocationEndpoint)
server.register_endpoint(IntrospectionEndpoint)
