"""How our own models do, for whom: stewards and auditors look, nobody changes anything here."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from aurora.console import present_monitoring as present
from aurora.console.auth import for_roles
from aurora.identity.models import Operator
from recommender.monitoring.models import MonitoringReport


@require_safe
@for_roles(Operator.Role.MODEL_STEWARD, Operator.Role.AUDITOR)
def monitoring(request: HttpRequest) -> HttpResponse:
    """The reports, and one of them by one measure."""
    measure = request.GET.get("measure", "entitled_shown")
    if measure not in present.MEASURES:
        raise Http404
    wanted = request.GET.get("report", "")
    page = present.monitoring(chosen=_report(wanted) if wanted else None, measure=measure, today=timezone.localdate())
    return render(request, "console/monitoring.html", {"page": page})


def _report(text: str) -> MonitoringReport:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Http404
    return get_object_or_404(MonitoringReport, pk=int(text))
