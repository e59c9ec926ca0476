"""Break-glass: privacy officers ask, decide and read, auditors judge, operations look on. A view reads the form and hands it to the journey."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from aurora.console import posted
from aurora.console import present_break_glass as present
from aurora.console.auth import for_roles, has_role, operator, with_recent_factor
from aurora.identity.models import Operator
from aurora.journeys import break_glass as journey
from consent.breakglass.models import Request
from consent.errors import Conflict, InvalidInput
from consent.two_people import SamePerson

Role = Operator.Role
READERS = (Role.PRIVACY_OFFICER, Role.AUDITOR, Role.OPERATIONS)
FORM = ["GET", "HEAD", "POST"]
Faults = dict[str, str]
LONGEST = 2000  # characters of a field that are looked at
_sent = partial(posted.text, most=LONGEST)


@require_safe
@for_roles(*READERS)
def break_glass(request: HttpRequest) -> HttpResponse:
    """The requests, what is overdue, and what operators tried."""
    after = request.GET.get("after", "")
    may_ask = has_role(request, Role.PRIVACY_OFFICER)
    found = _row(after) if after else None
    page = present.listed(request.GET, may_ask=may_ask, now=timezone.now(), after=found)
    return render(request, "console/break_glass.html", {"page": page})


@sensitive_post_parameters("who", "text")
@require_http_methods(FORM)
@for_roles(Role.PRIVACY_OFFICER)
@with_recent_factor
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for some of one citizen's data."""
    wrong = Faults()
    if request.method == "POST":
        made = _asked(request)
        if isinstance(made, Request):
            return HttpResponseRedirect(reverse("console:break_glass_request", args=[made.pk]))
        wrong = made
    page = present.ask(request.POST, errors=wrong)
    return render(request, "console/break_glass_ask.html", {"page": page}, status=400 if wrong else 200)


@sensitive_post_parameters("who", "review")
@require_http_methods(FORM)
@for_roles(*READERS, post=[Role.PRIVACY_OFFICER, Role.AUDITOR])
@with_recent_factor
def one(request: HttpRequest, id: UUID) -> HttpResponse:
    """One request, and a deed on it, which the journey refuses to who only looks on. What was read is shown in the answer to the POST, and nowhere else."""
    row, wrong = _row(str(id)), Faults()
    if request.method == "POST":
        done = _done(request, id)
        if isinstance(done, journey.Reading):
            return render(request, "console/break_glass_values.html", {"page": present.values(done)})
        if not (wrong := done):
            return HttpResponseRedirect(reverse("console:break_glass_request", args=[id]))
        row.refresh_from_db()
    page = present.request(row, operator=operator(request), sent=request.POST, errors=wrong, now=timezone.now())
    return render(request, "console/break_glass_request.html", {"page": page}, status=400 if wrong else 200)


def _asked(request: HttpRequest) -> Request | Faults:
    minutes = _sent(request, "minutes")
    given: dict[str, Any] = {name: _sent(request, name) for name in ("who", "reason", "text", "case")}
    try:
        return journey.ask(
            operator=operator(request), request_id=_form(request), categories=request.POST.getlist("categories"),
            minutes=int(minutes) if minutes.isascii() and minutes.isdigit() and len(minutes) < 4 else 0, now=timezone.now(), **given,
        )  # fmt: skip
    except InvalidInput as error:
        return dict(error.fields)
    except journey.TooMany as error:
        return {"who": error.code}


def _done(request: HttpRequest, id: UUID) -> journey.Reading | Faults:
    """What was read, or what was wrong with the deed; empty when it is done."""
    decision = request.POST.get("decision", "")
    given: dict[str, Any] = {"operator": operator(request), "request_id": id, "now": timezone.now()}
    try:
        if decision == "read":
            return journey.read(read_id=_form(request), categories=request.POST.getlist("read"), **given)
        if decision == "approve":
            journey.approve(who=_sent(request, "who"), **given)
        elif decision == "decline":
            journey.decline(**given)
        elif decision == "end":
            journey.end(**given)
        elif decision == "review":
            journey.review(verdict=_sent(request, "verdict"), text=_sent(request, "review"), **given)
        else:
            return {"decision": "decision_required"}
    except InvalidInput as error:
        return dict(error.fields)
    except (Conflict, SamePerson, journey.ReadRefused) as error:
        return {"read" if decision == "read" else "decision": error.code}
    return {}


def _form(request: HttpRequest) -> UUID | None:
    """The form's own id, by which it counts once; None for what is no form of ours, and would count each time."""
    try:
        return UUID(request.POST.get("form", ""))
    except ValueError:
        return None


def _row(text: str) -> Request:
    try:
        return get_object_or_404(Request, pk=UUID(text))
    except ValueError:
        raise Http404 from None
