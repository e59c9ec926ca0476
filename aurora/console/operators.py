"""Operators: administrators ask, agree, take and suspend, auditors look on. A view reads the form and hands it to the journey."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from aurora.console import posted
from aurora.console import present_operators as present
from aurora.console.auth import for_roles, has_recent_factor, has_role, operator, with_recent_factor
from aurora.identity.models import Operator, OperatorRequest
from aurora.journeys import manage_operators as journey
from consent.errors import AuroraError, InvalidInput, NotFound

Role = Operator.Role
FORM = ["GET", "HEAD", "POST"]
Faults = dict[str, str]
_sent = partial(posted.text, most=400)
_OF_ROLE = {"give": journey.give, "take": journey.take}
_OF_ACCOUNT = {"reset": journey.reset, "suspend": journey.suspend, "restore": journey.restore}


@require_safe
@for_roles(Role.ADMINISTRATOR, Role.AUDITOR)
def operators(request: HttpRequest) -> HttpResponse:
    """Who is an operator, with which roles; what waits for a second person; what was decided."""
    page = present.operators(request.GET.dict(), may_write=has_role(request, Role.ADMINISTRATOR))
    return render(request, "console/operators.html", {"page": page})


@require_http_methods(FORM)
@for_roles(Role.ADMINISTRATOR)
@with_recent_factor
def invite(request: HttpRequest) -> HttpResponse:
    """Ask for a new operator."""
    wrong = Faults()
    if request.method == "POST":
        given = {name: _sent(request, name) for name in ("username", "name", "reason")}
        try:
            made = journey.invite(operator=operator(request), roles=request.POST.getlist("roles"), now=timezone.now(), **given)
            return HttpResponseRedirect(reverse("console:operator_request", args=[made.pk]))
        except AuroraError as error:
            wrong = _faults(error, "username")
    page = present.invite(request.POST, fresh=has_recent_factor(request), errors=wrong)
    return render(request, "console/operator_invite.html", {"page": page}, status=400 if wrong else 200)


@require_http_methods(FORM)
@for_roles(Role.ADMINISTRATOR, Role.AUDITOR, post=[Role.ADMINISTRATOR])
@with_recent_factor
def one(request: HttpRequest, id: UUID) -> HttpResponse:
    """One operator, and what is asked for or done about them."""
    found, wrong = get_object_or_404(Operator, pk=id), Faults()
    if request.method == "POST":
        done = _done(request, id)
        if isinstance(done, OperatorRequest):
            return HttpResponseRedirect(_after(done))
        wrong = done
    page = present.operator(found, reader=operator(request), fresh=has_recent_factor(request), sent=request.POST, errors=wrong)
    return render(request, "console/operator.html", {"page": page}, status=400 if wrong else 200)


@sensitive_variables("half")
@require_http_methods(FORM)
@for_roles(Role.ADMINISTRATOR, Role.AUDITOR, post=[Role.ADMINISTRATOR])
@with_recent_factor
def asked(request: HttpRequest, id: UUID) -> HttpResponse:
    """One request, and the decision on it. A secret is shown in the answer to the POST that asks for it, and nowhere else."""
    found, wrong, half = get_object_or_404(OperatorRequest, pk=id), Faults(), ""
    if request.method == "POST":
        wrong, half = _decided(request, id)
        if not wrong and not half:
            return HttpResponseRedirect(reverse("console:operator_request", args=[id]))
        found.refresh_from_db()
    page = present.request(found, reader=operator(request), fresh=has_recent_factor(request), errors=wrong, half=half)
    return render(request, "console/operator_request.html", {"page": page}, status=400 if wrong else 200)


def _done(request: HttpRequest, id: UUID) -> OperatorRequest | Faults:
    """What was asked for or done, or what was wrong."""
    decision, role = request.POST.get("decision", ""), request.POST.get("role", "")[:16]
    given: dict[str, Any] = {"operator": operator(request), "subject_id": id, "reason": _sent(request, "reason"), "now": timezone.now()}
    try:
        if verb := _OF_ROLE.get(decision):
            return verb(role=role, **given)
        if account := _OF_ACCOUNT.get(decision):
            return account(**given)
    except AuroraError as error:
        return _faults(error, "decision")
    return {"decision": "operator_decision"}


def _decided(request: HttpRequest, id: UUID) -> tuple[Faults, str]:
    """What was wrong with the decision, and the secret that was asked for."""
    decision = request.POST.get("decision", "")
    given: dict[str, Any] = {"operator": operator(request), "request_id": id, "now": timezone.now()}
    try:
        if decision == "half":
            return {}, journey.show_half(**given)
        if decision in ("approve", "decline"):
            journey.decide(agree=decision == "approve", **given)
            return {}, ""
    except AuroraError as error:
        if isinstance(error, InvalidInput):
            return {"decision": "operator_impossible"}, ""
        return _faults(error, "decision"), ""
    return {"decision": "operator_decision"}, ""


def _after(done: OperatorRequest) -> str:
    if done.state == OperatorRequest.State.OPEN:
        return reverse("console:operator_request", args=[done.pk])
    return reverse("console:operator", args=[done.subject_id])


def _faults(error: AuroraError, field: str) -> Faults:
    """The fields of a refused form; any other refusal stands at one field. What is not for this operator goes on up."""
    if isinstance(error, journey.NotAnAdministrator | NotFound):
        raise error
    return dict(error.fields) if isinstance(error, InvalidInput) else {field: error.code}
