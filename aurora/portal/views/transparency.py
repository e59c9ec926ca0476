"""For everyone: how people's data were used, by month and agency, told of at least ten people; and the public log."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from aurora.portal.auth import for_everyone
from aurora.portal.present import public_log as present_log
from aurora.portal.present import transparency as present
from consent.errors import NotFound

FRESH = "public, max-age=300"


@require_safe
@for_everyone
def transparency(request: HttpRequest) -> HttpResponse:
    """One published month, and the log's newest checkpoint beside it."""
    page = present.page(request.GET.get("month", "")[:16], today=timezone.localdate())
    if page is None:
        raise NotFound()
    response = render(request, "portal/transparency.html", {"page": page})
    return response if request.user.is_authenticated else _public(response, "Cookie")


@require_safe
@for_everyone
def public_log(request: HttpRequest) -> HttpResponse:
    """How much is sealed, since when, and who watches; as it is now, so no cache keeps it."""
    return render(request, "portal/public_log.html", {"page": present_log.page()})


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    """All months, for programs."""
    return _file(request, present.as_json(), "application/json")


@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    """All months, as a table."""
    return _file(request, present.as_csv(), "text/csv; charset=utf-8; header=present")


def _file(request: HttpRequest, content: str, kind: str) -> HttpResponse:
    tag = f'"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'
    same = tag in request.headers.get("If-None-Match", "")
    response = HttpResponseNotModified() if same else HttpResponse(content, content_type=kind)
    response.headers["ETag"], response.headers["Access-Control-Allow-Origin"] = tag, "*"
    return _public(response)


def _public(response: HttpResponse, vary: str = "") -> HttpResponse:
    response.headers["Cache-Control"] = FRESH
    if vary:
        response.headers["Vary"] = vary
    return response
