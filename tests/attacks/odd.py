"""What strangers send: bodies, queries, headers and paths, each with a name, and what every answer to them must be."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlsplit

from django.http import HttpResponse

from aurora.ui.developers.problems import table, type_uri
from tests.support.cast import FORM

NESTED = "[" * 2000 + "]" * 2000
BOUNDARY = "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="a"; filename="f"\r\n\r\n'

BODIES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", FORM),
    "no type": (b"a=b", ""),
    "oversized": (b"a=" + b"x" * 70_000, FORM),
    "oversized file": (PART + b"x" * 70_000 + b"\r\n--x--\r\n", BOUNDARY),
    "NUL": (b"decision=%00&notice_token=%00&notice=%00&code=%00&username=%00&password=%00&client_id=%00&token=%00&language=%00", FORM),
    "raw NUL": (b"decision=\x00&username=\x00&password=\x00&code=\x00", FORM),
    "not UTF-8": (b"decision=%ff%fe&notice=%ff&username=%ff&password=%ff&code=%ff", FORM),
    "raw bytes": (bytes(range(256)), FORM),
    "surrogates": (b"decision=%ed%a0%80&username=%ed%a0%80&notice_token=%ed%a0%80", FORM),
    "JSON": (json.dumps({"decision": "allow", "username": ["a"]}).encode(), "application/json"),
    "deep JSON": (NESTED.encode(), "application/json"),
    "deep JSON field": (f"authorization_details={NESTED}&categories={NESTED}".encode(), FORM),
    "broken multipart": (b"--x\r\nContent-Disposition: form-data\r\n", BOUNDARY),
    "multipart without boundary": (b"--x--", "multipart/form-data"),
    "101 fields": ("&".join(f"f{i}=1" for i in range(101)).encode(), FORM),
    "twice": (b"decision=allow&decision=decline&notice=a&notice=b&username=a&username=b&code=1&code=2&client_id=a&client_id=b", FORM),
    "superscript digits": ("code=²²²²²²&own_day=²&own_month=²&own_year=²&end=own".encode(), FORM),
    "unknown charset in a part": (
        b"--x\r\nContent-Disposition: form-data; name=\"a\"; filename*=bogus''%20\r\n\r\n\r\n--x--\r\n",
        BOUNDARY,
    ),
    "absurd type": (b"a=b", "x" * 3000),
    "markup": (b"username=<script>alert(1)</script>&decision=<script>alert(1)</script>&code=<script>&own_day=<script>", FORM),
}
QUERIES: dict[str, str] = {
    "NUL": "next=%00&agency=%00&kind=%00&from=%00&before=%00&problem=%00&client_id=%00&request_uri=%00&code=%00&state=%00&lang=%00",
    "not UTF-8": "next=%ff&agency=%ff&from=%ff&before=%ff&state=%ff&code=%ff&iss=%ff&problem=%ff",
    "long": "next=/" + "a" * 20_000,
    "150 parameters": "&".join(f"q{i}=1" for i in range(150)),
    "twice": "next=/a&next=/b&state=a&state=b&code=a&code=b&from=2026-01-01&from=x",
    "newline": "next=/%0d%0aSet-Cookie:a=b&version=%0d%0aX:y&problem=%0d%0a",
    "names that mean something elsewhere": "format=xml&_method=DELETE&debug=1&access_token=aaaaaaaaaa&client_assertion=x",
    "calendar's ends": "from=0001-01-01&to=9999-12-31&before=99999999999999999",
    "no calendar": "from=2026-02-31&to=%D9%A2%D9%A0%D9%A2%D9%A6-%D9%A0%D9%A1-%D9%A0%D9%A1&before=%C2%B2",
    "markup": "next=/%3Cscript%3Ealert(1)%3C/script%3E&problem=%3Cscript%3E&from=%3Cscript%3E&agency=%3Cscript%3E",
}
HEADERS: dict[str, dict[str, str]] = {
    "foreign host": {"HTTP_HOST": "evil.example"},
    "host with path": {"HTTP_HOST": "localhost:8000/evil"},
    "two hosts": {"HTTP_HOST": "localhost,evil.example"},
    "much at once": {
        "HTTP_X_FORWARDED_HOST": "evil.example",
        "HTTP_FORWARDED": "host=evil.example",
        "HTTP_X_LONG": "x" * 60_000,
        "HTTP_ACCEPT_LANGUAGE": "x-" * 5000 + ",*;q=nan,\x00",
        "HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE",
        "HTTP_IF_MODIFIED_SINCE": "\x00",
        "HTTP_IF_NONE_MATCH": '"',
        "HTTP_RANGE": "bytes=9-1",
        "HTTP_HX_REQUEST": "true",
        "HTTP_HX_CURRENT_URL": "http://[",
        "HTTP_HX_CURRENT_URL_URI_AUTOENCODED": "true",
        "HTTP_REFERER": "http://[evil",
        "HTTP_ORIGIN": "null",
    },
    "accept": {"HTTP_ACCEPT": "application/x-nothing;q=0, */"},
    "cookie with NUL": {"HTTP_COOKIE": r'aurora="\000aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; aurora-csrf="\000"; aurora-language="\000"'},
    "long cookie": {"HTTP_COOKIE": "aurora=" + "a" * 60_000},
    "many cookies": {"HTTP_COOKIE": "; ".join(f"c{i}=1" for i in range(5000))},
    "broken cookie": {"HTTP_COOKIE": "=;;;aurora; messages=x; aurora=\xff"},
    "length without digits": {"CONTENT_LENGTH": "lots"},
    "negative length": {"CONTENT_LENGTH": "-1"},
    "absurd length": {"CONTENT_LENGTH": "9" * 400},
    "absurd length behind noughts": {"CONTENT_LENGTH": "0" * 30 + "70000"},
    "length in other digits": {"CONTENT_LENGTH": "²"},
}
BEARERS: dict[str, dict[str, str]] = {
    "no token": {"HTTP_AUTHORIZATION": "DPoP"},
    "odd token": {"HTTP_AUTHORIZATION": "DPoP \xff\x00" + "a" * 43},
    "long token": {"HTTP_AUTHORIZATION": "DPoP " + "a" * 60_000},
    "no proof": {"HTTP_DPOP": ""},
    "odd proof": {"HTTP_DPOP": "\xff.\x00.="},
    "long proof": {"HTTP_DPOP": f"{'a' * 20_000}.{'a' * 20_000}.{'a' * 20_000}"},
    "proof of nothing": {"HTTP_DPOP": "e30.e30.AA"},
    "basic": {"HTTP_AUTHORIZATION": "Basic Og=="},
}
PIECES = [
    "%00", "%ff%fe", "..", "%2e%2e%2fetc%2fpasswd", "a" * 5000, "-", "%0d%0aX:y", "<script>alert(1)</script>", "%F0%9F%92%A9", "'; DROP TABLE x;--",
    "00000000-0000-0000-0000-000000000000", "0" * 400, "x999/" * 9 + "999", "{{7*7}}", "%ed%a0%80", "TAX.INCOME",
]  # fmt: skip
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")


def paths(route: str, path: str) -> Iterable[str]:
    """The address with each absurd piece in place of what a converter takes; one beside it where there is no converter."""
    if "<" not in route:
        return [f"{path}{quote(piece, safe='%/')}" for piece in PIECES[:3]]
    shape = re.sub(r"\(\?P<\w+>.*\)\$?|<[^>]+>", "{}", route.replace("LANG", "en").replace("^", ""))
    return ["/" + shape.replace("{}", quote(piece, safe="%/")) for piece in PIECES]


def check(answer: HttpResponse, secrets: Iterable[str], *, what: str, peers: Iterable[str] = ()) -> None:
    """Not a server error, no trace, no secret, no open redirect; a refusal is our page, a problem or OAuth's JSON."""
    text = answer.content.decode("utf-8", "replace")
    where = f"{what}: {answer.status_code} {answer.headers.get('Location', '')} {text[:200]!r}"
    assert answer.status_code < 500, where
    assert "Traceback" not in text and "Exception" not in text and "psycopg" not in text, where
    assert "<script>alert(1)" not in text, where
    for secret in secrets:
        assert secret not in text and secret not in str(answer.headers), what
    if 300 <= answer.status_code < 400:
        goal = urlsplit(answer["Location"])
        assert not goal.netloc or f"{goal.scheme}://{goal.netloc}" in set(peers), where
        assert goal.netloc or not re.match(r"[/\\]{2}|\\", answer["Location"]), where
    if answer.status_code >= 400 and answer.request["REQUEST_METHOD"] != "HEAD":  # type: ignore[attr-defined]
        _check_refusal(answer, text, where)


def _check_refusal(answer: Any, text: str, where: str) -> None:
    kind = answer.headers.get("Content-Type", "")
    if kind == "application/problem+json":
        problem = json.loads(text)
        assert (
            problem["status"] == answer.status_code
            and problem["code"]
            and problem["type"] == type_uri(problem["code"])
            and problem["code"] in table()
        ), where
    elif kind == "application/json":
        assert json.loads(text)["error"], where
    else:
        assert kind == "text/html; charset=utf-8" and 'class="au-main"' in text and "</html>" in text, where


def problem(answer: Any) -> str:
    """A problem's words and codes but for the number of its request, which is another each time."""
    told = answer.json()
    assert told.pop("instance").startswith("urn:aurora:request:")
    return str(sorted(told.items()))
