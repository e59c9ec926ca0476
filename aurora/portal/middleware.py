"""What holds for every request and response: what cannot be read goes no further, expected errors become pages, nothing personal is cached."""

from __future__ import annotations

import re
from collections.abc import Callable

from csp.constants import HEADER
from csp.middleware import CheckableLazyObject, CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import add_never_cache_headers
from django.utils.functional import cached_property

from aurora.portal import errors
from consent.errors import AuroraError

Answer = Callable[[HttpRequest], HttpResponse]
_SESSION_KEY = re.compile(r"[a-z0-9]{32}")


class Readable:
    """Turns away what would fail deeper down, where nothing catches it: oversized bodies and impossible session cookies."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self._drop_odd_session(request)
        fault = self._fault(request)
        if fault is None:
            return self.get_response(request)
        with translation.override(translation.get_language_from_request(request, check_path=True)):
            return errors.refusal(request, *fault)

    def _fault(self, request: HttpRequest) -> tuple[int, str] | None:
        # Django holds a file part of a multipart body in memory whole, and its own limit counts the other parts only.
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()):
            return 400, "bad_request"
        largest = settings.AURORA_LARGER_BODIES.get(request.path) or settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        if len(length) > 20 or int(length) > largest:
            return 413, "too_large"
        return None

    def _drop_odd_session(self, request: HttpRequest) -> None:
        # A quoted cookie may spell NUL, which no database takes.
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        if key is not None and not _SESSION_KEY.fullmatch(key):
            del request.COOKIES[settings.SESSION_COOKIE_NAME]


class ErrorPages:
    """Turns an `AuroraError` that a page's view let through into the page for it. The API has its own mapper (problem+json).

    A database or a cache that is away closes what needs it, sessions and the console's lockout among them, with an answer that says so (503).
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and not response.content and request.method != "HEAD":
            return errors.method_not_allowed(request, allowed=response.headers.get("Allow", ""))
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, AuroraError):
            return errors.page_for(request, exception)
        return errors.outage(request, exception)


class Policy(CSPMiddleware):
    """The Content-Security-Policy. django-csp puts it together anew for each answer; where a view leaves it as it is set, that is done once."""

    @cached_property
    def _as_set(self) -> str:
        return build_policy()

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        varied = hasattr(request, "_csp_nonce") or any(name.startswith("_csp_") for name in vars(response))
        if varied or settings.DEBUG or HEADER in response:
            return super().process_response(request, response)
        response.headers[HEADER] = self._as_set
        request.csp_nonce = _too_late  # type: ignore[attr-defined]
        return response


# As django-csp has it: a nonce that is asked for when the header is written would be in no header.
_too_late = CheckableLazyObject(CSPMiddleware._csp_nonce_post_response)


class NoStore:
    """Pages about a person are never stored by browser or proxy (RFC 9111 5.2.2.5), unless a view said otherwise."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response
