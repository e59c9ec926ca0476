"""Pages for people: rendering, languages, security headers, errors. No page needs JavaScript."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render as django_render

from aurora.sandbox import runtime
from aurora.sandbox.browser import Browser
from aurora.sandbox.errors import BearerError, PageError, SandboxError

LANGUAGES = ("fi", "sv", "en")
HERE = Path(__file__).resolve().parent
_MACHINE_PATHS = ("/data/", "/token", "/par", "/revoke", "/userinfo", "/_sandbox/", "/notices", "/.well-known/", "/jwks")


@cache
def texts(language: str) -> Mapping[str, str]:
    """Every text of the sandbox's pages in one language."""
    found: dict[str, str] = json.loads((HERE / "texts" / f"{language}.json").read_text(encoding="utf-8"))
    return found


@cache
def process_name(process: str, language: str) -> str:
    return texts(language)[f"name.{process}"]


def language_of(request: HttpRequest, ui_locales: str = "") -> str:
    """`ui_locales` (OpenID Connect Core 3.1.2.1: best first, spaces between), else what this browser was shown before,
    else what it prefers, else English."""
    browser: Browser | None = getattr(request, "browser", None)
    wanted = [*ui_locales.split(), browser.data.get("language", "") if browser else ""]
    wanted += [part.partition(";")[0] for part in request.headers.get("Accept-Language", "").split(",")]
    tags = (tag.strip().lower().partition("-")[0] for tag in wanted)
    return next((tag for tag in tags if tag in LANGUAGES), "en")


def remember_language(request: HttpRequest, ui_locales: str) -> str:
    """The language chosen with the request, kept for the pages after it."""
    language = language_of(request, ui_locales)
    browser: Browser | None = getattr(request, "browser", None)
    if browser is not None and ui_locales:
        browser.data["language"] = language
    return language


def render(request: HttpRequest, template: str, language: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """A page; the template sees `t` (texts), `lang`, `name` (who we are) and the context."""
    process = runtime.current().process
    shared = {
        "lang": language,
        "t": _Texts(texts(language)),
        "name": process_name(process, language),
        "process": process,
        "path": request.path,
    }
    response = django_render(request, f"sandbox/{template}", {**shared, **context}, status=status)
    response["Cache-Control"] = "no-store"
    response["Content-Language"] = language
    return response


class _Texts:
    """Lets a template write `t.login.title` for the text `login.title`."""

    def __init__(self, known: Mapping[str, str], prefix: str = "") -> None:
        self._known, self._prefix = known, prefix

    def __getitem__(self, key: str) -> str | _Texts:
        full = f"{self._prefix}{key}"
        return self._known[full] if full in self._known else _Texts(self._known, f"{full}.")


def error_page(request: HttpRequest, error: SandboxError, *, status: int) -> HttpResponse:
    """One page for every error: the code for support, and a sentence in the reader's language if there is one."""
    language = language_of(request, request.GET.get("ui_locales", ""))
    sentence = texts(language).get(f"error.{error.code}", error.sentence)
    code = " ".join(filter(None, (error.code, getattr(error, "their_code", ""))))
    return render(request, "error.html", language, status=status, sentence=sentence, code=code)


def page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Turns the errors of a page's view into the error page."""

    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except SandboxError as error:
            return error_page(request, error, status=getattr(error, "status", 0) or 502)

    wrapped.__name__ = view.__name__
    return wrapped


def problem(status: int, code: str, sentence: str, headers: Mapping[str, str] | None = None) -> JsonResponse:
    """problem+json (RFC 9457) with our `code` beside it."""
    body = {"type": "about:blank", "title": sentence, "status": status, "code": code}
    kept = {"Cache-Control": "no-store", **(headers or {})}
    return JsonResponse(body, status=status, content_type="application/problem+json", headers=kept)


def bearer_problem(error: BearerError) -> JsonResponse:
    """401 or 403 with the challenge of RFC 6750 section 3."""
    parts = {"realm": runtime.current().process, "error": error.code, "scope": error.scope}
    challenge = "Bearer " + ", ".join(f'{name}="{value}"' for name, value in parts.items() if value)
    return problem(error.status, error.code or "token_required", error.sentence, {"WWW-Authenticate": challenge})


def _plain_error(request: HttpRequest, status: int, code: str, sentence: str) -> HttpResponse:
    if request.path.startswith(_MACHINE_PATHS):
        return problem(status, code, sentence)
    return error_page(request, PageError(code, sentence), status=status)


def not_found(request: HttpRequest, exception: Http404) -> HttpResponse:
    return _plain_error(request, 404, "not_found", "There is nothing at this address.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _plain_error(request, 400, "bad_request", "The request cannot be understood.")


def server_error(request: HttpRequest) -> HttpResponse:
    return _plain_error(request, 500, "server_error", "Something went wrong on our side.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _plain_error(request, 403, "form_expired", "The form has expired. Go back, reload the page and try again.")


def stylesheet(request: HttpRequest) -> HttpResponse:
    css = (HERE / "static" / "sandbox.css").read_bytes()
    return HttpResponse(css, content_type="text/css; charset=utf-8", headers={"Cache-Control": "max-age=300"})


def health(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok", "process": runtime.current().process})


class SecurityHeaders:
    """No `form-action`: browsers apply it to the redirects after a form too, and ours lead back to the client."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'")
        response.setdefault("X-Content-Type-Options", "nosniff")
        # Not no-referrer: a browser then sends `Origin: null` with our own forms, and they would pass for forged.
        response.setdefault("Referrer-Policy", "same-origin")
        return response
