"""Each request gets a number of ours: in the answer's `X-Request-Id`, in what is logged meanwhile, and in problem documents.

It is made here, whatever the caller sent: a number from outside could be one person's mark, or a line of its own in the log.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch

from aurora.telemetry import metrics, traces

HEADER = "X-Request-Id"
STATIC, UNMATCHED = "(static)", "(no route)"
logger = logging.getLogger("aurora.request")
_current: ContextVar[str] = ContextVar("request_id", default="")


def current_id() -> str:
    """The number of the request that is being answered; empty outside of one."""
    return _current.get()


def route_of(request: HttpRequest) -> str:
    """The name of the route that the request took, in no language: a word of ours, never the path."""
    match: ResolverMatch | None = getattr(request, "resolver_match", None)
    if match is None:
        return STATIC if request.path_info.startswith(settings.STATIC_URL) else UNMATCHED
    if match.url_name:
        return match.view_name
    parts = match.route.split("/")
    return "/".join(parts[1:] if parts[0] in dict(settings.LANGUAGES) else parts) or "(root)"


class Numbered:
    """The outermost middleware: numbers, times, counts, traces and, where logs are JSON, tells of each request in one line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._tells = settings.AURORA_LOG_FORMAT == "json"

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        begun, number = time.perf_counter(), secrets.token_hex(8)
        before = _current.set(number)
        try:
            # What a stranger's request says of a trace is not heard: its numbers are ours.
            with traces.step("request", "server", alone=True) as step:
                response = self.get_response(request)
                response.headers[HEADER] = number
                self._tell(request, response.status_code, time.perf_counter() - begun, step)
        finally:
            _current.reset(before)
        return response

    def _tell(self, request: HttpRequest, status: int, seconds: float, step: traces.Step) -> None:
        route, method = route_of(request), request.method or ""
        metrics.answered(route=route, method=method, status=status, seconds=seconds)
        shown = method if method in metrics.METHODS else "other"
        step.also(name=f"{shown} {route}", failed=status >= 500, route=route, method=shown, status=status)
        if self._tells:
            fields = {"route": route, "method": shown, "status": status, "duration_ms": round(seconds * 1000, 1)}
            logger.info("answered", extra={"fields": fields})
