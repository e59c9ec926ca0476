"""Agencies and their clients: officers ask and agree, auditors look on. A view reads the form and hands it to the journey."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from aurora.console import client_post, paging, present_agency_list, present_clients
from aurora.console.auth import for_roles, has_role, operator
from aurora.identity.models import Operator
from aurora.journeys import officers, onboard_agency
from aurora.ui.contexts import ClientFormPage, ClientState, ClientStatePage
from consent.agencies import NO_ORGANISATION
from consent.errors import AuroraError, InvalidInput
from consent.models import Agency
from consent.oauth import client_form
from consent.oauth.models import Client, ClientDraft

Role = Operator.Role
FORM = ["GET", "HEAD", "POST"]
Faults = dict[str, str]
LONGEST_QUERY = 100


@require_safe
@for_roles(Role.AGENCY_OFFICER, Role.AUDITOR)
def agencies(request: HttpRequest) -> HttpResponse:
    """Agencies, those that are looked for or all, and the open drafts."""
    query, number = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_QUERY], paging.number(request.GET.get("page", ""))
    page = present_agency_list.agencies(query, number=number, may_write=_may_write(request))
    return render(request, "console/agencies.html", {"page": page})


@require_safe
@for_roles(Role.AGENCY_OFFICER, Role.AUDITOR)
def agency(request: HttpRequest, code: str) -> HttpResponse:
    """One agency with its clients and their history."""
    found = get_object_or_404(Agency.objects.exclude(code__in=NO_ORGANISATION), code=code)
    page = present_clients.agency(found, may_write=_may_write(request), now=timezone.now())
    return render(request, "console/agency.html", {"page": page})


@require_http_methods(FORM)
@for_roles(Role.AGENCY_OFFICER)
def new_client(request: HttpRequest) -> HttpResponse:
    """Ask for a client of a new agency, or of the one that the query names, which stays then."""
    fixed = _agency_named(request)
    if request.method == "POST":
        texts = {**client_post.texts_of(request.POST), **fixed}
        return _ask(request, texts["client_id"], texts, agency_known=bool(fixed))
    return _form(request, fixed, {"purposes": [], "categories": []}, agency_known=bool(fixed))


@require_http_methods(FORM)
@for_roles(Role.AGENCY_OFFICER)
def change_client(request: HttpRequest, client_id: str) -> HttpResponse:
    """Ask for another shape of a client; id and agency stay."""
    client = _client(client_id)
    if request.method == "POST":
        fixed = {"client_id": client_id, "agency": client.agency.code, **{f"agency_name_{x}": "" for x in client_post.LANGUAGES}}
        return _ask(request, client_id, {**client_post.texts_of(request.POST), **fixed}, client)
    content = client_form.content_of(client)
    return _form(request, client_post.texts_for(client_id, content), content, client)


@require_http_methods(FORM)
@for_roles(Role.AGENCY_OFFICER)
def client_state(request: HttpRequest, client_id: str) -> HttpResponse:
    """Suspend a client at once, or ask that a suspended one may work again."""
    client = _client(client_id)
    back, wrong = reverse("console:agency", args=[client.agency.code]), Faults()
    if request.method == "POST" and not (wrong := _stopped_or_started(request, client)):
        return HttpResponseRedirect(back)
    state = ClientState.ACTIVE if client.active else ClientState.SUSPENDED
    page = ClientStatePage(client_id, state, back, _reason(request), present_clients.field_errors(wrong))
    return render(request, "console/client_state.html", {"page": page}, status=400 if wrong else 200)


def _stopped_or_started(request: HttpRequest, client: Client) -> Faults:
    """What was wrong; empty when it is done."""
    verb = onboard_agency.suspend if client.active else onboard_agency.reactivate
    try:
        verb(operator=operator(request), client_id=client.client_id, reason=_reason(request), now=timezone.now())
    except AuroraError as error:
        return _faults(error, "reason")
    return {}


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").replace("\x00", "")


@require_http_methods(FORM)
@for_roles(Role.AGENCY_OFFICER, Role.AUDITOR, post=[Role.AGENCY_OFFICER])
def draft(request: HttpRequest, id: UUID) -> HttpResponse:
    """What was asked for, and the second person's decision. Who only reads gets 403."""
    found, wrong = get_object_or_404(ClientDraft, pk=id), Faults()
    if request.method == "POST":
        if not (wrong := _decided(request, id)):
            return HttpResponseRedirect(reverse("console:draft", args=[id]))
        found.refresh_from_db()
    page = present_clients.draft(found, operator=operator(request), may_write=_may_write(request), errors=wrong)
    return render(request, "console/draft.html", {"page": page}, status=400 if wrong else 200)


