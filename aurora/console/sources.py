"""Sources: what waits at each, which is left alone, and what failed; and having that tried again. No row of any citizen."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from aurora.console import present_sources as present
from aurora.console.auth import for_roles, has_role, operator
from aurora.identity.models import Operator
from aurora.journeys import retry_pulls
from consent.errors import InvalidInput, NotFound

Role = Operator.Role


@require_safe
@for_roles(Role.OPERATIONS, Role.AUDITOR)
def sources(request: HttpRequest) -> HttpResponse:
    """Queues, limits, breakers and dead letters."""
    page = present.sources(now=timezone.now(), may_retry=has_role(request, Role.OPERATIONS))
    return render(request, "console/sources.html", {"page": page})


@require_POST
@for_roles(Role.OPERATIONS)
def retry(request: HttpRequest) -> HttpResponse:
    """Have what failed at one source with one error tried again."""
    source, error = (request.POST.get(name, "")[:64].replace("\x00", "") for name in ("source", "error"))
    try:
        retry_pulls.retry(source_code=source, error=error, operator_id=operator(request).id, now=timezone.now())
    except InvalidInput:
        raise NotFound() from None  # no button of the page sends it
    return HttpResponseRedirect(reverse("console:sources"))
