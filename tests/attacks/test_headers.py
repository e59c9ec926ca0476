"""What every answer says to the browser: what may run, who may frame it, what may be kept."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from tests.attacks.routes import ROUTES, Route
from tests.support.cast import Cast, browser

PAGES = {name: route for name, route in ROUTES.items() if "GET" in route.methods and route.who in ("all", "citizen", "operator")}
PUBLIC = ("/ledger/", "/.well-known/", "/oauth/jwks", "/oauth/authorization-details", "/webhooks/keys")
# The catalogue as linked data; what everyone may read of months that are over; the verifier, the same for all; the API's documents.
OPEN = re.compile(
    r"/services(/[^/]+)?\.jsonld\Z|/transparency\.(json|csv)\Z|/../transparency/\Z|.*/activity/verify/aurora-verify\.html\Z|/developers/(openapi\.(json|yaml)|changes\.atom)\Z"
)


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
    assert answer["Cross-Origin-Opener-Policy"] == answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert answer["X-Frame-Options"] == "DENY"
    powers = answer["Permissions-Policy"].split(", ")
    assert {"camera=()", "geolocation=()", "microphone=()", "payment=()", "usb=()"} <= set(powers) and all(
        p.endswith("=()") for p in powers
    )
    assert "Server" not in answer.headers and "X-Powered-By" not in answer.headers


def _is_ours_alone(answer: HttpResponse, path: str) -> None:
    """No other origin's script reads it, but for what the whole world may (ASVS 3.4.2)."""
    told = {name: value for name, value in answer.headers.items() if name.lower().startswith("access-control-")}
    assert told in ({}, {"Access-Control-Allow-Origin": "*"}) and (not told or OPEN.match(path)), told


def _is_what_it_says(answer: HttpResponse) -> None:
    """A body is what its type says, and text names its letters (ASVS 4.1.1)."""
    kind = answer.headers.get("Content-Type", "")
    if answer.status_code in (204, 304) or not (answer.streaming or answer.content):
        return
    assert kind and (not kind.startswith("text/") or "charset=utf-8" in kind.lower().replace('"', "")), kind


@pytest.mark.parametrize("name", PAGES)
def test_every_answer_carries_the_policy(cast: Cast, name: str) -> None:
    answer = _get(cast, PAGES[name])
    _is_safe(answer)
    _is_ours_alone(answer, PAGES[name].path)
    _is_what_it_says(answer)


@pytest.mark.parametrize("name", ROUTES)
@pytest.mark.parametrize("method", ["POST", "OPTIONS", "TRACE"])
def test_every_answer_to_another_method_and_to_strangers_carries_it(cast: Cast, name: str, method: str) -> None:
    """Whoever asks without a right, in whatever way: machines' addresses too."""
    answer = browser().generic(method, ROUTES[name].path, HTTP_ORIGIN="https://evil.example")
    _is_safe(answer)
    _is_ours_alone(answer, ROUTES[name].path)
    _is_what_it_says(answer)
    assert method != "TRACE" or answer.status_code in (302, 401, 403, 404, 405)


@pytest.mark.parametrize(
    "path", ["ui/aurora.css", "aurora/verify/page.mjs", "aurora/verify/check.mjs", "aurora/no-such-file.js", "../settings.py"]
)
def test_static_files_carry_it_too(cast: Cast, path: str) -> None:
    answer = browser().get(f"/static/{path}")
    assert answer.status_code == (200 if "verify/" in path or path.startswith("ui/") else 404)
    _is_safe(answer)
    _is_ours_alone(answer, answer.request["PATH_INFO"])  # type: ignore[attr-defined]
    _is_what_it_says(answer)


def test_a_folder_of_static_files_lists_nothing(cast: Cast) -> None:
    for path in ("/static/", "/static/ui/", "/static/aurora"):
        assert browser().get(path).status_code == 404


@pytest.mark.parametrize("face", ["citizen", "operator"])
def test_whoever_signs_out_leaves_nothing_in_the_browser(cast: Cast, face: str) -> None:
    """Not "cookies": that would end what the person has at other services below the same domain."""
    client = cast.aino.browser() if face == "citizen" else cast.operator_browser()
    answer = client.post("/en/sign-out/" if face == "citizen" else "/en/console/sign-out/")
    assert answer.status_code == 302 and answer["Clear-Site-Data"] == '"cache", "storage"'
    _is_safe(answer)


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
    program = (
        "import django; django.setup(); from django.conf import settings as s;"
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT,"
        " s.SECURE_HSTS_SECONDS > 0, s.DEBUG, s.ALLOWED_HOSTS)"
    )
    said = _deployed(program)
    assert said == ["__Host-aurora __Host-aurora-csrf True True True True False ['aurora.example']"]


def test_a_browser_is_led_to_https_and_a_machine_is_not(cast: Cast) -> None:
    """What a machine sent in the clear must be noticed by whoever runs it (ASVS 4.1.2); the answers carry the policy too, and HSTS by https."""
    program = (
        "import django; django.setup(); from django.test import Client; client = Client(HTTP_HOST='aurora.example');\n"
        "for path in ('/en/', '/api/v1/twin/tax.income', '/oauth/token', '/ledger/checkpoint', '/.well-known/oauth-authorization-server', '/healthz'):\n"
        "    answer = client.get(path); print(answer.status_code, answer.get('Location'), 'frame-ancestors' in answer.get('Content-Security-Policy', ''))\n"
        "print(client.get('/healthz', secure=True)['Strict-Transport-Security'])"
    )
    assert _deployed(program) == [
        "301 https://aurora.example/en/ True",
        *["403 None True"] * 4,
        "200 None True",
        "max-age=31536000; includeSubDomains",
    ]


def _deployed(program: str) -> list[str]:
    """The lines that a program says in a process whose settings are a deployment's."""
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "aurora.settings",
        "AURORA_BASE_URL": "https://aurora.example",
        "AURORA_SANDBOX": "0",
    }
    said = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    return said.stdout.splitlines()
