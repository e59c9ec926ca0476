"""Lawful delay: what auditors see of it, counts alone; and which agencies may, which two agency officers decide."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from aurora.console import present_delays as present
from aurora.console.auth import for_roles, has_role, operator
from aurora.identity.models import Operator
from aurora.journeys import allow_delay
from consent.errors import InvalidInput

Role = Operator.Role
_DECISIONS = {"approve": allow_delay.approve, "decline": allow_delay.decline, "end": allow_delay.end}


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(Role.AUDITOR, Role.AGENCY_OFFICER, post=[Role.AGENCY_OFFICER])
def delays(request: HttpRequest) -> HttpResponse:
    """Counts by agency, law and month, what is overdue, and the permissions; POST asks for one."""
    wrong, may_write = dict[str, str](), has_role(request, Role.AGENCY_OFFICER)
    if request.method == "POST" and not (wrong := _asked(request)):
        return HttpResponseRedirect(reverse("console:delays"))
    page = present.delays(request.GET.dict(), request.POST, operator=operator(request).pk, may_write=may_write, errors=wrong)
    return render(request, "console/delays.html", {"page": page}, status=400 if wrong else 200)


@require_POST
@for_roles(Role.AGENCY_OFFICER)
def decide(request: HttpRequest, id: UUID) -> HttpResponse:
    """Agree to a permission, decline or take it back, or end it. What cannot be done is said with its status."""
    verb = _DECISIONS.get(request.POST.get("decision", ""))
    if verb is None:
        raise InvalidInput({"decision": "decision"})
    verb(operator=operator(request), permission_id=id, now=timezone.now())
    return HttpResponseRedirect(reverse("console:delays"))


def _asked(request: HttpRequest) -> dict[str, str]:
    """What was wrong with the form; empty when it is asked for."""
    agency, law, reason = (request.POST.get(name, "").replace("\x00", "")[:400] for name in ("agency", "law", "reason"))
    try:
        allow_delay.ask(operator=operator(request), agency_code=agency, law=law, reason=reason, now=timezone.now())
    except InvalidInput as error:
        return error.fields
    except allow_delay.PermissionOpen as error:
        return {"law": error.code}
    return {}
