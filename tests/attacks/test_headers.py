"""What every answer says to the browser: what may run, who may frame it, what may be kept."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from tests.attacks.routes import ROUTES, Route
from tests.support.cast import Cast, browser

PAGES = {name: route for name, route in ROUTES.items() if "GET" in route.methods and route.who in ("all", "citizen", "operator")}
PUBLIC = ("/ledger/", "/.well-known/", "/oauth/jwks", "/oauth/authorization-details", "/webhooks/keys")
# The catalogue as linked data; what everyone may read of months that are over; the verifier, the same for all.
OPEN = re.compile(r"/services(/[^/]+)?\.jsonld\Z|/transparency\.(json|csv)\Z|/../transparency/\Z|.*/activity/verify/aurora-verify\.html\Z")


def _get(cast: Cast, route: Route) -> HttpResponse:
    faces = {"citizen": cast.aino.browser, "operator": cast.operator_browser}
    return faces.get(route.who, browser)().get(route.path)  # type: ignore[return-value]


def _policy(answer: HttpResponse) -> dict[str, set[str]]:
    parts = (part.split() for part in answer["Content-Security-Policy"].split(";") if part.strip())
    return {name: set(sources) for name, *sources in parts}


def _is_safe(answer: HttpResponse) -> None:
    policy = _policy(answer)
    assert "unsafe" not in answer["Content-Security-Policy"] and "*" not in answer["Content-Security-Policy"]
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == {"'none'"}
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == {"'self'"}
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("name", PAGES)
def test_every_answer_carries_the_policy(cast: Cast, name: str) -> None:
    answer = _get(cast, PAGES[name])
    _is_safe(answer)
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("name", [n for n, r in PAGES.items() if not (r.path.startswith(PUBLIC) or OPEN.match(r.path))])
def test_nothing_that_is_not_public_is_kept_on_the_way(cast: Cast, name: str) -> None:
    kept = _get(cast, PAGES[name])["Cache-Control"]
    assert "no-store" in kept and "public" not in kept


def test_only_the_public_log_and_the_metadata_may_be_cached(cast: Cast) -> None:
    assert "public" in browser().get("/.well-known/oauth-authorization-server")["Cache-Control"]


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/en/nowhere/", {}),
        ("GET", "/api/v1/nowhere", {}),
        ("DELETE", "/en/home/", {}),
        ("GET", "/en/home/", {"HTTP_HOST": "evil.example"}),
        ("POST", "/en/consents/", {"CONTENT_LENGTH": "70000"}),
        ("GET", "/sign-in/callback?state=x", {}),
        ("GET", "/oauth/authorize", {}),
        ("GET", "/api/v1/twin/tax.income", {}),
    ],
)
def test_refusals_carry_it_too(cast: Cast, method: str, path: str, headers: dict[str, str]) -> None:
    answer = browser().generic(method, path, b"", **headers)
    assert answer.status_code >= 400
    _is_safe(answer)


def test_cookies_are_for_the_server_only(cast: Cast) -> None:
    face = Client(HTTP_HOST="localhost:8000")
    face.get("/en/sign-in/")
    face.get("/en/console/sign-in/")
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        cookie = face.cookies[name]
        assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/" and not cookie["domain"]


def test_on_https_cookies_are_bound_to_the_host_and_http_is_left(cast: Cast) -> None:
    """Settings are read once, so a process of its own says what a deployment's are."""
    import os
    import subprocess
    import sys

    program = (
        "import django; django.setup(); from django.conf import settings as s;"
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT,"
        " s.SECURE_HSTS_SECONDS > 0, s.DEBUG, s.ALLOWED_HOSTS)"
    )
    environ = {**os.environ, "AURORA_BASE_URL": "https://aurora.example", "AURORA_SANDBOX": "0"}
    said = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False)
    assert said.stdout.split("\n")[0] == "__Host-aurora __Host-aurora-csrf True True True True False ['aurora.example']", said.stderr
