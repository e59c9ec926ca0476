"""An estimate that was made: kept among the citizen's data, deleted, allowed as an input of other models."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods, require_POST

from aurora.journeys import allow_estimate, keep_estimate
from aurora.journeys.allow_estimate import Offer
from aurora.portal import forms
from aurora.portal.auth import for_citizens, me, remember
from aurora.portal.present import estimates as present
from consent import days
from consent.errors import Conflict, InvalidInput


@require_POST
@for_citizens
def keep(request: HttpRequest, id: UUID) -> HttpResponse:
    """Among the citizen's data. What has changed meanwhile is not kept: the page then shows how it stands."""
    try:
        keep_estimate.keep(citizen_id=me(request), evaluator_id=id, now=timezone.now())
    except Conflict:
        pass  # what the page shows now is what there is to decide about
    return HttpResponseRedirect(reverse("portal:evaluation", args=[id]))


@require_POST
@for_citizens
def delete(request: HttpRequest, id: UUID) -> HttpResponse:
    """The estimate, and what was kept of it."""
    keep_estimate.delete(citizen_id=me(request), evaluator_id=id, now=timezone.now())
    return HttpResponseRedirect(reverse("portal:evaluation", args=[id]))


@require_http_methods(["GET", "HEAD", "POST"])
@for_citizens
def use(request: HttpRequest, category: str) -> HttpResponse:
    """Our consent page: whether other models may use what was kept."""
    language = (translation.get_language() or "en")[:2]
    remember(request, language=language)
    shown = allow_estimate.offer(citizen_id=me(request), category=category[:64], language=language, today=days.today())
    if request.method != "POST":
        return _page(request, shown, {})
    try:
        return _decide(request, shown)
    except InvalidInput as error:
        return _page(request, shown, error.fields)
    except Conflict:
        return _page(request, shown, {"notice": "text_changed"})


def _decide(request: HttpRequest, shown: Offer) -> HttpResponse:
    form, now = request.POST, timezone.now()
    token = form.get("notice_token", "")
    if forms.decision(form) == "decline":
        allow_estimate.decline(citizen_id=me(request), shown=shown, token=token, now=now)
        return HttpResponseRedirect(reverse("portal:evaluations"))
    until = forms.end_date(form, today=days.today())
    allow_estimate.allow(citizen_id=me(request), shown=shown, token=token, until=until, now=now)
    return HttpResponseRedirect(reverse("portal:evaluations"))


def _page(request: HttpRequest, shown: Offer, errors: dict[str, str]) -> HttpResponse:
    form = request.POST if request.method == "POST" else None
    page = present.use_page(shown, today=days.today(), form=form, errors=errors)
    return render(request, "portal/use_estimate.html", {"page": page}, status=400 if errors else 200)
