"""Where the e-ID and the sources send the browser back to. No language in the address: it is registered there, letter by letter."""

from __future__ import annotations

import time

from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_GET

from aurora.journeys import connect_source, sign_in
from aurora.journeys.connect_source import NotConnected
from aurora.journeys.sign_in import SignInFailed
from aurora.portal.auth import ANEW, for_citizens, me
from aurora.portal.back import safe_next
from aurora.portal.views.authorize import INTERACTION
from aurora.portal.views.entrance import ERRAND
from aurora.telemetry import security
from aurora.ui import words
from aurora.ui.contexts import SignInErrorPage
from consent.scope import citizen_scope

BACKEND = "aurora.identity.backends.CitizenBackend"
LONGEST_PARAMETER = 2048


def _answer(request: HttpRequest) -> dict[str, str]:
    """The answer's parameters; one that is given twice or is too long is no answer (RFC 6749 3.1)."""
    lists = request.GET.lists()
    return {k: v[0] for k, v in lists if len(v) == 1 and len(v[0]) <= LONGEST_PARAMETER and len(k) <= 64}


@require_GET
def signed_in(request: HttpRequest) -> HttpResponse:
    """The e-ID's answer: sign in under a new session, or say why not."""
    language = _language(request)
    try:
        remembered = request.session.pop(ERRAND, None)
        citizen, path = sign_in.finish(remembered=remembered, answer=_answer(request), language=language, now=timezone.now())
    except SignInFailed as error:
        security.note("citizen:sign_in_failed", request, why=error.code)
        page = SignInErrorPage(reason=str(words.sign_in_error(error.code)), retry_url=reverse("portal:sign_in"))
        return render(request, "portal/sign_in_error.html", {"page": page}, status=error.status)
    kept = request.session.get(INTERACTION)
    request.session.flush()
    if kept is not None:  # an agency's request that this browser opened before signing in
        request.session[INTERACTION] = kept
    with citizen_scope(citizen.pk):  # Django notes the time of the sign-in on the citizen's row
        auth.login(request, citizen, backend=BACKEND)  # type: ignore[arg-type]
    request.session["language"] = language
    security.note("citizen:signed_in", request, by="e-id", anew=bool(remembered.get("anew")))
    if remembered.get("anew"):
        request.session[ANEW] = int(time.time())
    return HttpResponseRedirect(safe_next(path) or reverse("portal:home"))


@require_GET
def connected(request: HttpRequest, code: str) -> HttpResponse:
    """A source's answer: on to the pull's progress, or back to the sources with a sentence that says why not."""
    _language(request)
    return _connected(request, code)


@for_citizens
def _connected(request: HttpRequest, code: str) -> HttpResponse:
    try:
        pull_id = connect_source.arrive(citizen_id=me(request), code=code, answer=_answer(request), now=timezone.now())
    except NotConnected as error:
        return HttpResponseRedirect(f"{reverse('portal:sources')}?problem={error.code}")
    if pull_id is None:
        return HttpResponseRedirect(f"{reverse('portal:sources')}?connected")
    return HttpResponseRedirect(reverse("portal:pull", args=[pull_id]))


def _language(request: HttpRequest) -> str:
    """The language that the citizen set out in."""
    language = request.session.get("language")
    if language not in ("fi", "sv", "en"):
        language = (translation.get_language() or "en")[:2]
    translation.activate(language)
    return str(language)
