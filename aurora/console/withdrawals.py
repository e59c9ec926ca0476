"""Withdrawals: which agencies were told, which not, which confirmed; trying anew; and, for privacy officers, ending a consent that must end."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from aurora.console import present_withdrawals as present
from aurora.console.auth import for_roles, has_role, operator
from aurora.identity.models import Operator
from aurora.journeys import end_consents, tell_agencies
from consent import ids
from consent.errors import Conflict, InvalidInput, NotFound

Role = Operator.Role
RETRYING = (Role.OPERATIONS, Role.PRIVACY_OFFICER)


@require_safe
@for_roles(Role.AGENCY_OFFICER, *RETRYING, Role.AUDITOR)
def withdrawals(request: HttpRequest) -> HttpResponse:
    """How far agencies are, by agency, and what is in trouble."""
    may_end, may_retry = has_role(request, Role.PRIVACY_OFFICER), has_role(request, *RETRYING)
    page = present.withdrawals(request.GET.dict(), operator=operator(request).id, may_end=may_end, may_retry=may_retry, now=timezone.now())
    return render(request, "console/withdrawals.html", {"page": page})


@require_POST
@for_roles(*RETRYING)
def retry(request: HttpRequest, id: UUID) -> HttpResponse:
    """Try a given-up notice again: three days from now on."""
    tell_agencies.try_anew(delivery_id=id, now=timezone.now(), operator_id=operator(request).id)
    return HttpResponseRedirect(reverse("console:withdrawals"))


@require_POST
@for_roles(Role.PRIVACY_OFFICER)
def decide_order(request: HttpRequest) -> HttpResponse:
    """Confirm somebody else's order to end a source, or decline it; one's own is taken back. Anything but a yes is a no."""
    decide = end_consents.confirm_source_ending if request.POST.get("decision") == "confirm" else end_consents.decline_source_ending
    order = request.POST.get("order", "")
    if not (order.isascii() and order.isdigit() and len(order) <= 18):
        raise NotFound()
    decide(order_id=int(order), operator_id=operator(request).id, now=timezone.now())
    return HttpResponseRedirect(reverse("console:withdrawals"))


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(Role.PRIVACY_OFFICER)
def end_consent(request: HttpRequest) -> HttpResponse:
    """End one consent by its id or its grant's, or all at a source. Never by a name: who asks must have the id from the citizen or the agency."""
    wrong: dict[str, str] = {}
    if request.method == "POST":
        wrong = _source(request) if request.POST.get("what") == "source" else _one(request)
        if not wrong:
            return HttpResponseRedirect(reverse("console:withdrawals"))
    page = present.end_consent(request.POST, errors=wrong)
    return render(request, "console/end_consent.html", {"page": page}, status=400 if wrong else 200)


def _one(request: HttpRequest) -> dict[str, str]:
    """What was wrong with the form; empty when it is done."""
    reason, case = (request.POST.get(name, "")[:64] for name in ("reason", "case"))
    wrong = _checked(reason, case)
    wanted = ids.typed(request.POST.get("wanted", ""))
    if wanted is None:
        wrong["wanted"] = "wanted_wrong"
    if wrong or wanted is None:
        return wrong
    try:
        end_consents.by_operator(wanted=wanted, reason=reason, case=case, operator_id=operator(request).id, now=timezone.now())
    except (NotFound, Conflict):  # not told apart: an id that was typed wrong must not tell what there was
        return {"wanted": "wanted_wrong"}
    return {}


def _source(request: HttpRequest) -> dict[str, str]:
    source, reason, case = (request.POST.get(name, "")[:64] for name in ("source", "source_reason", "source_case"))
    wrong = {f"source_{field}": code for field, code in _checked(reason, case).items()}
    values: dict[str, Any] = {"source": source.replace("\x00", ""), "reason": reason, "case": case, "operator_id": operator(request).id}
    if wrong:
        return wrong
    try:
        end_consents.order_source_ending(now=timezone.now(), **values)
    except NotFound:
        return {"source": "source_required"}
    except Conflict:
        return {"source": "source_under_way"}
    return {}


def _checked(reason: str, case: str) -> dict[str, str]:
    try:
        end_consents.check(reason=reason, case=case)
    except InvalidInput as error:
        return dict(error.fields)
    return {}
