"""Signing in to the console: user name and password, then the authenticator's code. django-axes counts wrong passwords, `lockout` wrong codes."""

from __future__ import annotations

from axes.decorators import axes_dispatch
from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from aurora.console import lockout, trail
from aurora.console.auth import ENROLLING, FACTOR_AT, THEN, VERIFIED, for_password_holders, next_step
from aurora.identity import totp
from aurora.identity.models import Operator
from aurora.portal.errors import locked_out
from aurora.portal.headers import forget_here
from aurora.portal.present.sources import field_errors
from aurora.ui.contexts import ConsoleSignInPage, EnrolPage, SecondFactorPage

PAGES = ["GET", "HEAD", "POST"]
BACKEND = "aurora.identity.backends.OperatorBackend"


@sensitive_post_parameters("password")
@require_http_methods(PAGES)
@axes_dispatch
def sign_in(request: HttpRequest) -> HttpResponse:
    """User name and password."""
    username, password = request.POST.get("username", "")[:64], request.POST.get("password", "")
    wrong: dict[str, str] = {}
    if request.method == "POST":
        wrong = {f: f"{f}_required" for f, v in (("username", username), ("password", password)) if not v}
        operator = None if wrong else auth.authenticate(request, username=username.replace("\x00", ""), password=password)
        if isinstance(operator, Operator):
            request.session.flush()  # nothing of what a stranger had begun in this browser
            auth.login(request, operator, backend=BACKEND)  # type: ignore[arg-type]
            trail.signed_in(operator.pk, "password:given")
            return HttpResponseRedirect(next_step(operator))
        if not wrong:
            trail.failed(
                username.replace("\x00", ""), "password:given", "locked_out" if getattr(request, "axes_locked_out", False) else "wrong"
            )
        wrong = wrong or {"password": "credentials_wrong"}
    page = ConsoleSignInPage(username=username, errors=field_errors(wrong))
    return render(request, "console/sign_in.html", {"page": page}, status=400 if wrong else 200)


@sensitive_post_parameters("code")
@require_http_methods(PAGES)
@for_password_holders
def second_factor(request: HttpRequest) -> HttpResponse:
    """The authenticator's code; each counts once, and five wrong ones lock the operator out, whatever the session."""
    operator = request.user
    assert isinstance(operator, Operator)
    if operator.totp_secret_sealed is None:
        return HttpResponseRedirect(reverse("console:enrol"))
    wrong = {}
    if request.method == "POST":
        if not lockout.may_try(operator):
            trail.signed_in(operator.pk, "factor:given", "locked_out")
            auth.logout(request)
            return locked_out(request)
        if totp.verify(operator=operator, code=_typed(request)):
            lockout.forget(operator)
            trail.signed_in(operator.pk, "factor:given")
            return _passed(request)
        trail.signed_in(operator.pk, "factor:given", "wrong")
        wrong = {"code": "code_wrong"}
    return render(
        request, "console/second_factor.html", {"page": SecondFactorPage(errors=field_errors(wrong))}, status=400 if wrong else 200
    )


@sensitive_post_parameters("code")
@require_http_methods(PAGES)
@for_password_holders
def enrol(request: HttpRequest) -> HttpResponse:
    """The first sign-in: an authenticator is enrolled once it has given a right code."""
    operator = request.user
    assert isinstance(operator, Operator)
    if operator.totp_secret_sealed is not None:
        return HttpResponseRedirect(reverse("console:second_factor"))
    secret = bytes.fromhex(request.session.setdefault(ENROLLING, totp.new_secret().hex()))
    wrong = {}
    if request.method == "POST":
        if totp.verify(operator=operator, code=_typed(request), secret=secret):
            return _enrolled(request, operator, secret)
        trail.signed_in(operator.pk, "factor:enrolled", "wrong")
        wrong = {"code": "code_wrong"}
    page = EnrolPage(totp.as_text(secret), totp.uri(secret=secret, username=operator.username), field_errors(wrong))
    return render(request, "console/enrol.html", {"page": page}, status=400 if wrong else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    if isinstance(request.user, Operator):
        trail.signed_in(request.user.pk, "session:ended")
    auth.logout(request)
    return forget_here(HttpResponseRedirect(reverse("console:sign_in")))


def _typed(request: HttpRequest) -> str:
    """The six digits, which authenticators show in two groups."""
    return request.POST.get("code", "").replace(" ", "")


def _enrolled(request: HttpRequest, operator: Operator, secret: bytes) -> HttpResponse:
    """Where another session was faster, its authenticator is the one that counts, and this session must show a code of it."""
    del request.session[ENROLLING]
    if totp.enrol(operator=operator, secret=secret):
        trail.signed_in(operator.pk, "factor:enrolled")
        return _passed(request)
    return HttpResponseRedirect(reverse("console:second_factor"))


def _passed(request: HttpRequest) -> HttpResponse:
    request.session.cycle_key()
    request.session[VERIFIED] = str(request.user.pk)
    request.session[FACTOR_AT] = timezone.now().timestamp()
    return HttpResponseRedirect(request.session.pop(THEN, "") or reverse("console:overview"))
