"""Concerns: how far agencies are, without a text; and, for privacy officers, what citizens ask of Aurora itself, since they must answer it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from aurora.console import present_concerns as present
from aurora.console.auth import for_roles, has_role, operator
from aurora.identity.models import Operator
from aurora.journeys import answer_concern
from aurora.journeys.answer_concern import Answer
from consent.concerns.texts import LONGEST
from consent.errors import Conflict, InvalidInput

Role = Operator.Role


@require_safe
@for_roles(Role.PRIVACY_OFFICER, Role.AGENCY_OFFICER, Role.AUDITOR)
def concerns(request: HttpRequest) -> HttpResponse:
    """Counts and what is overdue, by agency; the queue of cases about Aurora for its privacy officers."""
    ours = answer_concern.ours(operator=operator(request)) if has_role(request, Role.PRIVACY_OFFICER) else None
    return render(request, "console/concerns.html", {"page": present.concerns(request.GET.dict(), ours, now=timezone.now())})


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(Role.PRIVACY_OFFICER)
def concern(request: HttpRequest, id: UUID) -> HttpResponse:
    """One case about Aurora; POST answers it."""
    wrong = dict[str, str]()
    if request.method == "POST":
        wrong = _answered(request, id)
        if not wrong:
            return HttpResponseRedirect(reverse("console:concerns"))
    page = present.concern(answer_concern.ours_one(operator=operator(request), concern_id=id), request.POST, errors=wrong)
    return render(request, "console/concern.html", {"page": page}, status=400 if wrong else 200)


def _answered(request: HttpRequest, id: UUID) -> dict[str, str]:
    """What was wrong with the answer; empty when it is given."""
    kind, text, note = (request.POST.get(name, "")[: LONGEST + 100] for name in ("kind", "text", "note"))
    try:
        said = Answer(kind, text, note, _day(request.POST.get("until", "")))
        answer_concern.answer_ours(operator=operator(request), concern_id=id, said=said, now=timezone.now())
    except InvalidInput as error:
        return error.fields
    except Conflict as error:
        return {"kind": error.code}
    return {}


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed.strip()[:10])
    except ValueError:
        return None
