"""What holds for every response: expected errors become pages, and nothing personal is kept in a cache on the way."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

from aurora.portal import errors
from consent.errors import AuroraError

Answer = Callable[[HttpRequest], HttpResponse]


class ErrorPages:
    """Turns an `AuroraError` that a page's view let through into the page for it. The API has its own mapper (problem+json)."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, AuroraError):
            return errors.page_for(request, exception)
        return None


class NoStore:
    """Pages about a person are never stored by browser or proxy (RFC 9111 5.2.2.5), unless a view said otherwise."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response
