"""The Content-Security-Policy that is put together once is django-csp's, and gives way to it where a view changes it."""

from __future__ import annotations

from typing import Any

import pytest
from csp.constants import HEADER
from csp.decorators import csp_exempt, csp_update
from csp.exceptions import CSPNonceError
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from aurora.portal.middleware import Policy


def _plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def _with_nonce(request: Any) -> HttpResponse:
    return HttpResponse(str(request.csp_nonce))


def _named(request: HttpRequest) -> HttpResponse:
    return HttpResponse(headers={HEADER: "sandbox"})


VIEWS = {
    "plain": _plain,
    "with a nonce": _with_nonce,
    "with its own": _named,
    "changed": csp_update({"img-src": ["data:"]})(_plain),
    "exempt": csp_exempt()(_plain),
}


def _directives(view: Any, middleware: type[CSPMiddleware]) -> set[str]:
    request = RequestFactory().get("/")
    return set(middleware(view)(request).headers.get(HEADER, "").split("; "))


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_gets_what_django_csp_gives_it(view: str) -> None:
    assert _directives(VIEWS[view], Policy) == _directives(VIEWS[view], CSPMiddleware)


def test_the_views_differ() -> None:
    assert len({frozenset(_directives(VIEWS[view], Policy)) for view in ("plain", "with its own", "changed", "exempt")}) == 4


def test_a_nonce_after_the_header_is_an_error() -> None:
    request: Any = RequestFactory().get("/")
    Policy(_plain)(request)
    with pytest.raises(CSPNonceError):
        str(request.csp_nonce)
