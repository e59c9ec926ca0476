"""`/oauth/authorize`: an agency asks, the citizen decides (RFC 6749 3.1 by RFC 9126; the request itself never passes the browser)."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac
from django.views.decorators.http import require_http_methods

from aurora.journeys import act_for, request_access
from aurora.journeys._asked import CHANGED
from aurora.journeys.request_access import AccessQuestion
from aurora.portal import forms, mandated, newcomers, waiting
from aurora.portal.auth import actor, for_citizens, me
from aurora.portal.present import consents as present
from aurora.portal.waiting import INTERACTION
from aurora.ui import words
from aurora.ui.contexts import GrantGonePage, InvalidRequestPage
from consent import days
from consent.errors import Conflict, InvalidInput
from consent.oauth import requests
from consent.oauth.errors import GrantGone, RequestRefused
from consent.oauth.requests import PushedRequestView
from consent.oauth.responses import SeeOther

AGAIN = "again"
LANGUAGES = ("fi", "sv", "en")


@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest) -> HttpResponse:
    """Show who asks for what and why; then send the citizen back with their answer."""
    language = _language(request)
    sent = request.POST if request.method == "POST" else request.GET
    client_id, request_uri = sent.get("client_id", "")[:200], sent.get("request_uri", "")[:512]
    try:
        interaction = _interaction(request)
        if not interaction:
            return _come_again(request, client_id, request_uri)
        # Before signing in, so that the request is this browser's and waits for as long as a person needs (90 s else).
        loaded = requests.load(client_id=client_id, request_uri=request_uri, interaction=interaction)
        newcomers.note(request, **{INTERACTION: interaction, "language": language})
        return _decide(request, loaded)
    except GrantGone:
        return _gone(request, client_id, request_uri, interaction)
    except RequestRefused as error:
        page = InvalidRequestPage(reason=str(words.request_error(error.code)), home_url=reverse("portal:landing"))
        return render(request, "portal/authorize_invalid.html", {"page": page}, status=error.status)


@for_citizens
def _decide(request: HttpRequest, loaded: PushedRequestView) -> HttpResponse:
    asked = request_access.question(citizen_id=me(request), request=loaded, language=request.session["language"], today=days.today())
    return _answer(request, asked) if request.method == "POST" else _page(request, asked, {})


def _gone(request: HttpRequest, client_id: str, request_uri: str, interaction: str) -> HttpResponse:
    """The agency is told that there is no such grant. Whoever may answer for others is asked first whom it concerns: nothing is answered by a GET,
    nor for another while they act.
    """
    acts = mandated.of(request) is not None
    if acts or (request.method != "POST" and act_for.acts_for_others(citizen_id=actor(request), now=timezone.now())):
        waiting.note(request, client_id=client_id, request_uri=request_uri)
        page = GrantGonePage(waiting.find(request), client_id, request_uri, reverse("portal:mandates"))
        return render(request, "portal/authorize_gone.html", {"page": page})
    return SeeOther(request_access.turn_away(client_id=client_id, request_uri=request_uri, interaction=interaction))


def _answer(request: HttpRequest, asked: AccessQuestion) -> HttpResponse:
    form, now, mine = request.POST, timezone.now(), me(request)
    digest = form.get("notice", "")
    try:
        if not _same_person(request):
            raise Conflict(CHANGED)
        if forms.decision(form) == "decline":
            url = request_access.decline(citizen_id=mine, asked=asked, digest=digest, now=now)
        else:
            url = request_access.allow(citizen_id=mine, asked=asked, digest=digest, categories=form.getlist("categories"), now=now)
    except InvalidInput as error:
        return _page(request, asked, error.fields)
    except Conflict:
        return _page(request, asked, {"notice": "text_changed"})
    return SeeOther(url)


def _same_person(request: HttpRequest) -> bool:
    """Whether the page was made for whom this session acts now: another tab may have begun or ended it. The text alone names nobody."""
    return request.POST.get("for", "") == mandated.whom(request)


def _page(request: HttpRequest, asked: AccessQuestion, errors: dict[str, str]) -> HttpResponse:
    sent = request.POST if request.method == "POST" else request.GET
    kept = {"client_id": asked.request.client_id, "request_uri": sent.get("request_uri", "")}
    if asked.for_others:
        waiting.note(request, client_id=kept["client_id"], request_uri=kept["request_uri"])
    page = present.access_page(
        asked, name=request.user.display_name, errors=errors,  # type: ignore[union-attr]
        checked=request.POST.getlist("categories") if _same_person(request) else (),
        hidden={**kept, "notice": asked.text.digest, "language": asked.text.language, "for": mandated.whom(request)},
        language_urls={code: f"{reverse('authorize')}?{urlencode({**kept, 'language': code})}" for code in LANGUAGES},
    )  # fmt: skip
    return render(request, "portal/authorize.html", {"page": page}, status=400 if errors else 200)


def _interaction(request: HttpRequest) -> str:
    """The secret of this browser; none before its session's cookie has come back.

    It is made from the session, so that two clicks at once are the same browser's, and kept in it, since signing in gives a new one.
    """
    kept = str(request.session.get(INTERACTION, ""))
    key = request.session.session_key  # None also for a session that is over: reading has told
    return kept or (salted_hmac("aurora.oauth.interaction", key, algorithm="sha256").hexdigest() if key else "")


def _come_again(request: HttpRequest, client_id: str, request_uri: str) -> HttpResponse:
    """Give a new browser a session, and let it come again with it. Bound at once, the request would be lost with this answer."""
    requests.check_unopened(client_id=client_id, request_uri=request_uri)  # made-up requests leave no sessions behind
    if AGAIN in request.GET:
        raise RequestRefused(code="cookies_needed")
    newcomers.admit(request)
    newcomers.note(request, language=request.LANGUAGE_CODE)
    kept = {"client_id": client_id, "request_uri": request_uri, "language": request.LANGUAGE_CODE, AGAIN: "1"}
    return HttpResponseRedirect(f"{reverse('authorize')}?{urlencode(kept)}")


def _language(request: HttpRequest) -> str:
    """The address has no language in it: the citizen's choice is kept in the session and may be changed on the page."""
    sent = request.POST if request.method == "POST" else request.GET
    chosen = sent.get("language") or request.session.get("language") or translation.get_language() or "en"
    language = chosen[:2] if chosen[:2] in LANGUAGES else "en"
    translation.activate(language)
    request.LANGUAGE_CODE = language
    return language