def _decided(request: HttpRequest, id: UUID) -> Faults:
    """What was wrong with the decision; empty when it is done."""
    decision = request.POST.get("decision")
    if decision not in ("approve", "decline"):
        return {"decision": "Choose whether you agree or decline."}
    try:
        onboard_agency.decide(operator=operator(request), draft_id=id, agree=decision == "approve", now=timezone.now())
    except AuroraError as error:
        return _faults(error, "decision")
    return {}


def _agency_named(request: HttpRequest) -> dict[str, str]:
    """The fields that are settled where the query names an agency that is here."""
    code = request.GET.get("agency", "")[:64].replace("\x00", "")
    known = Agency.objects.exclude(code__in=NO_ORGANISATION).filter(code=code).exists()
    return {"agency": code, **{f"agency_name_{x}": "" for x in client_post.LANGUAGES}} if known else {}


def _ask(
    request: HttpRequest, client_id: str, texts: Mapping[str, str], client: Client | None = None, *, agency_known: bool = True
) -> HttpResponse:
    content = client_post.content_of(texts, request.POST)
    # An id that is taken is the form of another page: who registers must not change what exists unawares.
    wrong = {"client_id": "Another client is registered with this id."} if not client and _exists(client_id) else {}
    if not wrong:
        try:
            made = onboard_agency.draft(
                operator=operator(request), client_id=client_id, content=content, reason=texts["reason"], now=timezone.now()
            )
            return HttpResponseRedirect(reverse("console:draft", args=[made.pk]))
        except AuroraError as error:
            wrong = {client_post.control_of(field): said for field, said in _faults(error, "reason").items()}
    return _form(request, texts, content, client, wrong, agency_known=agency_known)


def _form(
    request: HttpRequest,
    texts: Mapping[str, str],
    content: Mapping[str, object],
    client: Client | None = None,
    wrong: Mapping[str, str] = {},
    *,
    agency_known: bool = True,
) -> HttpResponse:
    purposes, categories = present_clients.choices(content["purposes"], content["categories"])  # type: ignore[arg-type]
    page = ClientFormPage(
        # What was pasted and is no public key set may be a private one: it does not come back.
        values={**texts, "jwks": ""} if "jwks" in wrong else texts,
        purposes=purposes,
        categories=categories,
        back_url=reverse("console:agency", args=[client.agency.code]) if client else reverse("console:agencies"),
        client_known=client is not None,
        agency_known=agency_known,
        rotate_refresh=bool(content.get("rotate_refresh")),
        dpop_nonce=bool(content.get("dpop_nonce")),
        agency_name=_name_of(texts["agency"]) if agency_known else {},
        errors=present_clients.field_errors(wrong),
    )
    return render(request, "console/client_form.html", {"page": page}, status=400 if wrong else 200)


def _name_of(code: str) -> Mapping[str, str]:
    return Agency.objects.filter(code=code).values_list("name", flat=True).first() or {}


def _faults(error: AuroraError, field: str) -> Faults:
    """The fields of a refused form; any other refusal stands at one field. What is not for this operator goes on up."""
    if isinstance(error, officers.NotAnOfficer):
        raise PermissionDenied from None
    if isinstance(error, InvalidInput):
        # On the page of a decision the fields are no controls.
        return error.fields if field != "decision" else {field: "What was asked for is no longer possible. Decline it, and ask anew."}
    return {field: error.sentence}


def _client(client_id: str) -> Client:
    if "\x00" in client_id or len(client_id) > 64:
        raise Http404
    return get_object_or_404(Client.objects.select_related("agency"), client_id=client_id)


def _exists(client_id: str) -> bool:
    return Client.objects.filter(client_id=client_id).exists()


def _may_write(request: HttpRequest) -> bool:
    return has_role(request, Role.AGENCY_OFFICER)
