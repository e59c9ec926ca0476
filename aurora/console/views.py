"""The overview: agencies, sources, the pull queue, consents as suppressed counts, the ledger. No row of any citizen."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from aurora.console import break_glass, present, present_break_glass
from aurora.console.auth import for_operators, has_role
from aurora.identity.models import Operator

Role = Operator.Role


@require_safe
@for_operators
def overview(request: HttpRequest) -> HttpResponse:
    """How Aurora is doing."""
    agencies = reverse("console:agencies") if has_role(request, Role.AGENCY_OFFICER, Role.AUDITOR) else ""
    models = reverse("console:models") if has_role(request, Role.MODEL_STEWARD, Role.AUDITOR) else ""
    monitoring = reverse("console:monitoring") if models else ""
    ledger = reverse("console:ledger") if has_role(request, Role.OPERATIONS, Role.AUDITOR) else ""
    glass = present_break_glass.for_overview(now=timezone.now()) if has_role(request, *break_glass.READERS) else ("", 0)
    page = present.overview(
        now=timezone.now(), agencies_url=agencies, models_url=models, monitoring_url=monitoring, ledger_url=ledger, glass=glass
    )
    return render(request, "console/overview.html", {"page": page})
