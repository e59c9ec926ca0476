"""How the access log itself does: operations and auditors look, operations say that they have looked into an alarm."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from aurora.console import present_ledger as present
from aurora.console.auth import for_roles, has_role
from aurora.identity.models import Operator
from aurora.journeys import cosign

Role = Operator.Role


@require_safe
@for_roles(Role.OPERATIONS, Role.AUDITOR)
def ledger(request: HttpRequest) -> HttpResponse:
    """Newest checkpoint, what waits, keys, witnesses, alarms."""
    page = present.state(now=timezone.now(), may_see=has_role(request, Role.OPERATIONS))
    return render(request, "console/ledger.html", {"page": page})


@require_POST
@for_roles(Role.OPERATIONS)
def ledger_alarm(request: HttpRequest, id: int) -> HttpResponse:
    """Somebody has looked into an alarm. That somebody else did before is no error."""
    assert isinstance(request.user, Operator)
    cosign.acknowledge(alarm_id=id, by=request.user.pk, now=timezone.now())
    return HttpResponseRedirect(reverse("console:ledger"))
