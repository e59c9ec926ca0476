"""Signing in to the console: user name and password, then the authenticator's code. django-axes counts wrong passwords, `lockout` wrong codes."""

from __future__ import annotations

from typing import Any

from axes.decorators import axes_dispatch
from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from aurora.console import lockout, trail
from aurora.console.account import since_last
from aurora.console.auth import ENROLLING, FACTOR_AT, NEWS, THEN, VERIFIED, for_password_holders, next_step
from aurora.identity import enrolments, totp
from aurora.identity.backends import TooManyAtOnce
from aurora.identity.models import Operator
from aurora.journeys import join as joining
from aurora.portal.errors import locked_out, too_many_attempts
from aurora.portal.headers import forget_here
from aurora.portal.present.sources import field_errors
from aurora.ui import operator_words
from aurora.ui.contexts import ConsoleSignInPage, EnrolPage, SecondFactorPage
from aurora.ui.contexts.operators import JoinPage
from aurora.ui.contexts.shared import FieldError
from consent.counting import count_of
from consent.oauth.limits import address_of

PAGES = ["GET", "HEAD", "POST"]
# By one address: nobody is to guess, whatever names they give, and a password's digest is slow.
JOINS_A_MINUTE = 30
SIGN_INS_A_MINUTE = 30
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
        try:
            operator = None if wrong else _password_holder(request, username.replace("\x00", ""), password)
        except TooManyAtOnce:
            trail.failed(username.replace("\x00", ""), "password:given", "locked_out")
            return too_many_attempts(request, seconds=60)
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
    if not enrolments.may_enrol(operator.pk, now=timezone.now()):
        auth.logout(request)  # the time is over: two administrators begin it anew
        return HttpResponseRedirect(reverse("console:join"))
    secret = bytes.fromhex(request.session.setdefault(ENROLLING, totp.new_secret().hex()))
    wrong = {}
    if request.method == "POST":
        if totp.verify(operator=operator, code=_typed(request), secret=secret):
            return _enrolled(request, operator, secret)
        trail.signed_in(operator.pk, "factor:enrolled", "wrong")
        wrong = {"code": "code_wrong"}
    page = EnrolPage(totp.as_text(secret), totp.uri(secret=secret, username=operator.username), field_errors(wrong))
    return render(request, "console/enrol.html", {"page": page}, status=400 if wrong else 200)


@sensitive_post_parameters("first", "second", "password", "again")
@require_http_methods(PAGES)
def join(request: HttpRequest) -> HttpResponse:
    """A new operator's first page: two secrets, and a password of their own. The authenticator is next."""
    username, wrong = request.POST.get("username", "")[:64].replace("\x00", ""), list[FieldError]()
    if request.method == "POST":
        if count_of("joining", address_of(request), 60).number > JOINS_A_MINUTE:
            return locked_out(request)
        joined = _joined(request, username)
        if isinstance(joined, Operator):
            request.session.flush()
            auth.login(request, joined, backend=BACKEND)  # type: ignore[arg-type]
            return HttpResponseRedirect(reverse("console:enrol"))
        wrong = joined
    page = JoinPage(username=username, errors=tuple(wrong))
    return render(request, "console/join.html", {"page": page}, status=400 if wrong else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    if isinstance(request.user, Operator):
        trail.signed_in(request.user.pk, "session:ended")
    auth.logout(request)
    return forget_here(HttpResponseRedirect(reverse("console:sign_in")))


def _password_holder(request: HttpRequest, username: str, password: str) -> Any:
    """Whose name and password these are, or nobody. Counted before anything is looked at. Raises `TooManyAtOnce`."""
    if count_of("console-sign-in", address_of(request), 60).number > SIGN_INS_A_MINUTE:
        raise TooManyAtOnce
    return auth.authenticate(request, username=username, password=password)


def _joined(request: HttpRequest, username: str) -> Operator | list[FieldError]:
    """The account, or what was wrong."""
    first, second, password = (request.POST.get(name, "") for name in ("first", "second", "password"))
    if password != request.POST.get("again", ""):
        return [FieldError("again", operator_words.fault("passwords_differ"))]
    try:
        return joining.join(username=username, halves=(first, second), password=password, now=timezone.now())
    except joining.NotInvited as error:
        trail.failed(username, "account:joined", "wrong")
        return [FieldError("username", operator_words.fault(error.code))]
    except joining.PasswordRefused as error:
        return [FieldError("password", sentence) for sentence in error.sentences]


def _typed(request: HttpRequest) -> str:
    """The six digits, which authenticators show in two groups."""
    return request.POST.get("code", "").replace(" ", "")


def _enrolled(request: HttpRequest, operator: Operator, secret: bytes) -> HttpResponse:
    """Where another session was faster, its authenticator is the one that counts, and this session must show a code of it."""
    del request.session[ENROLLING]
    if totp.enrol(operator=operator, secret=secret):
        enrolments.done(operator.pk, now=timezone.now())
        trail.signed_in(operator.pk, "factor:enrolled")
        return _passed(request)
    return HttpResponseRedirect(reverse("console:second_factor"))


def _passed(request: HttpRequest) -> HttpResponse:
    if request.session.get(VERIFIED) != str(request.user.pk):  # they come in, and do not give a code once more
        request.session[NEWS] = since_last(request).is_news
    request.session.cycle_key()
    request.session[VERIFIED] = str(request.user.pk)
    request.session[FACTOR_AT] = timezone.now().timestamp()
    return HttpResponseRedirect(request.session.pop(THEN, "") or reverse("console:overview"))
