"""Answers of the authorization server: redirects with `iss` (RFC 9207) and JSON errors (RFC 6749 section 5.2)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from aurora.sandbox.errors import OAuthError, PageError


def redirect(url: str) -> HttpResponse:
    """303, so that a form's POST never travels on (RFC 9700 section 4.12)."""
    return HttpResponse(status=303, headers={"Location": url, "Cache-Control": "no-store"})


def with_query(url: str, values: dict[str, str]) -> str:
    """`url` with the values that are not empty added to its query."""
    parts = urlsplit(url)
    added = urlencode({name: value for name, value in values.items() if value})
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added)))))


def back_to_client(redirect_uri: str, *, issuer: str, state: str, **values: str) -> HttpResponse:
    """The authorization response, success or error, always with `iss`."""
    return redirect(with_query(redirect_uri, {**values, "state": state, "iss": issuer}))


def error_to_client(redirect_uri: str, error: OAuthError, *, issuer: str, state: str) -> HttpResponse:
    return back_to_client(redirect_uri, issuer=issuer, state=state, error=error.code, error_description=error.sentence)


def oauth_json(payload: dict[str, Any], *, status: int = 200) -> JsonResponse:
    """JSON that no cache keeps (RFC 6749 section 5.1)."""
    return JsonResponse(payload, status=status, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def back_channel(view: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """A POST endpoint for clients, not for browsers: errors become JSON."""

    @csrf_exempt
    @require_http_methods(["POST"])
    @wraps(view)
    def wrapped(request: HttpRequest) -> HttpResponseBase:
        try:
            return view(request)
        except (OAuthError, PageError) as error:
            answer = oauth_json({"error": error.code, "error_description": error.sentence}, status=error.status)
            if error.status == 401:
                answer["WWW-Authenticate"] = "private_key_jwt"
            return answer

    return wrapped
