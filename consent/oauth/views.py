"""The clients' endpoints. A view reads the form and hands it on; every rule is in the module of its RFC."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from authlib.oauth2 import OAuth2Error
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from consent import signing

from . import limits, rfc8414, rfc9396, rfc9728
from .forms import FormRequest
from .server import server


def _endpoint(answer: Callable[[FormRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """POST only, by key and not by cookie, hence without CSRF token. What a refusal leaves behind (a used `jti`, a revocation)
    must stay, hence without a transaction around the whole."""

    @csrf_exempt
    @require_POST
    @transaction.non_atomic_requests
    @wraps(answer)
    def view(request: HttpRequest) -> HttpResponse:
        try:
            limits.take("address", limits.address_of(request), endpoint=request.path)
            form = FormRequest(request)
        except OAuth2Error as error:
            return server.handle_error_response(None, error)
        response = answer(form)
        request.proved_client = form.proved  # type: ignore[attr-defined]
        return response

    return view


@_endpoint
def par(form: FormRequest) -> HttpResponse:
    response: HttpResponse = server.create_endpoint_response("pushed_authorization_request", form)
    return response


@_endpoint
def token(form: FormRequest) -> HttpResponse:
    return server.create_token_response(form)


@_endpoint
def revoke(form: FormRequest) -> HttpResponse:
    response: HttpResponse = server.create_endpoint_response("revocation", form)
    return response


@_endpoint
def introspect(form: FormRequest) -> HttpResponse:
    response: HttpResponse = server.create_endpoint_response("introspection", form)
    return response


@require_GET
def authorization_server(request: HttpRequest) -> HttpResponse:
    return _public(rfc8414.metadata())


@require_GET
def protected_resource(request: HttpRequest) -> HttpResponse:
    return _public(rfc9728.metadata())


@require_GET
def jwks(request: HttpRequest) -> HttpResponse:
    return _public(signing.jwks())


@require_GET
def authorization_details(request: HttpRequest) -> HttpResponse:
    return _public(rfc9396.published())


def _public(metadata: dict[str, Any]) -> HttpResponse:
    response = JsonResponse(metadata)
    response["Cache-Control"] = "public, max-age=300"
    return response
