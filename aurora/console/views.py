"""The overview: agencies, sources, the pull queue, consents as suppressed counts, the ledger. No row of any citizen."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from aurora.console import present
from aurora.console.auth import for_operators


@require_safe
@for_operators
def overview(request: HttpRequest) -> HttpResponse:
    """How Aurora is doing."""
    return render(request, "console/overview.html", {"page": present.overview(now=timezone.now())})
