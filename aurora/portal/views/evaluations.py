"""Estimates: the models in use, one model, and the progress of its work."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from aurora.journeys import evaluate
from aurora.portal import polling
from aurora.portal.auth import for_citizens, me
from aurora.portal.present import evaluations as present
from consent.errors import NotFound
from consent.scope import citizen_scope


@require_safe
@for_citizens
def evaluations(request: HttpRequest) -> HttpResponse:
    """Other organisations' models, and what each needs."""
    with citizen_scope(me(request)):
        page = present.list_page(citizen_id=me(request), now=timezone.now())
    return render(request, "portal/evaluations.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@for_citizens
def evaluation(request: HttpRequest, id: UUID) -> HttpResponse:
    """One model and the citizen's own estimate; a POST asks for it. Without JavaScript the page reloads itself while it is worked out."""
    if request.method != "POST":
        return _evaluation(request, id, "portal/evaluation.html")
    evaluate.ask(citizen_id=me(request), evaluator_id=id, now=timezone.now())
    return HttpResponseRedirect(reverse("portal:evaluation", args=[id]))


@require_safe
@for_citizens
def evaluation_fragment(request: HttpRequest, id: UUID) -> HttpResponse:
    """The part of the page that changes."""
    return _evaluation(request, id, "portal/_evaluation.html")


def _evaluation(request: HttpRequest, version_id: UUID, template: str) -> HttpResponse:
    version = evaluate.seen(version_id)
    if version is None:
        raise NotFound()
    with citizen_scope(me(request)):
        page = present.page(version, citizen_id=me(request), now=timezone.now())
    return polling.answer(request, template, page, done=not page.fragment_url)
