"""Agencies themselves: one officer says who an agency is, another one agrees; then what its engineer needs. A view reads the form and hands it on."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from aurora.console import agency_post, present_agencies
from aurora.console.auth import for_roles, has_role, operator
from aurora.identity.models import Operator
from aurora.journeys import officers, register_agency
from aurora.ui import console_layout
from consent import agency_form
from consent.agencies import NO_ORGANISATION
from consent.errors import AuroraError, InvalidInput
from consent.models import Agency, AgencyDraft

Role = Operator.Role
FORM = ["GET", "HEAD", "POST"]
Faults = dict[str, str]


@require_http_methods(FORM)
@for_roles(Role.AGENCY_OFFICER)
def new_agency(request: HttpRequest) -> HttpResponse:
    """Ask for an agency that Aurora does not know."""
    if request.method == "POST":
        return _ask(request, agency_post.texts_of(request.POST))
    return _form(request, {"since": agency_post.written(timezone.localdate())}, [])


@require_http_methods(FORM)
@for_roles(Role.AGENCY_OFFICER)
def change_agency(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for the next version of who an agency is; its code stays."""
    found = _agency(code)
    if request.method == "POST":
        return _ask(request, {**agency_post.texts_of(request.POST), "code": code}, found)
    texts = agency_post.texts_for(code, agency_form.newest(code), found.name, timezone.localdate())
    return _form(request, texts, list(found.roles), found)


@require_http_methods(FORM)
@for_roles(Role.AGENCY_OFFICER, Role.AUDITOR, post=[Role.AGENCY_OFFICER])
def agency_draft(request: HttpRequest, id: UUID) -> HttpResponse:
    """What was asked for, and the second person's decision. Who only reads gets 403."""
    found, wrong = get_object_or_404(AgencyDraft, pk=id), Faults()
    if request.method == "POST":
        if not (wrong := _decided(request, id)):
            return HttpResponseRedirect(reverse("console:agency_draft", args=[id]))
        found.refresh_from_db()
    page = present_agencies.draft(found, operator=operator(request), may_write=has_role(request, Role.AGENCY_OFFICER), errors=wrong)
    return render(request, "console/draft.html", {"page": page}, status=400 if wrong else 200)


@require_safe
@for_roles(Role.AGENCY_OFFICER, Role.AUDITOR)
def agency_next(request: HttpRequest, code: str) -> HttpResponse:
    """What to do once the agency and its client are agreed to, and what its engineer is sent."""
    sources_url = console_layout.address(request, "sources")
    page = present_agencies.following(_agency(code), may_write=has_role(request, Role.AGENCY_OFFICER), sources_url=sources_url)
    return render(request, "console/agency_next.html", {"page": page})


def _ask(request: HttpRequest, texts: Mapping[str, str], known: Agency | None = None) -> HttpResponse:
    content = agency_post.content_of(texts, request.POST)
    try:
        made = register_agency.draft(
            operator=operator(request),
            code=texts["code"],
            content=content,
            meaning=agency_post.meaning_of(request.POST),
            new=known is None,
            reason=texts["reason"],
            now=timezone.now(),
        )
    except AuroraError as error:
        return _form(request, texts, content["roles"], known, _faults(error, "reason"))
    return HttpResponseRedirect(reverse("console:agency_draft", args=[made.pk]))


def _form(
    request: HttpRequest, texts: Mapping[str, str], roles: list[str], known: Agency | None = None, wrong: Mapping[str, str] = {}
) -> HttpResponse:
    page = present_agencies.form(texts, roles, known, meaning=request.POST.get("meaning", ""), errors=wrong)
    return render(request, "console/agency_form.html", {"page": page}, status=400 if wrong else 200)


def _decided(request: HttpRequest, id: UUID) -> Faults:
    """What was wrong with the decision; empty when it is done."""
    decision = request.POST.get("decision")
    if decision not in ("approve", "decline"):
        return {"decision": "Choose whether you agree or decline."}
    try:
        register_agency.decide(operator=operator(request), draft_id=id, agree=decision == "approve", now=timezone.now())
    except AuroraError as error:
        return _faults(error, "decision")
    return {}


def _faults(error: AuroraError, field: str) -> Faults:
    """The fields of a refused form; any other refusal stands at one field. What is not for this operator goes on up."""
    if isinstance(error, officers.NotAnOfficer):
        raise PermissionDenied from None
    return error.fields if isinstance(error, InvalidInput) else {field: error.sentence}


def _agency(code: str) -> Agency:
    return get_object_or_404(Agency.objects.exclude(code__in=NO_ORGANISATION), code=code)
