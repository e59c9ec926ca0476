"""Verify my log: the page, the bundle that it checks, and one entry's proof to take along."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from aurora.journeys import prove
from aurora.portal.auth import for_citizens, me
from aurora.portal.present import verify as present
from aurora.ui import formats, verify_offline
from consent import ids


@require_safe
@for_citizens
def verify(request: HttpRequest) -> HttpResponse:
    """The page alone: nothing is fetched, and nothing noted, before the citizen asks for it."""
    return render(request, "portal/verify.html", {"page": present.page(entry=ids.typed(request.GET.get("entry", "")))})


@require_POST
@for_citizens
def bundle(request: HttpRequest) -> HttpResponseBase:
    """The whole log with its proofs, in pieces. An access of the citizen's own: its entry is the last in the bundle."""
    now = timezone.now()
    begun = prove.begin(citizen_id=me(request), now=now)
    name = f'attachment; filename="aurora-log-{now:%Y-%m-%d}.json"'
    return StreamingHttpResponse(prove.written(begun), content_type="application/json", headers={"Content-Disposition": name})


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """The page to keep, which checks bundles without a network, in the language of the page that led here. Nothing of anybody is in it."""
    name = 'attachment; filename="aurora-verify.html"'
    return HttpResponse(
        verify_offline.composed(formats.language()), headers={"Content-Disposition": name, "Cache-Control": "public, max-age=300"}
    )


@require_safe
@for_citizens
def proof(request: HttpRequest, id: UUID) -> HttpResponse:
    """One entry as a C2SP tlog-proof; back to its page while it waits to be sealed."""
    text = prove.tlog_proof(citizen_id=me(request), entry_id=id)
    if text is None:
        return HttpResponseRedirect(reverse("portal:entry", args=[id]))
    name = f'attachment; filename="aurora-entry-{id}.tlog-proof"'
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers={"Content-Disposition": name})
