"""Suggestions."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from aurora.journeys import suggest
from aurora.journeys._door import AccessRefused
from aurora.portal.auth import for_citizens, me
from aurora.portal.present import suggestions as present
from aurora.portal.present.vocabulary import Vocabulary


@require_safe
@for_citizens
def suggestions(request: HttpRequest) -> HttpResponse:
    """Services that could help, why, and what would settle what is open."""
    language = (translation.get_language() or "en")[:2]
    try:
        page = present.page(suggest.suggest(citizen_id=me(request), now=timezone.now()), Vocabulary(), language)
    except AccessRefused:
        page = present.refused_page()
    return render(request, "portal/suggestions.html", {"page": page})
