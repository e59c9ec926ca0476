"""The service catalogue: editors search, look at versions, try rules, import and retire; auditors look on."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from aurora.console import paging, present_imports, uploaded
from aurora.console import present_catalogue as present
from aurora.console.auth import for_roles, has_role, operator
from aurora.console.posted import text
from aurora.identity.models import Operator
from aurora.journeys import edit_catalogue
from aurora.journeys.edit_catalogue import CatalogueFault
from aurora.ui import formats
from consent.errors import InvalidInput, NotFound
from recommender.catalogue import store
from recommender.catalogue.model import PublicService
from recommender.catalogue.models import ImportDraft
from recommender.catalogue.search import LONGEST_QUERY

Role = Operator.Role
FORM = ["GET", "HEAD", "POST"]
READERS = (Role.CATALOGUE_EDITOR, Role.AUDITOR)
Faults = dict[str, str]


@require_safe
@for_roles(*READERS)
def catalogue(request: HttpRequest) -> HttpResponse:
    """All services, or those that are searched for; what waits, and what came into use."""
    query, origin = (request.GET.get(name, "").replace("\x00", "").strip()[:LONGEST_QUERY] for name in ("q", "origin"))
    wanted = paging.number(request.GET.get("page", ""))
    page = present.catalogue(query, origin, number=wanted, today=timezone.localdate(), may_write=has_role(request, Role.CATALOGUE_EDITOR))
    return render(request, "console/catalogue.html", {"page": page})


@require_http_methods(FORM)
@for_roles(*READERS, post=[Role.CATALOGUE_EDITOR])
def service(request: HttpRequest, identifier: str) -> HttpResponse:
    """One service with its versions, its rule tried on an invented person, and what an editor may do with it."""
    found, wrong = _service(identifier), Faults()
    if request.method == "POST" and not (wrong := _changed(request, identifier)):
        return HttpResponseRedirect(reverse("console:catalogue_service", args=[identifier]))
    page = present.service(
        found,
        request.GET,
        reason=text(request, "reason", most=300),
        language=formats.language(),
        may_write=has_role(request, Role.CATALOGUE_EDITOR),
        errors=wrong,
    )
    return render(request, "console/catalogue_service.html", {"page": page}, status=400 if page.errors else 200)


# The form's token is looked at after the guard: no byte of a stranger's files is read.
@csrf_exempt
@require_http_methods(FORM)
@for_roles(Role.CATALOGUE_EDITOR)
@uploaded.in_memory
@csrf_protect
def new_import(request: HttpRequest) -> HttpResponse:
    """Upload documents; what they would do is shown before anything happens."""
    wrong = Faults()
    if request.method == "POST":
        try:
            made = edit_catalogue.propose(
                operator=operator(request),
                origin=text(request, "format", most=8),
                files=uploaded.files(request, "files"),
                whole=request.POST.get("whole") == "yes",
                language=text(request, "language", most=2) or "en",
                now=timezone.now(),
            )
            return HttpResponseRedirect(reverse("console:catalogue_draft", args=[made.pk]))
        except InvalidInput as error:
            wrong = error.fields
        except CatalogueFault as error:
            wrong = {"files": error.sentence}
    page = present_imports.form(request.POST, errors=wrong)
    return render(request, "console/catalogue_import.html", {"page": page}, status=400 if wrong else 200)


@require_http_methods(FORM)
@for_roles(*READERS, post=[Role.CATALOGUE_EDITOR])
def import_draft(request: HttpRequest, id: UUID) -> HttpResponse:
    """What an import would do, or did; POST does it, or lets nothing come of it."""
    found, wrong = get_object_or_404(ImportDraft.objects.defer("documents"), pk=id), Faults()
    if request.method == "POST":
        if not (wrong := _decided(request, id)):
            return HttpResponseRedirect(reverse("console:catalogue_draft", args=[id]))
        found = ImportDraft.objects.defer("documents").get(pk=id)
    page = present_imports.draft(found, may_write=has_role(request, Role.CATALOGUE_EDITOR), errors=wrong)
    return render(request, "console/catalogue_draft.html", {"page": page}, status=400 if wrong else 200)


def _decided(request: HttpRequest, id: UUID) -> Faults:
    verb = {"confirm": edit_catalogue.confirm, "withdraw": edit_catalogue.withdraw}.get(request.POST.get("decision", ""))
    if verb is None:
        return {"decision": "deed_required"}
    try:
        verb(operator=operator(request), draft_id=id, now=timezone.now())
    except CatalogueFault as error:
        return {"decision": error.code if error.code in ("catalogue_moved", "import_unknown") else error.sentence}
    return {}


def _changed(request: HttpRequest, identifier: str) -> Faults:
    verb = {"retire": edit_catalogue.retire, "bring_back": edit_catalogue.bring_back}.get(request.POST.get("deed", ""))
    if verb is None:
        return {"reason": "deed_required"}
    try:
        verb(operator=operator(request), identifier=identifier, reason=text(request, "reason", most=300), now=timezone.now())
    except InvalidInput as error:
        return error.fields
    except CatalogueFault as error:
        return {"reason": error.sentence}
    return {}


def _service(identifier: str) -> PublicService:
    """As it is in use, or as it last was. Raises `NotFound`."""
    found = store.current().get(identifier) or store.last_known(identifier)
    if found is None:
        raise NotFound()
    return found
