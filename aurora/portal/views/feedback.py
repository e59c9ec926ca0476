"""Feedback on suggestions. Every answer is a redirect; what is wrong with a reason is shown beside it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from aurora.journeys import give_feedback
from aurora.portal import forms, mandated, often
from aurora.portal.auth import for_citizens, me
from aurora.portal.present import feedback as present
from aurora.portal.present import suggestions as present_suggestions
from consent.errors import Conflict, InvalidInput, NotFound
from recommender.catalogue import PublicService, store


@require_POST
@for_citizens
def give(request: HttpRequest) -> HttpResponse:
    """Helpful, or applied for."""
    run_id, service, kind = _of_page(request)
    if kind == give_feedback.Kind.NOT_FOR_ME:
        return HttpResponseRedirect(reverse("portal:not_for_me", args=[run_id, service]))
    give_feedback.give(citizen_id=me(request), run_id=run_id, service=service, kind=kind, now=timezone.now())
    return HttpResponseRedirect(_card(service))


@require_POST
@for_citizens
def undo(request: HttpRequest) -> HttpResponse:
    """Take back what was said of a service."""
    _for_whom(request)
    service, kind = (forms.code(request.POST, name) for name in ("service", "kind"))
    give_feedback.undo(citizen_id=me(request), service=service, kind=kind, now=timezone.now())
    return HttpResponseRedirect(_card(service))


@require_http_methods(["GET", "HEAD", "POST"])
@for_citizens
def not_for_me(request: HttpRequest, run: UUID, service: str) -> HttpResponse:
    """Why a service is not for the citizen. Then it is not suggested until they take that back."""
    found, errors = _service(service), None
    why, words = forms.code(request.POST, "why"), forms.text(request.POST, "words")
    if request.method == "POST":
        _for_whom(request)
        try:
            give_feedback.give(
                citizen_id=me(request),
                run_id=run,
                service=service,
                kind=give_feedback.Kind.NOT_FOR_ME,
                why=why,
                words=words,
                now=timezone.now(),
            )
            return HttpResponseRedirect(_next(why))
        except InvalidInput as error:
            errors = error.fields
    page = present.not_for_me_page(request, found, why=why, words=words, errors=errors)
    return render(request, "portal/not_for_me.html", {"page": page}, status=400 if errors else 200)


@require_safe
@for_citizens
def opened(request: HttpRequest, run: UUID, service: str) -> HttpResponse:
    """On to the service's page. That it was opened is noted if a person asked for it (`present.meant`)."""
    found = _service(service)
    if present.meant(request) and often.within(request):
        give_feedback.opened(citizen_id=me(request), run_id=run, service=service, now=timezone.now())
    response = HttpResponseRedirect(reverse("portal:service", args=[found.identifier]))
    response["Cache-Control"] = "no-store"
    return response


def _of_page(request: HttpRequest) -> tuple[UUID, str, str]:
    _for_whom(request)
    run, service, kind = (forms.code(request.POST, name) for name in ("run", "service", "kind"))
    try:
        return UUID(run), service or "-", kind
    except ValueError:
        raise NotFound() from None


def _for_whom(request: HttpRequest) -> None:
    """Counted, and of the person about whom the page was: another tab may have begun or ended acting since."""
    often.admit(request)
    if request.POST.get("for", "") != mandated.whom(request):
        raise Conflict()


def _service(identifier: str) -> PublicService:
    found = store.current().get(identifier)
    if found is None:
        raise NotFound()
    return found


def _card(service: str) -> str:
    return present_suggestions.card_url(service)


def _next(why: str) -> str:
    if why == give_feedback.Why.FACTS_WRONG:
        return reverse("portal:my_data")
    return f"{reverse('portal:suggestions')}#set-aside"
