"""Reads a client's POST: one way to say a thing, in the body only. What is unclear is refused before anything looks at it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from authlib.oauth2.rfc6749 import (
    InsecureTransportError,
    InvalidRequestError,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError

from . import config
from .errors import InvalidTarget

_FIELDS = 50


class FormRequest(OAuth2Request):  # type: ignore[misc]
    """Authlib's view of the request. `form`: name to value, each given once and not empty (RFC 6749, 3.1 and 3.2)."""

    def __init__(self, request: HttpRequest) -> None:
        """Raises `OAuth2Error`: `insecure_transport`, `invalid_request`."""
        if not request.is_secure() and not config.plain_http_allowed():
            raise InsecureTransportError()
        # The address that clients know, not the Host header: nothing that a sender chooses decides on what is secure.
        super().__init__(request.method, f"{config.issuer()}{request.path}", headers=request.headers)
        self.path = request.path
        self.next_nonce = ""  # for the answer's DPoP-Nonce, see rfc9449
        self.proved = ""  # the client that has proved who it is
        self._parameters = _parameters(request)
        self.payload = BasicOAuth2Payload(self._parameters)

    @property
    def args(self) -> dict[str, str]:
        return {}

    @property
    def form(self) -> dict[str, str]:
        return self._parameters


def _parameters(request: HttpRequest) -> dict[str, str]:
    if request.META.get("QUERY_STRING"):
        # RFC 6749, 2.3.1 and 3.2: parameters, credentials first of all, do not belong where proxies and logs keep them.
        raise InvalidRequestError("Send parameters in the request body only.")
    if request.content_type != "application/x-www-form-urlencoded":
        raise InvalidRequestError("Send application/x-www-form-urlencoded.")
    if (request.content_params or {}).get("charset", "utf-8").lower() != "utf-8":
        raise InvalidRequestError("Send UTF-8.")
    try:
        pairs: list[tuple[str, str]] = _pairs(_body(request))
    except ValueError:
        raise InvalidRequestError("The request body is malformed.") from None
    names = [name for name, _ in pairs]
    if names.count("resource") > 1:  # RFC 8707, 2 lets a request name several; we issue for one audience
        raise InvalidTarget("Give one resource.")
    if len(set(names)) != len(names):
        raise InvalidRequestError("A parameter is given more than once.")
    if any("\x00" in name or "\x00" in value for name, value in pairs):
        raise InvalidRequestError("A parameter has a character that is not allowed.")
    return {name: value for name, value in pairs if value}


def _pairs(body: bytes) -> list[tuple[str, str]]:
    if not body:
        return []
    arguments: dict[str, Any] = {"keep_blank_values": True, "strict_parsing": True, "max_num_fields": _FIELDS}
    return parse_qsl(body.decode("ascii"), encoding="utf-8", errors="strict", **arguments)


def _body(request: HttpRequest) -> bytes:
    try:
        announced = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise InvalidRequestError("The Content-Length is malformed.") from None
    if announced > config.BODY_LIMIT:
        raise _too_large()
    try:
        body = request.body
    except RequestDataTooBig:
        raise _too_large() from None
    except UnreadablePostError:
        raise InvalidRequestError("The request body did not arrive.") from None
    if len(body) > config.BODY_LIMIT:
        raise _too_large()
    return body


def _too_large() -> InvalidRequestError:
    return InvalidRequestError(f"A request has at most {config.BODY_LIMIT} bytes.", status_code=413)  # RFC 9126, 2.3
