"""Home."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from aurora.portal.auth import for_citizens, me
from aurora.portal.present import home as present
from consent.scope import citizen_scope


@require_safe
@for_citizens
def home(request: HttpRequest) -> HttpResponse:
    """What needs the citizen, what is new, and the way to everything else."""
    language = (translation.get_language() or "en")[:2]
    with citizen_scope(me(request)):
        page = present.home_page(citizen_id=me(request), language=language, now=timezone.now())
    return render(request, "portal/home.html", {"page": page})
