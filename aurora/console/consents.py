"""Whose consents stand, by purpose, agency and category, and what was decided by month: in tens, once a day, and never of fewer than ten people."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from aurora.console import present_consents
from aurora.console.auth import for_roles
from aurora.identity.models import Operator

Role = Operator.Role


@require_safe
@for_roles(Role.PRIVACY_OFFICER, Role.AGENCY_OFFICER, Role.AUDITOR)
def consents(request: HttpRequest) -> HttpResponse:
    """The newest figures."""
    return render(request, "console/consents.html", {"page": present_consents.page()})
