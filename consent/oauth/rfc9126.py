"""RFC 9126: pushed authorization requests, the only way to ask (FAPI 2.0, 5.3.2.2). All is checked here, before a citizen sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import (
    Endpoint,
    EndpointRequest,
    InvalidRequestError,
    InvalidScopeError,
)
from authlib.oauth2.rfc6749.errors import OAuth2Error
from django.utils import timezone

from consent import days

from . import config, grant_management, rfc7636, rfc8707, rfc9396, rfc9449
from .digests import digest_of, new_secret
from .forms import FormRequest
from .models import Client, PushedRequest

URI_PREFIX = "urn:ietf:params:oauth:request_uri:"
_PRINTABLE = re.compile(r"[\x20-\x7e]*")  # RFC 6749, A.5


class UnsupportedResponseType(OAuth2Error):  # type: ignore[misc]
    """Authlib's own error repeats what was sent; ours does not."""

    error = "unsupported_response_type"


class PushedAuthorizationEndpoint(Endpoint):  # type: ignore[misc]
    """POST /oauth/par: authenticates the client, checks the request, keeps it under a digest for 90 s."""

    ENDPOINT_NAME = "pushed_authorization_request"

    def validate_request(self, request: FormRequest) -> EndpointRequest:
        """Raises `OAuth2Error`."""
        request.client = self.server.authenticate_client(request, [config.AUTH_METHOD], self.ENDPOINT_NAME)
        request.params = checked(request.form, request.client) | {"dpop_jkt": rfc9449.pushed_key(request, request.client)}
        return EndpointRequest(request, request.client)

    def create_response(self, validated_request: EndpointRequest) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        secret, now = new_secret(), timezone.now()
        PushedRequest.objects.create(
            digest=digest_of(secret),
            client=validated_request.client,
            params=validated_request.request.params,
            created_at=now,
            expires_at=now + config.REQUEST_LIFETIME,
        )
        body = {"request_uri": URI_PREFIX + secret, "expires_in": int(config.REQUEST_LIFETIME.total_seconds())}
        return 201, body, []


def checked(form: Mapping[str, str], client: Client) -> dict[str, Any]:
    """The parameters to keep; others are ignored (RFC 6749, 3.1). Raises `OAuth2Error`."""
    if {"request", "request_uri"} & set(form):  # RFC 9126, 2.1 for request_uri; request objects are no part of the profile
        raise InvalidRequestError("request and request_uri are not accepted here.")
    if form.get("client_id") != client.client_id:  # RFC 6749, 4.1.1: required; RFC 9126, 2: bound to the one authenticated
        raise InvalidRequestError("client_id must be that of the authenticated client.")
    if "response_type" not in form:
        raise InvalidRequestError("response_type is missing.")
    if form["response_type"] != "code":
        raise UnsupportedResponseType("response_type must be code.")
    if form.get("response_mode", "query") != "query":
        raise InvalidRequestError("response_mode must be query.")
    if form.get("scope", config.CITIZEN_SCOPE) != config.CITIZEN_SCOPE:
        raise InvalidScopeError(f"The only scope is {config.CITIZEN_SCOPE}: say the rest by authorization_details.")
    if not client.check_redirect_uri(form.get("redirect_uri", "")):
        raise InvalidRequestError("redirect_uri must be exactly one of those registered.")
    for name in ("state", "nonce"):
        if len(value := form.get(name, "")) > config.TEXT_LIMIT or not _PRINTABLE.fullmatch(value):
            raise InvalidRequestError(f"{name} must be at most {config.TEXT_LIMIT} printable ASCII characters.")
    challenge = rfc7636.challenge_of(form)
    if "authorization_details" not in form:
        raise InvalidRequestError("authorization_details is missing.")
    detail = rfc9396.parse(form["authorization_details"])
    rfc9396.judge(detail, client, days.today())
    return {
        "redirect_uri": form["redirect_uri"],
        "state": form.get("state"),
        "code_challenge": challenge,
        "detail": detail.as_json(),
        "resource": rfc8707.requested(form, client),
        **grant_management.requested(form, client, detail),
    }
