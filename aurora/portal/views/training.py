"""Whether models may learn from the citizen's data: asked on a page of its own, and of nobody who does not open it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods

from aurora.journeys import allow_training
from aurora.journeys.allow_training import Allowed, Offer
from aurora.portal import forms
from aurora.portal.auth import for_citizens, me
from aurora.portal.present import training as present
from consent import days
from consent.errors import Conflict, InvalidInput

BANNERS = {"allowed": "training_allowed", "declined": "training_declined"}


@require_http_methods(["GET", "HEAD", "POST"])
@for_citizens
def training(request: HttpRequest) -> HttpResponse:
    """The consent page, and the decision."""
    language = (translation.get_language() or "en")[:2]
    shown = allow_training.offer(citizen_id=me(request), language=language, today=days.today())
    if request.method != "POST":
        return _page(request, shown, {})
    try:
        done = _decide(request, shown)
    except InvalidInput as error:
        return _page(request, shown, error.fields)
    except Conflict:
        return _page(request, shown, {"notice": "text_changed"})
    return HttpResponseRedirect(f"{reverse('portal:training')}?done={done}")


def _decide(request: HttpRequest, shown: Offer) -> str:
    token, now = request.POST.get("notice_token", ""), timezone.now()
    if forms.decision(request.POST) == "decline":
        allow_training.decline(citizen_id=me(request), shown=shown, token=token, now=now)
        return "declined"
    allow_training.allow(citizen_id=me(request), shown=shown, token=token, allowed=_allowed(request, shown), now=now)
    return "allowed"


def _allowed(request: HttpRequest, shown: Offer) -> Allowed:
    """All mistakes at once: the citizen should not mend one to find the next."""
    wrong, until, today = {}, None, days.today()
    try:
        until = forms.end_date(request.POST, today=today)
    except InvalidInput as error:
        wrong = error.fields
    try:
        return allow_training.check(shown=shown, categories=request.POST.getlist("categories"), until=until, today=today)
    except InvalidInput as error:
        raise InvalidInput({**error.fields, **wrong}) from None


def _page(request: HttpRequest, shown: Offer, errors: dict[str, str]) -> HttpResponse:
    form = request.POST if request.method == "POST" else None
    banner = BANNERS.get(request.GET.get("done", ""), "") if form is None else ""
    page = present.page(shown, today=days.today(), form=form, errors=errors, banner=banner)
    return render(request, "portal/training.html", {"page": page}, status=400 if errors else 200)
