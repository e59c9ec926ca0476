"""The overview: what needs an operator now, how processes, sources and the pull queue do, the log. No row of any citizen."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from aurora.console import present
from aurora.console.auth import for_operators, operator
from aurora.ui.console_layout import may_open


@require_safe
@for_operators
def overview(request: HttpRequest) -> HttpResponse:
    """How Aurora is doing, as far as one's roles go."""
    page = present.overview(now=timezone.now(), opens=partial(may_open, roles=operator(request).roles))
    return render(request, "console/overview.html", {"page": page})
