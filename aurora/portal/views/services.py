"""The service catalogue, open to everyone: search, one service, and the same as linked data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from aurora.identity.models import Citizen
from aurora.portal import forms
from aurora.portal.auth import for_everyone
from aurora.portal.present import services as present
from aurora.ui import formats
from consent.errors import NotFound
from recommender.catalogue import linked, store
from recommender.catalogue.model import PublicService
from recommender.catalogue.search import LONGEST_QUERY

FRESH = 300  # seconds that caches may keep linked data without asking again


@require_safe
@for_everyone
def services(request: HttpRequest) -> HttpResponse:
    """Search and filters."""
    query = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY]
    page = present.page(query, request.GET, number=forms.page_number(request.GET), today=_today(), language=formats.language())
    return render(request, "portal/services.html", {"page": page})


@require_safe
@for_everyone
def service(request: HttpRequest, identifier: str) -> HttpResponse:
    """One service; 410 where it is in the catalogue no more."""
    if request.get_preferred_type(["text/html", linked.MEDIA_TYPE]) == linked.MEDIA_TYPE:
        return data(request, identifier)
    catalogue, language, signed_in = store.current(), formats.language(), isinstance(request.user, Citizen)
    if identifier not in catalogue:
        return gone(request, identifier)
    page = present.service_page(catalogue[identifier], catalogue=catalogue, today=_today(), language=language, signed_in=signed_in)
    return render(request, "portal/service.html", {"page": page})


def gone(request: HttpRequest, identifier: str) -> HttpResponse:
    """Says that the catalogue has the service no more. Raises `NotFound` where it never had it."""
    page = present.gone_page(_retired(identifier), formats.language())
    return render(request, "portal/service.html", {"page": page}, status=410)


@require_safe
def data(request: HttpRequest, identifier: str) -> HttpResponse:
    """A service in CPSV-AP, as JSON-LD."""
    catalogue = store.current()
    if identifier not in catalogue:
        return HttpResponse(status=410 if _retired(identifier) else 404)
    found = catalogue[identifier]
    return _linked_data(request, found.version, lambda: linked.service(found, address=_address))


@require_safe
def all_data(request: HttpRequest) -> HttpResponse:
    """The catalogue in use, a page of services at a time."""
    catalogue, number = store.current(), forms.page_number(request.GET)
    return _linked_data(request, f"{catalogue.version}-{number}", lambda: linked.page(catalogue, number=number, address=_address))


def _linked_data(request: HttpRequest, version: str, write: Callable[[], str]) -> HttpResponse:
    tag = f'"{version}"'
    same = tag in request.headers.get("If-None-Match", "")
    response = HttpResponseNotModified() if same else HttpResponse(write(), content_type=linked.MEDIA_TYPE)
    headers = {"ETag": tag, "Cache-Control": f"public, max-age={FRESH}", "Vary": "Accept", "Access-Control-Allow-Origin": "*"}
    for name, value in headers.items():
        response.headers[name] = value
    return response


def _retired(identifier: str) -> PublicService:
    """What is known of a service that is in the catalogue no more. Raises `NotFound` where it never was."""
    found = store.last_known(identifier)
    if found is None:
        raise NotFound()
    return found


def _address(identifier: str) -> str:
    """Where linked data are, by our own name and not by the one that was asked for: caches keep the answer for others."""
    path = reverse("service_data", args=[identifier]) if identifier else reverse("services_data")
    return f"{settings.AURORA_BASE_URL}{path}"


def _today() -> date:
    return timezone.localdate()
