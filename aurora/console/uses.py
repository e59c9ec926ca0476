"""What agencies report of their uses, in totals: an operator sees who does not report, never of whom."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from aurora.console import present_uses
from aurora.console.auth import for_roles
from aurora.identity.models import Operator

Role = Operator.Role


@require_safe
@for_roles(Role.AGENCY_OFFICER, Role.PRIVACY_OFFICER, Role.OPERATIONS, Role.AUDITOR)
def uses(request: HttpRequest) -> HttpResponse:
    """By agency: how many reads are reported, and how many reports mean nothing that was read."""
    return render(request, "console/uses.html", {"page": present_uses.page(now=timezone.now())})
