"""The developers' pages, open to everyone; and what programs fetch beside them: the OpenAPI documents, the changelog's feed, a problem's type."""

from __future__ import annotations

from functools import cache

import yaml
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_safe

from aurora.portal import feeds
from aurora.portal.auth import for_everyone
from aurora.portal.errors import problem as problem_document
from aurora.portal.present import developers as present
from aurora.portal.present import limits as present_limits
from aurora.ui.developers import documents, openapi, problems
from consent import queries

KEPT = {"Cache-Control": "public, max-age=300"}


@require_safe
@for_everyone
def index(request: HttpRequest) -> HttpResponse:
    """Where to begin."""
    return render(request, "developers/index.html", {"page": present.index()})


@require_safe
@for_everyone
def document(request: HttpRequest, name: str) -> HttpResponse:
    """One of the guide's documents, or a chapter of one, where the installation has them."""
    if not documents.is_there(name):
        raise Http404
    return render(request, "developers/document.html", {"page": present.document(name)})


@require_safe
@for_everyone
def concepts(request: HttpRequest) -> HttpResponse:
    """Purposes and categories."""
    return render(request, "developers/concepts.html", {"page": present.concepts()})


@require_safe
@for_everyone
def category(request: HttpRequest, code: str) -> HttpResponse:
    """One category's facts and its schema."""
    found = next(iter(queries.current_categories([code])), None) if code.isprintable() else None
    if found is None:
        raise Http404
    return render(request, "developers/category.html", {"page": present.category(found)})


@require_safe
@for_everyone
def authorization(request: HttpRequest) -> HttpResponse:
    """From the pushed request to the first read."""
    return render(request, "developers/authorization.html", {"page": present.authorization()})


@require_safe
@for_everyone
def webhooks(request: HttpRequest) -> HttpResponse:
    """Notices, and how they are verified."""
    return render(request, "developers/webhooks.html", {"page": present.webhooks()})


@require_safe
@for_everyone
def reference(request: HttpRequest) -> HttpResponse:
    """All operations."""
    return render(request, "developers/reference.html", {"page": present.reference()})


@require_safe
@for_everyone
def operation(request: HttpRequest, identifier: str) -> HttpResponse:
    """One operation."""
    found = openapi.operations().get(identifier)
    if found is None:
        raise Http404
    return render(request, "developers/operation.html", {"page": present.operation(found)})


@require_safe
@for_everyone
def limits(request: HttpRequest) -> HttpResponse:
    """How often, how large, how long."""
    return render(request, "developers/limits.html", {"page": present_limits.page()})


@require_safe
@for_everyone
def all_problems(request: HttpRequest) -> HttpResponse:
    """Every code."""
    return render(request, "developers/problems.html", {"page": present.all_problems()})


@require_safe
@for_everyone
def problem(request: HttpRequest, code: str) -> HttpResponse:
    """One code: what it means and what to do."""
    found = problems.table().get(code)
    if found is None:
        raise Http404
    return render(request, "developers/problem.html", {"page": present.problem(found)})


@require_safe
@for_everyone
def changelog(request: HttpRequest) -> HttpResponse:
    """What has changed."""
    return render(request, "developers/changelog.html", {"page": present.changelog()})


# What has no language in its address.


@require_safe
def problem_type(request: HttpRequest, code: str) -> HttpResponse:
    """A problem's `type` (RFC 9457, 3.1.1): its page in the reader's language, or the same for programs."""
    found = problems.table().get(code)
    as_json = request.get_preferred_type(["text/html", "application/json"]) == "application/json"
    if found is None:
        if as_json:
            return problem_document(404, "not_found")
        raise Http404
    if as_json:
        return JsonResponse(found.as_json(), headers={**KEPT, "Vary": "Accept"})
    with translation.override(translation.get_language_from_request(request)):
        where = reverse("portal:developers_problem", args=[code])
    return HttpResponseRedirect(where, status=303, headers={"Vary": "Accept, Accept-Language, Cookie"})


@require_safe
def openapi_json(request: HttpRequest) -> HttpResponse:
    """The document, as the repository keeps it."""
    return HttpResponse(openapi.FILE.read_bytes(), content_type="application/json", headers=KEPT)


@require_safe
def openapi_yaml(request: HttpRequest) -> HttpResponse:
    """The same as YAML."""
    return HttpResponse(_yaml(), content_type="application/yaml", headers=KEPT)


@cache
def _yaml() -> str:
    return str(yaml.safe_dump(openapi.document(), sort_keys=False, allow_unicode=True))


@require_safe
def api_changes(request: HttpRequest) -> HttpResponse:
    """The changelog as an Atom feed (RFC 4287)."""
    return HttpResponse(feeds.api_changes(), content_type="application/atom+xml; charset=utf-8", headers=KEPT)
