"""Does wrong what the switches say, and counts every request."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from aurora.sandbox import pages, runtime, vocabulary
from aurora.sandbox.agency import stats, switches
from aurora.sandbox.agency.switches import Switch
from aurora.sandbox.health import smart

HUGE_BYTES = 2 * 1024**3
INSIDE = "http://169.254.169.254/latest/meta-data/"
_FAMILIES = {
    "token": "token", "par": "par", "revoke": "revoke", "jwks": "metadata", ".well-known": "metadata",
    "authorize": "authorize", "sign-in": "authorize", "decide": "authorize", "data": "data", "fhir": "data",
}  # fmt: skip
_striking: ContextVar[tuple[Switch, ...]] = ContextVar("striking", default=())


class BrokenOff(HttpResponse):
    """Stands for an answer that nobody gets: the connection is gone."""


class FaultMiddleware:
    """Pages and switches of the sandbox itself (root, health, /_sandbox/) are neither struck nor counted."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        head, _, tail = request.path.lstrip("/").partition("/")
        family = _FAMILIES.get(head)
        if family is None:
            return self.get_response(request)
        here = runtime.current()
        category = _category(head, tail, here.process)
        mark = _striking.set(switches.strike(family, category, here))
        try:
            response = _struck(request) or self.get_response(request)
        finally:
            _striking.reset(mark)
        stats.count(family, category, 0 if isinstance(response, BrokenOff) else response.status_code)
        return response


def _category(head: str, tail: str, process: str) -> str:
    asked = next((c for c, resource in smart.CATEGORIES.items() if resource == tail.partition("/")[0]), "") if head == "fhir" else tail
    return asked if head in ("data", "fhir") and asked in vocabulary.served_by(process) else ""


def striking(mode: str) -> Switch | None:
    """The switch of this mode if it strikes the request being answered."""
    return next((switch for switch in _striking.get() if switch.mode == mode), None)


def refreshes_refused() -> bool:
    return striking("revoked") is not None


def access_token_seconds(usual: int) -> int:
    """How long the access token made now shall live; whole seconds, at least one."""
    switch = striking("short_tokens")
    return usual if switch is None else max(1, round(switch.seconds))


def _struck(request: HttpRequest) -> HttpResponseBase | None:
    """The answer that the switches give instead of the right one, or None if the right one may follow."""
    for switch in _striking.get():
        if switch.mode == "slow":
            time.sleep(switch.seconds)
        elif switch.mode == "down":
            return _reset(request) if switch.reset else _down()
        elif switch.mode == "too_many":
            wait = {"Retry-After": str(max(1, round(switch.seconds)))}
            return pages.problem(429, "too_many_requests", "Too many requests. Try again later.", wait)
        elif switch.mode == "garbage":
            return HttpResponse(b"\xff\xfe<<" + os.urandom(200), content_type="application/json")
        elif switch.mode == "huge":
            return StreamingHttpResponse(_flood(), content_type="application/json")
        elif switch.mode == "slow_loris":
            return StreamingHttpResponse(_drip(switch.seconds), content_type="application/json")
        elif switch.mode == "redirect":
            return HttpResponse(status=302, headers={"Location": INSIDE})
    return None


def _down() -> HttpResponse:
    return pages.problem(503, "unavailable", "The service is down.", {"Retry-After": "5"})


def _reset(request: HttpRequest) -> HttpResponse:
    request.META["sandbox.reset"]()
    return BrokenOff(status=503)


def _flood() -> Iterator[bytes]:
    """Well-formed JSON that only its size makes unfit: 2 GiB, never held in memory here."""
    yield b'{"category": "'
    for _ in range(HUGE_BYTES // 65536):
        yield b"x" * 65536
    yield b'"}'


def _drip(pause: float) -> Iterator[bytes]:
    """A byte now and then, for as long as anybody listens, five minutes at most."""
    until = time.monotonic() + switches.LONGEST
    yield b"{"
    while time.monotonic() < until:
        yield b" "
        time.sleep(pause)
    yield b"}"
