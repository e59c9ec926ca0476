"""Activity: every access, newest first, why it was allowed, and a copy to take along."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from aurora.journeys import export_activity
from aurora.portal import mandated
from aurora.portal.auth import for_citizens, me, streamed
from aurora.portal.choosing import WALK, choice
from aurora.portal.present import activity as present
from aurora.portal.present import activity_file
from aurora.portal.present import entry as present_entry
from aurora.portal.present.vocabulary import Vocabulary
from consent.errors import NotFound
from consent.ledger import queries as ledger
from consent.scope import citizen_scope


@require_safe
@for_citizens
def activity(request: HttpRequest) -> HttpResponse:
    """The citizen's log, filtered by agency, source, kind, result, consent and date."""
    return _page(request, request.GET)


def _page(request: HttpRequest, query: QueryDict, *, changed: bool = False) -> HttpResponse:
    chosen, whom, walk = choice(query), mandated.whom(request), query.get("entries") == WALK
    with citizen_scope(me(request)):
        page = present.page(citizen_id=me(request), chosen=chosen, now=timezone.now(), whom=whom, walk=walk, changed=changed)
    return render(request, "portal/activity.html", {"page": page}, status=409 if changed else 400 if chosen.errors else 200)


@require_POST
@for_citizens
def export(request: HttpRequest) -> HttpResponseBase:
    """What the filter shows, all of it, as CSV or JSON, of the person about whom the page was."""
    if request.POST.get("for", "") != mandated.whom(request):
        return _page(request, QueryDict(), changed=True)
    chosen, wanted, now = choice(request.POST), request.POST.get("format", ""), timezone.now()
    if chosen.errors or wanted not in export_activity.FORMATS:
        return _page(request, request.POST)
    begun = export_activity.begin(citizen_id=me(request), as_format=wanted, chosen=chosen.typed, now=now)
    pieces = activity_file.written(me(request), chosen, wanted, upto=begun.seq, now=now)
    kind = "text/csv; charset=utf-8; header=present" if wanted == "csv" else "application/json"
    name = f'attachment; filename="aurora-activity-{now:%Y-%m-%d}.{wanted}"'
    return StreamingHttpResponse(streamed(request, pieces), content_type=kind, headers={"Content-Disposition": name})


@require_safe
@for_citizens
def entry(request: HttpRequest, id: UUID) -> HttpResponse:
    """One entry: consent, text as shown, decision, commitment, place in the public log."""
    with citizen_scope(me(request)):
        found = ledger.visible(me(request)).filter(pk=id).first()
        if found is None:
            raise NotFound()
        page = present_entry.entry_page(found, Vocabulary())
    return render(request, "portal/entry.html", {"page": page})
