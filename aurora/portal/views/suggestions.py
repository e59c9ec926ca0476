"""Suggestions, why a service is or is not among them, and having them made again."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_POST, require_safe

from aurora.journeys import replay, suggest
from aurora.journeys._door import AccessRefused
from aurora.portal.auth import for_citizens, me
from aurora.portal.present import feedback as present_feedback
from aurora.portal.present import suggestions as present
from aurora.portal.present import why as present_why
from aurora.portal.present.vocabulary import Vocabulary
from aurora.portal.views.services import gone
from consent import ids
from consent.errors import NotFound
from recommender.catalogue import store


@require_safe
@for_citizens
def suggestions(request: HttpRequest) -> HttpResponse:
    """Services that could help, why, and what would settle what is open."""
    try:
        made = suggest.suggest(citizen_id=me(request), now=timezone.now())
        page = present.page(made, Vocabulary(), _language(), upto=request.GET.get(present.UPTO, ""))
    except (AccessRefused, suggest.NothingAllowed):
        page = present.refused_page()
    present_feedback.note_shown(request, page, citizen_id=me(request))
    return render(request, "portal/suggestions.html", {"page": present_feedback.added(request, page, citizen_id=me(request))})


@require_safe
@for_citizens
def why(request: HttpRequest, service: str) -> HttpResponse:
    """Why a service is suggested, or why not; 410 where it is in the catalogue no more."""
    found = store.current().get(service)
    if found is None:
        return gone(request, service)
    try:
        page = present_why.page(*suggest.explain(citizen_id=me(request), service=service, now=timezone.now()), Vocabulary(), _language())
    except (AccessRefused, suggest.NothingAllowed):
        page = present_why.refused_page(found)
    except suggest.NotInCatalogue:
        return gone(request, service)
    return render(request, "portal/suggestion_why.html", {"page": page})


@require_POST
@for_citizens
def recompute(request: HttpRequest) -> HttpResponse:
    """Suggestions that were shown, made again."""
    run_id = ids.typed(request.POST.get("run", ""))
    if run_id is None:
        raise NotFound()
    now = timezone.now()
    page = present.recomputed_page(replay.recompute_own(citizen_id=me(request), run_id=run_id, now=now), now)
    return render(request, "portal/recomputed.html", {"page": page})


def _language() -> str:
    return (translation.get_language() or "en")[:2]
