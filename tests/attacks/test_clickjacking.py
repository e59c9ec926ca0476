"""Clickjacking (RFC 9700, 4.16): no answer may be framed, whatever it is an answer to. The pages themselves: tests/attacks/test_headers.py."""

from __future__ import annotations

from typing import Any

import pytest

from aurora.portal.views import authorize
from tests.attacks import odd
from tests.attacks.routes import ROUTES
from tests.support.cast import FORM, Cast, browser
from tests.support.relying import Relying


def _not_framed(answer: Any, what: object) -> None:
    assert answer["X-Frame-Options"] == "DENY", what
    directives = {part.split()[0]: part.split()[1:] for part in answer["Content-Security-Policy"].split(";") if part.strip()}
    assert directives["frame-ancestors"] == ["'none'"], what


def test_no_refusal_of_any_address_may_be_framed(cast: Cast) -> None:
    """Wrong method, wrong body, nobody signed in, somebody of another kind, and an address that is not there."""
    stranger, citizen = browser(), cast.aino.browser()
    strict = browser(enforce_csrf_checks=True)
    for name, route in ROUTES.items():
        answers = [stranger.generic("PROPFIND", route.path), stranger.get(f"{route.path}nowhere"), stranger.get(route.path)]
        if "POST" in route.methods:
            body, kind = odd.BODIES["oversized"]
            answers += [stranger.post(route.path, body, content_type=kind), strict.post(route.path, b"a=b", content_type=FORM)]
        if route.who == "operator":
            answers.append(citizen.get(route.path))
        for answer in answers:
            _not_framed(answer, (name, answer.status_code))


def test_the_page_that_decides_and_its_answers_may_not(cast: Cast, first: Relying) -> None:
    face, uri = cast.cecilia.browser(), first.pushed()
    page = first.opened(face, uri)
    assert page.status_code == 200
    _not_framed(page, "page")
    wrong: Any = face.post("/oauth/authorize", dict(page.context["page"].hidden))
    assert wrong.status_code == 400
    _not_framed(wrong, "mistake")
    gone: Any = face.post("/oauth/authorize", {**dict(page.context["page"].hidden), "decision": "decline"})
    assert gone.status_code == 303
    _not_framed(gone, "answer")
    _not_framed(first.opened(face, uri), "used")


def test_not_even_when_we_fail(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*unused: Any, **more: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(authorize.requests, "check_unopened", fails)
    answer: Any = browser().get("/oauth/authorize")
    assert answer.status_code == 500
    _not_framed(answer, 500)
