"""My life situation: what citizens say of themselves, and whether suggestions may use it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods, require_POST

from aurora.journeys import declare
from aurora.journeys.declare import FIELDS, Allowed, Offer, Said
from aurora.portal import forms
from aurora.portal.auth import for_citizens, me
from aurora.portal.present import life as present
from consent import days
from consent.errors import Conflict, InvalidInput

BANNERS = {"saved": "life_saved", "deleted": "life_deleted"}


@require_http_methods(["GET", "HEAD", "POST"])
@for_citizens
def life(request: HttpRequest) -> HttpResponse:
    """Ten sides of life, the home municipality and the household, all optional; saving is one step with allowing suggestions to use it, or not."""
    language = (translation.get_language() or "en")[:2]
    shown = declare.offer(citizen_id=me(request), language=language, today=days.today())
    if request.method != "POST":
        return _page(request, shown, {})
    try:
        _save(request, shown)
    except InvalidInput as error:
        return _page(request, shown, error.fields)
    except Conflict:
        return _page(request, shown, {"notice": "text_changed"})
    return HttpResponseRedirect(f"{reverse('portal:life')}?done=saved")


@require_POST
@for_citizens
def delete(request: HttpRequest) -> HttpResponse:
    """Delete every answer."""
    declare.retract(citizen_id=me(request), now=timezone.now())
    return HttpResponseRedirect(f"{reverse('portal:life')}?done=deleted")


def _save(request: HttpRequest, shown: Offer) -> None:
    """All mistakes at once: the citizen should not mend one to find the next."""
    wrong: dict[str, str] = {}
    said, decision, allowed = Said(), request.POST.get("decision", ""), None
    try:
        said = declare.of_form(_answers(request))
    except InvalidInput as error:
        wrong |= error.fields
    try:
        allowed = _allowed(request, shown, decision)
    except InvalidInput as error:
        wrong |= error.fields
    if wrong:
        raise InvalidInput(wrong)
    token = request.POST.get("notice_token", "")
    declare.save(citizen_id=me(request), said=said, shown=shown, token=token, decision=decision, allowed=allowed, now=timezone.now())


def _allowed(request: HttpRequest, shown: Offer, decision: str) -> Allowed | None:
    if decision in ("save", "decline"):
        return None
    if decision != "allow":
        raise InvalidInput({"decision": "decision_required"})
    wrong, until, today = {}, None, days.today()
    try:
        until = forms.end_date(request.POST, today=today)
    except InvalidInput as error:
        wrong = error.fields
    try:
        return declare.check(shown=shown, categories=request.POST.getlist("categories"), until=until, today=today)
    except InvalidInput as error:
        raise InvalidInput({**error.fields, **wrong}) from None


def _answers(request: HttpRequest) -> dict[str, str]:
    return {name: request.POST.get(name, "")[:8] for name in FIELDS}


def _page(request: HttpRequest, shown: Offer, errors: dict[str, str]) -> HttpResponse:
    if request.method == "POST":
        page = present.page(shown, _answers(request), today=days.today(), form=request.POST, errors=errors)
    else:
        said = declare.view(citizen_id=me(request), now=timezone.now())
        page = present.page(shown, said.answers, today=days.today(), banner=BANNERS.get(request.GET.get("done", ""), ""))
    return render(request, "portal/life.html", {"page": page}, status=400 if errors else 200)
