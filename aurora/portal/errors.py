"""One mapper from errors to pages. A machine that asks for JSON gets problem+json (RFC 9457) instead of a page."""

from __future__ import annotations

import logging
import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from aurora.identity.models import Citizen
from aurora.portal import back, mandated
from aurora.portal.newcomers import TooManyBegun
from aurora.portal.often import TooMuchFeedback
from aurora.portal.outages import away
from aurora.telemetry import security
from aurora.telemetry.requests import current_id
from aurora.ui import console_layout, words
from aurora.ui.contexts import ErrorPage
from aurora.ui.developers.problems import type_uri
from consent.errors import AuroraError

logger = logging.getLogger(__name__)
RETRY_SECONDS = 10
# What a person may come to who is signed in and where nothing is wrong with the service.
FRAMED = {403, 404, 405}
TEMPLATES = {400, 403, 404, 405, 413, 429, 500, 503}


def page_for(request: HttpRequest, error: AuroraError) -> HttpResponse:
    """The page for an expected error: what happened, and what to do next."""
    reason = "" if error.status == 404 else str(words.error(error.code))  # that page says it in its heading
    answer = _answer(request, error.status, error.code, reason)
    return later(answer, error.retry_after) if isinstance(error, TooManyBegun | TooMuchFeedback) else answer


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler400: malformed, oversized or suspicious requests, and a session that could not be written."""
    if isinstance(exception, RequestDataTooBig):
        return _answer(request, 413, "too_large")
    return outage(request, exception) or _answer(request, 400, "bad_request")


def refusal(request: HttpRequest, status: int, code: str) -> HttpResponse:
    """The page or problem for a request that never reached a view, or whose view could not go on."""
    return _answer(request, status, code)


def method_not_allowed(request: HttpRequest, *, allowed: str) -> HttpResponse:
    """405 with a body; `allowed` is the value of the Allow header (RFC 9110 15.5.6)."""
    response = _answer(request, 405, "method_not_allowed")
    response["Allow"] = allowed
    return response


def locked_out(request: HttpRequest, *unused: Any) -> HttpResponse:
    """Too many wrong passwords or codes of an operator. Called by axes too, which hands in more than is needed."""
    return too_many_attempts(request, seconds=int(settings.AXES_COOLOFF_TIME * 3600))


def too_many_attempts(request: HttpRequest, *, seconds: int) -> HttpResponse:
    """Passwords or codes come faster than they are looked at."""
    response = _answer(request, 429, "too_many_attempts", str(words.form_error("locked_out")))
    response["Retry-After"] = str(seconds)
    return response


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler403."""
    return _answer(request, 403, "forbidden")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler404."""
    return _answer(request, 404, "not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: no trace, no detail. Called while the error is handled; one outside a view (the session's) comes here only."""
    return outage(request, sys.exc_info()[1]) or _answer(request, 500, "server_error")


def outage(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """The answer to an error that says that the database or the cache is away (503), else None."""
    what = away(error)
    if not what:
        return None
    logger.error("The %s is away (%s): a request was answered with 503.", what, type(error).__name__)
    return later(_answer(request, 503, "unavailable"))


def later(response: HttpResponse, seconds: int = RETRY_SECONDS) -> HttpResponse:
    """The same answer, saying when to try again (RFC 9110 10.2.3)."""
    response["Retry-After"] = str(seconds)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from our page, or a cookie that is gone."""
    security.note("form:not_ours", request)
    if wants_json(request):
        return problem(403, "csrf_failed")
    page = ErrorPage(home_url=_home(request), back_url=back.came_from(request), console=_at_console(request))
    return render(request, "errors/csrf.html", {"page": page}, status=403)


def _at_console(request: HttpRequest) -> bool:
    """By the address alone: it is told so even where nobody could ask who sits there."""
    return request.path.startswith(reverse("console:overview"))


def _home(request: HttpRequest) -> str:
    return reverse("console:overview" if _at_console(request) else "portal:landing")


def _answer(request: HttpRequest, status: int, code: str, sentence: str = "") -> HttpResponse:
    if wants_json(request):
        return problem(status, code, sentence)
    template = status if status in TEMPLATES else 503 if status >= 502 else 400
    again = request.method in ("GET", "HEAD") and (status == 429 or status >= 500)
    console, framed = _at_console(request), status in FRAMED and _signed_in(request)
    page = ErrorPage(
        home_url=_home(request),
        reason=sentence,
        framed=framed,
        again=again,
        console=console,
        for_whom=console_layout.frame(request).for_whom if console and framed and status == 403 else "",
    )
    return render(request, f"errors/{template}.html", {"page": page}, status=status)


def _signed_in(request: HttpRequest) -> bool:
    """Whether who sits there keeps their menu on this page: an operator whom the console's guard has let in (it says so at the request), or a citizen,
    with their name and for whom they act. Not while what would tell it is away.
    """
    if _at_console(request):
        return getattr(request, "operator_let_in", False)
    try:
        user = getattr(request, "user", None)
        if not isinstance(user, Citizen):
            return False
        request.display_name = user.display_name  # type: ignore[attr-defined]
        if not hasattr(request, "acting"):
            mandated.show(request)
    except Exception as error:
        if away(error):
            return False
        raise
    return True


def wants_json(request: HttpRequest) -> bool:
    """Whether machines call this address: they get problem+json, and no page."""
    return request.path.startswith(("/api/", "/oauth/", "/ledger/", "/.well-known/")) and request.path != "/oauth/authorize"


def problem(status: int, code: str, detail: str = "", **extra: Any) -> JsonResponse:
    """An RFC 9457 problem document. `code` is ours and stable."""
    body = {"type": type_uri(code), "title": code.replace("_", " "), "status": status, "code": code, **extra}
    if detail:
        body["detail"] = detail
    body["instance"] = f"urn:aurora:request:{current_id()}"
    return JsonResponse(body, status=status, content_type="application/problem+json", headers={"Cache-Control": "no-store"})
