"""A copy of all the citizen's data: asking for it, its passphrase, its progress, fetching and deleting it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from aurora.journeys import export
from aurora.portal import mandated, polling
from aurora.portal.auth import for_citizens, me
from aurora.portal.errors import too_many_attempts
from aurora.portal.present import exports as present
from aurora.ui import formats
from consent.counting import count

PASSPHRASES_A_MINUTE = 10


@require_http_methods(["GET", "HEAD", "POST"])
@for_citizens
def copy(request: HttpRequest) -> HttpResponse:
    """How the newest copy stands; a POST asks for one, and its answer shows the passphrase, once. Another tab may have begun acting since."""
    if request.method != "POST":
        return _page(request)
    if _elsewhere(request):
        return _page(request, status=409, changed=True)
    asked = export.ask(citizen_id=me(request), language=formats.language(), now=timezone.now())
    return _page(request, passphrase=asked.passphrase)


@require_POST
@for_citizens
def passphrase(request: HttpRequest, id: UUID) -> HttpResponse:
    """Another passphrase, shown once. Making a key of one is slow on purpose."""
    asked = count(f"passphrases:{me(request)}", 60)
    if asked.number > PASSPHRASES_A_MINUTE:
        return too_many_attempts(request, seconds=asked.left)
    if _elsewhere(request):
        return _page(request, status=409, changed=True)
    made = export.new_passphrase(citizen_id=me(request), export_id=id, now=timezone.now())
    return _page(request, passphrase=made, renewed=True)


@require_safe
@for_citizens
def fragment(request: HttpRequest, id: UUID) -> HttpResponse:
    """The part of the page that changes."""
    page = present.page(export.progress(citizen_id=me(request), export_id=id), whom=mandated.whom(request))
    return polling.answer(request, "portal/_copy.html", page, done=page.finished)


@require_POST
@for_citizens
def download(request: HttpRequest, id: UUID) -> HttpResponseBase:
    """The sealed file, as a page that opens itself; an access of its own."""
    if _elsewhere(request):
        return _page(request, status=409, changed=True)
    found = export.download(citizen_id=me(request), export_id=id, now=timezone.now())
    name = f'attachment; filename="{found.name}"'
    return StreamingHttpResponse(found.pieces, content_type="text/html; charset=utf-8", headers={"Content-Disposition": name})


@require_POST
@for_citizens
def delete(request: HttpRequest, id: UUID) -> HttpResponse:
    """The file and its key, at once."""
    if _elsewhere(request):
        return _page(request, status=409, changed=True)
    export.delete(citizen_id=me(request), export_id=id, now=timezone.now())
    return HttpResponseRedirect(reverse("portal:copy"))


def _elsewhere(request: HttpRequest) -> bool:
    """Whether the form was made for somebody else than whom this session acts for now."""
    return request.POST.get("for", "") != mandated.whom(request)


def _page(request: HttpRequest, *, passphrase: str = "", renewed: bool = False, status: int = 200, changed: bool = False) -> HttpResponse:
    found = export.newest(citizen_id=me(request))
    page = present.page(found, whom=mandated.whom(request), passphrase=passphrase, renewed=renewed, changed=changed)
    return render(request, "portal/copy.html", {"page": page}, status=status)
