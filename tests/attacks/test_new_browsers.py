"""An agency's request is bound to the browser that opens it, and a browser that never got our answer has not opened it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from threading import Barrier, local
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connections
from django.http import HttpResponse
from django.test import Client

from aurora.identity.models import Session
from consent.oauth import requests
from consent.oauth.models import PushedRequest
from tests.attacks import odd
from tests.support.cast import Cast, browser

PAGE = "/oauth/authorize"


@pytest.fixture
def query(cast: Cast) -> dict[str, str]:
    return {"client_id": cast.office.client_id, "request_uri": cast.office.push()}


def _opened() -> int:
    return PushedRequest.objects.filter(interaction__isnull=False, used_at__isnull=True).count()


def _come_again(face: Client, first: HttpResponse) -> HttpResponse:
    assert first.status_code == 302 and first["Location"].startswith(f"{PAGE}?"), (first.status_code, first.content)
    return face.get(first["Location"])  # type: ignore[return-value]


def _is_sent_to_sign_in(answer: HttpResponse) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith("/en/sign-in/?next=%2Foauth%2Fauthorize")


def test_a_lost_first_answer_loses_nothing(cast: Cast, query: dict[str, str]) -> None:
    """A second click, or a connection that broke: the cookie of the first answer never arrived."""
    opened = _opened()
    browser().get(PAGE, query)
    assert _opened() == opened
    face = browser()
    assert _is_sent_to_sign_in(_come_again(face, face.get(PAGE, query)))
    assert _opened() == opened + 1
    assert _is_sent_to_sign_in(face.get(PAGE, query)), "and as often as it likes"


def test_the_first_browser_that_comes_back_keeps_the_request(cast: Cast, query: dict[str, str]) -> None:
    """RFC 9700 4.7: also before anybody has signed in."""
    late, face = browser(), browser()
    to_late = late.get(PAGE, query)
    assert _is_sent_to_sign_in(_come_again(face, face.get(PAGE, query)))
    for answer in (_come_again(late, to_late), browser().get(PAGE, query), cast.aino.browser().get(PAGE, query)):
        assert answer.status_code == 400 and b"another browser" in answer.content


def test_a_browser_that_keeps_no_cookies_is_told_and_not_sent_around(cast: Cast, query: dict[str, str]) -> None:
    face, opened = browser(), _opened()
    first = face.get(PAGE, {**query, "language": "sv"})
    face.cookies = SimpleCookie()
    rows = Session.objects.count()
    answer = _come_again(face, first)
    odd.check(answer, cast.secrets(), what="no cookies")
    assert answer.status_code == 400 and "Tillåt kakor".encode() in answer.content
    assert Session.objects.count() == rows and _opened() == opened, "nor has the request been used up"


def test_a_session_that_is_over_is_none(cast: Cast, query: dict[str, str]) -> None:
    face, opened = browser(), _opened()
    face.cookies["aurora"] = "x" * 32
    first = face.get(PAGE, query)
    assert _opened() == opened and _is_sent_to_sign_in(_come_again(face, first))


def test_a_made_up_request_leaves_no_session(cast: Cast, query: dict[str, str]) -> None:
    rows = Session.objects.count()
    for change in ({"request_uri": query["request_uri"][:-1] + "!"}, {"client_id": "nobody"}):
        answer = browser().get(PAGE, query | change)
        assert answer.status_code == 400 and not answer.cookies.get("aurora")
    assert Session.objects.count() == rows


def test_one_link_does_not_fill_the_sessions(cast: Cast, query: dict[str, str], settings: Any) -> None:
    settings.AURORA_SIGN_INS_A_MINUTE = 3
    rows = Session.objects.count()
    answers = [browser().get(PAGE, query) for _ in range(8)]
    assert {a.status_code for a in answers} == {302, 429}
    assert Session.objects.count() - rows == [a.status_code for a in answers].count(302) <= 6


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_way_round_keeps_what_was_asked(cast: Cast, query: dict[str, str], language: str) -> None:
    back = browser().get(PAGE, {**query, "language": language})["Location"]
    kept = {name: value for name, [value] in parse_qs(urlsplit(back).query).items()}
    assert kept == {**query, "language": language, "again": "1"}


def test_two_clicks_at_once_are_one_browsers(cast: Cast, query: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have read the session before either has written to it."""
    together, mine, load = Barrier(2), local(), requests.load
    face = cast.aino.browser()

    def load_together(**asked: Any) -> requests.PushedRequestView:
        if not hasattr(mine, "waited"):
            mine.waited = True
            together.wait(timeout=120)
        return load(**asked)

    def click(_: int) -> int:
        try:
            twin = browser()
            twin.cookies = SimpleCookie(face.cookies.output(header="", sep=";"))
            return int(twin.get(PAGE, query).status_code)
        finally:
            connections.close_all()

    monkeypatch.setattr(requests, "load", load_together)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(click, range(2))) == [200, 200]
    monkeypatch.undo()
    assert face.get(PAGE, query).status_code == 200
