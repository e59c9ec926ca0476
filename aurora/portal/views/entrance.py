"""The front door: landing page, signing in and out."""

from __future__ import annotations

from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_GET, require_POST, require_safe

from aurora.identity.models import Citizen
from aurora.journeys import sign_in as journey
from aurora.journeys.sign_in import SignInFailed
from aurora.portal import errors, newcomers
from aurora.portal.back import safe_next
from aurora.portal.headers import forget_here
from aurora.telemetry import security
from aurora.ui import words
from aurora.ui.contexts import Banner, LandingPage, NoticeKind, SignInErrorPage

ERRAND = "sign-in-errand"


@require_safe
def root(request: HttpRequest) -> HttpResponse:
    """`/` leads to the start page in the visitor's language."""
    return HttpResponseRedirect(reverse("portal:landing"))


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What Aurora is; a citizen who is signed in goes home."""
    if isinstance(request.user, Citizen):
        return HttpResponseRedirect(reverse("portal:home"))
    left = Banner(NoticeKind.SUCCESS, str(words.banner("signed_out"))) if "signed-out" in request.GET else None
    page = LandingPage(sign_in_url=reverse("portal:sign_in"), public_log_url=reverse("portal:public_log"), banner=left)
    return render(request, "portal/landing.html", {"page": page})


@require_GET
def sign_in(request: HttpRequest) -> HttpResponse:
    """Off to the e-ID, remembering where the citizen wanted to go."""
    newcomers.admit(request)
    language = (translation.get_language() or "en")[:2]
    try:
        with newcomers.leaving():
            url, errand = journey.start(language=language, next_path=safe_next(request.GET.get("next")), anew="anew" in request.GET)
    except SignInFailed as error:
        page = SignInErrorPage(reason=str(words.sign_in_error(error.code)), retry_url=reverse("portal:sign_in"))
        return errors.later(render(request, "portal/sign_in_error.html", {"page": page}, status=503))
    newcomers.note(request, **{ERRAND: errand, "language": language})
    return HttpResponseRedirect(url)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session here. (The e-ID's own session is the citizen's business with the e-ID.)"""
    security.note("citizen:signed_out", request)
    auth.logout(request)
    return forget_here(HttpResponseRedirect(f"{reverse('portal:landing')}?signed-out"))
