"""Feedback on accessibility: the list, and one with its words, which is marked as answered or closed. An auditor reads."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from aurora.console import present_feedback as present
from aurora.console.auth import for_roles, operator
from aurora.identity.models import Operator
from aurora.journeys import hear_feedback
from consent.errors import Conflict, InvalidInput

Role = Operator.Role
_DECISIONS = {"answer": hear_feedback.answer, "close": hear_feedback.close}


@require_safe
@for_roles(Role.OPERATIONS, Role.PRIVACY_OFFICER, Role.AUDITOR)
def feedback(request: HttpRequest) -> HttpResponse:
    """What waits for an answer, and what was answered; not a word of it."""
    page = present.listing(hear_feedback.listing(operator=operator(request)), today=timezone.localdate())
    return render(request, "console/feedback.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(Role.OPERATIONS, Role.PRIVACY_OFFICER, Role.AUDITOR, post=[Role.OPERATIONS, Role.PRIVACY_OFFICER])
def report(request: HttpRequest, id: UUID) -> HttpResponse:
    """One with its words; POST notes that it was answered, or closes it."""
    note = request.POST.get("note", "").replace("\r\n", "\n")[: hear_feedback.LONGEST_NOTE + 100]
    wrong = dict[str, str]()
    if request.method == "POST":
        wrong = _decided(request, id, note)
        if not wrong:
            return HttpResponseRedirect(reverse("console:feedback"))
    told = hear_feedback.one(operator=operator(request), report_id=id)
    page = present.one(told, operator=operator(request), note=note, errors=wrong)
    return render(request, "console/feedback_report.html", {"page": page}, status=400 if wrong else 200)


def _decided(request: HttpRequest, id: UUID, note: str) -> dict[str, str]:
    """What was wrong; empty when it is noted."""
    verb = _DECISIONS.get(request.POST.get("decision", ""))
    if verb is None:
        raise InvalidInput({"decision": "decision"})
    try:
        verb(operator=operator(request), report_id=id, note=note, now=timezone.now())
    except InvalidInput as error:
        return error.fields
    except Conflict as error:
        return {"note": error.code}
    return {}
