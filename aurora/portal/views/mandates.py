"""Mandates: who acts for whom, offering, answering, ending, and beginning to act."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from aurora.journeys import act_for, delegate
from aurora.journeys.act_for import Seen, SeenWhole
from aurora.journeys.delegate import Terms
from aurora.portal import forms, mandated, waiting
from aurora.portal.auth import for_citizens, me
from aurora.portal.present import mandates as present
from consent import days
from consent.acting import MandateRefused
from consent.errors import InvalidInput, NotFound
from consent.rules import latest_end
from consent.rules.mandates import LONGEST_YEARS, MandateFault, MandateState

_DONE = {"accept": "accepted", "decline": "declined"}
DONE = "mandate-done"  # in the session: what the page of mandates has to say, once; a link cannot say it


@require_safe
@for_citizens
def mandates(request: HttpRequest) -> HttpResponse:
    """Who acts for me, for whom I act, what is offered, what is over."""
    now = timezone.now()
    delegate.collect(citizen_id=me(request), now=now)
    found = act_for.of_citizen(citizen_id=me(request), now=now, number=forms.page_number(request.GET))
    done = request.session.pop(DONE, "") if request.method == "GET" else ""
    page = present.page(found, banner=done, request=waiting.find(request))
    return render(request, "portal/mandates.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@for_citizens
def mandate(request: HttpRequest, id: UUID) -> HttpResponse:
    """One mandate; POST answers an offer or begins to act."""
    whole = act_for.one(citizen_id=me(request), mandate_id=id, now=timezone.now())
    decision = request.POST.get("decision", "")
    if request.method == "POST" and decision == "act":
        act_for.begin(actor=me(request), mandate_id=id, now=timezone.now())
        mandated.begin(request, id)
        asked = waiting.find(request)
        return HttpResponseRedirect(asked.url if asked else reverse("portal:consents"))
    if request.method == "POST" and decision in _DONE:
        delegate.answer(citizen_id=me(request), mandate_id=id, accept=decision == "accept", now=timezone.now())
        return _done(request, _DONE[decision])
    errors = {"decision": "decision_required"} if request.method == "POST" else {}
    return render(request, "portal/mandate.html", {"page": present.mandate_page(whole, errors=errors)}, status=400 if errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_citizens
def revoke(request: HttpRequest, id: UUID) -> HttpResponse:
    """Say what follows, then end it: two steps, no reason asked."""
    whole = act_for.one(citizen_id=me(request), mandate_id=id, now=timezone.now())
    child = _child(whole, (request.POST if request.method == "POST" else request.GET).get("child", ""))
    if request.method == "POST":
        delegate.revoke(citizen_id=me(request), mandate_id=id, child=child.row.pk if child else None, now=timezone.now())
        return _done(request, "taken_back" if (child or whole.seen).state is MandateState.OFFERED else "revoked")
    return render(request, "portal/mandate_revoke.html", {"page": present.revoke_page(whole, child)})


@require_http_methods(["GET", "HEAD", "POST"])
@for_citizens
def offer(request: HttpRequest) -> HttpResponse:
    """The form for an offer, for passing one on (`from`), and for the decision of somebody who has become 18 (`instead`)."""
    parent, guardian = _of(request, "from"), _of(request, "instead")
    if parent is not None and not (parent.is_attorney and parent.row.may_delegate and parent.fault is None):
        raise MandateRefused(MandateFault.NO_ONWARD)
    if guardian is not None and (guardian.is_attorney or guardian.state is not MandateState.FROZEN):
        raise MandateRefused(MandateFault.NOT_DELEGABLE)
    try:
        if request.method == "POST":
            return _offered(request, parent, guardian)
        errors = {}
    except InvalidInput as error:
        errors = error.fields
    form = request.POST if request.method == "POST" else None
    page = present.offer_page(latest=_latest(parent), form=form, errors=errors, parent=parent, guardian=guardian)
    return render(request, "portal/mandate_offer.html", {"page": page}, status=400 if errors else 200)


@require_POST
@for_citizens
def stop(request: HttpRequest) -> HttpResponse:
    """Be oneself again."""
    mandated.stop(request)
    return _done(request, "stopped")


def _offered(request: HttpRequest, parent: Seen | None, guardian: Seen | None) -> HttpResponse:
    form, now, mine = request.POST, timezone.now(), me(request)
    if guardian is not None and form.get("decision") == "end":
        delegate.reconfirm(citizen_id=mine, mandate_id=guardian.row.pk, terms=None, now=now)
        return _done(request, "revoked")
    terms, identifier = _terms(request, named=guardian is not None), form.get("identifier", "")[:200]
    if guardian is not None:
        delegate.reconfirm(citizen_id=mine, mandate_id=guardian.row.pk, terms=terms, now=now)
    elif parent is not None:
        delegate.pass_on(attorney_id=mine, mandate_id=parent.row.pk, identifier=identifier, terms=terms, now=now)
    else:
        delegate.offer(principal_id=mine, identifier=identifier, terms=terms, now=now)
    return _done(request, "offered")


def _terms(request: HttpRequest, *, named: bool) -> Terms:
    """All mistakes at once. `named`: the other side is known, and no identifier is asked for."""
    form, wrong, until = request.POST, {}, date.max
    if not form.getlist("themes"):
        wrong["themes"] = "theme_required"
    if not named and not form.get("identifier", "").strip():
        wrong["identifier"] = "identifier_required"
    try:
        until = forms.day_of(form, "until")
    except InvalidInput as error:
        wrong |= error.fields
    if wrong:
        raise InvalidInput(wrong)
    return Terms(tuple(form.getlist("themes")), days.today(), until, "may_delegate" in form)


def _of(request: HttpRequest, name: str) -> Seen | None:
    """The mandate that the address names. Raises `NotFound` for one that is none, or not the citizen's."""
    given = request.GET.get(name, "")
    if not given:
        return None
    try:
        return act_for.one(citizen_id=me(request), mandate_id=UUID(given), now=timezone.now()).seen
    except ValueError:
        raise NotFound() from None


def _child(whole: SeenWhole, given: str) -> Seen | None:
    if not given:
        return None
    found = next((c for c in whole.passed_on if str(c.row.pk) == given), None)
    if found is None:
        raise NotFound()
    return found


def _latest(parent: Seen | None) -> date:
    latest = latest_end(days.today(), months=12 * LONGEST_YEARS)
    return latest if parent is None or parent.row.expires_at is None else min(latest, days.last_day(parent.row.expires_at))


def _done(request: HttpRequest, code: str) -> HttpResponse:
    request.session[DONE] = code
    return HttpResponseRedirect(reverse("portal:mandates"))
