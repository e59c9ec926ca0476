"""The operators' trail: auditors read everybody's, each operator their own. Reading it is noted too."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from aurora.console import present_trail as present
from aurora.console.auth import for_operators, for_roles, operator
from aurora.identity.models import Operator


@require_safe
@for_roles(Operator.Role.AUDITOR)
def audit(request: HttpRequest) -> HttpResponse:
    """Everybody's, by operator, kind, deed and day."""
    return render(request, "console/audit.html", {"page": present.everybodys(request.GET)})


@require_safe
@for_roles(Operator.Role.AUDITOR)
def audit_csv(request: HttpRequest) -> HttpResponseBase:
    """The same as a file, sent as it is read."""
    name = f'attachment; filename="aurora-operators-{timezone.localdate().isoformat()}.csv"'
    pieces = present.lines(present.wanted(request.GET))
    return StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


@require_safe
@for_operators
def own_trail(request: HttpRequest) -> HttpResponse:
    """What is noted of whoever sits there."""
    return render(request, "console/own_trail.html", {"page": present.own(operator(request), request.GET)})
