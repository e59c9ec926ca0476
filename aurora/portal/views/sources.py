"""Sources: the list, our consent page, and the pull's progress."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from aurora.journeys import connect_source, fetch_again
from aurora.journeys.connect_source import Choices, Offer
from aurora.journeys.fetch_again import FetchedJustNow
from aurora.outbound.oauth import PeerFailed
from aurora.portal import forms, polling
from aurora.portal.auth import for_citizens, me, remember
from aurora.portal.present import sources as present
from aurora.sources import feeds
from aurora.sources.models import Pull
from consent import days
from consent.errors import Conflict, InvalidInput, NotFound
from consent.scope import citizen_scope


@require_safe
@for_citizens
def sources(request: HttpRequest) -> HttpResponse:
    """The agencies that hold data, and how the citizen stands with each."""
    with citizen_scope(me(request)):
        page = present.sources_page(
            citizen_id=me(request), now=timezone.now(),
            problem=request.GET.get("problem", "")[:32], declined="declined" in request.GET,
            connected="connected" in request.GET,
        )  # fmt: skip
    return render(request, "portal/sources.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@for_citizens
def connect(request: HttpRequest, code: str) -> HttpResponse:
    """Our consent page: allowing leads to the source's own page, declining is recorded and changes nothing else."""
    language = (translation.get_language() or "en")[:2]
    remember(request, language=language)
    shown = connect_source.offer(citizen_id=me(request), code=code, language=language, today=days.today())
    if request.method != "POST":
        return _consent_page(request, shown, {})
    try:
        return _decide(request, shown)
    except InvalidInput as error:
        return _consent_page(request, shown, error.fields)
    except Conflict:
        return _consent_page(request, shown, {"notice": "text_changed"})
    except PeerFailed as error:
        return HttpResponseRedirect(f"{reverse('portal:sources')}?problem={'source_down' if error.retryable else error.code}")


def _decide(request: HttpRequest, shown: Offer) -> HttpResponse:
    form, now = request.POST, timezone.now()
    token = form.get("notice_token", "")
    if forms.decision(form) == "decline":
        connect_source.decline(citizen_id=me(request), shown=shown, token=token, now=now)
        return HttpResponseRedirect(f"{reverse('portal:sources')}?declined")
    chosen = _choices(form, shown)
    url = connect_source.depart(citizen_id=me(request), shown=shown, token=token, chosen=chosen, now=now)
    return HttpResponseRedirect(url)


def _choices(form: QueryDict, shown: Offer) -> Choices:
    """All mistakes at once: the citizen should not mend one to find the next."""
    today, wrong, until = days.today(), {}, None
    try:
        until = forms.end_date(form, today=today)
    except InvalidInput as error:
        wrong = error.fields
    try:
        return connect_source.check(
            shown=shown, purposes=form.getlist("purposes"), categories=form.getlist("categories"), until=until, today=today
        )
    except InvalidInput as error:
        raise InvalidInput({**error.fields, **wrong}) from None


def _consent_page(request: HttpRequest, shown: Offer, errors: dict[str, str]) -> HttpResponse:
    form = request.POST if request.method == "POST" else None
    page = present.connect_page(shown, today=days.today(), form=form, errors=errors)
    return render(request, "portal/connect.html", {"page": page}, status=400 if errors else 200)


@require_POST
@for_citizens
def fetch(request: HttpRequest, code: str) -> HttpResponse:
    """Fetch again now; the page shows the progress."""
    try:
        pull_id = fetch_again.ask(citizen_id=me(request), code=code, now=timezone.now())
    except FetchedJustNow as error:
        return HttpResponseRedirect(f"{reverse('portal:sources')}?problem={error.code}")
    return HttpResponseRedirect(reverse("portal:pull", args=[pull_id]))


@require_safe
@for_citizens
def pull(request: HttpRequest, id: UUID) -> HttpResponse:
    """A pull's progress; without JavaScript the page reloads itself."""
    return _pull(request, id, "portal/pull.html")


@require_safe
@for_citizens
def pull_fragment(request: HttpRequest, id: UUID) -> HttpResponse:
    """The part of the progress page that changes."""
    return _pull(request, id, "portal/_pull.html")


def _pull(request: HttpRequest, pull_id: UUID, template: str) -> HttpResponse:
    with citizen_scope(me(request)):
        found = Pull.objects.select_related("connection__source__agency").prefetch_related("parts").filter(pk=pull_id).first()
        if found is None:
            raise NotFound()
        due = feeds.due_of(connection_id=found.connection_id) if present.has_failed(found) else {}
        page = present.pull_page(found, due)
    return polling.answer(request, template, page, done=page.finished)
