"""Content types on which Django itself fails while it makes the request: through the real entry point, as a server calls it."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.test import RequestFactory

from aurora.wsgi import application
from tests.support.cast import FORM, HOST, Cast, changed, snapshot


def _call(path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
    environ = RequestFactory(HTTP_HOST=HOST).generic("POST" if body else "GET", path, body).environ
    environ |= {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)}
    status: list[int] = []

    def start(line: str, headers: Any, exc_info: Any = None) -> Any:
        status.append(int(line.split()[0]))

    answer = application(environ, start)
    content = b"".join(answer)
    getattr(answer, "close", lambda: None)()
    return status[0], content


@pytest.mark.parametrize("path", ["/en/?signed-out=1", "/en/sign-in/?next=/x", "/oauth/authorize?client_id=a", "/api/v1/schema/?a=b"])
@pytest.mark.parametrize(
    "odd",
    [
        "text/plain; charset=hex",
        "text/plain; charset=zlib",
        "text/plain; charset=idna",
        "text/plain; charset=utf-16",
        "text/plain; charset*=utf-8''%00",
        "text/plain; charset*=bogus''%20",
        "text/plain; x*=bogus''%20",
        "text/plain; charset=" + "x" * 5000,
        ";;;=;*=''",
        "\xff",
    ],
)
def test_no_content_type_is_a_server_error(cast: Cast, path: str, odd: str) -> None:
    assert _call(path, b"", odd)[0] < 500


@pytest.mark.parametrize("path", ["/oauth/par", "/oauth/token", "/oauth/introspect", "/oauth/revoke"])
@pytest.mark.parametrize("charset", ["charset=hex", "charset=latin-1", "charset*=utf-8''%00"])
def test_a_form_in_another_charset_is_no_form(cast: Cast, path: str, charset: str) -> None:
    before = snapshot()
    status, content = _call(path, b"a=b", f"{FORM}; {charset}")
    assert status == 400 and b'"invalid_request"' in content
    assert changed(before, snapshot()) == set()


def test_utf8_may_be_said(cast: Cast) -> None:
    status, content = _call("/oauth/par", b"a=b", f"{FORM}; charset=UTF-8")
    assert status == 401 and b'"invalid_client"' in content
