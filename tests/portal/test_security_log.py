"""Signing in and out, ended sessions and refusals are in the log, without a name, an address, a key or a second line."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, RequestFactory

from aurora.identity.own_sessions import BEGAN
from aurora.identity.session_store import SessionStore
from aurora.telemetry import security
from aurora.telemetry.logs import JsonLines, PlainLines
from tests.support.cast import Cast, browser

Told = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    caplog.set_level("INFO", logger="aurora.security")
    return lambda: [record.fields for record in caplog.records if record.name == "aurora.security"]  # type: ignore[attr-defined]


def _key(face: Client) -> str:
    return face.cookies["aurora"].value


def test_who_is_refused_is_told_by_route_and_session_alone(cast: Cast, told: Told, caplog: pytest.LogCaptureFixture) -> None:
    face = cast.aino.browser()
    assert face.get("/en/home/").status_code == 200
    with_post = Client(HTTP_HOST="localhost:8000", enforce_csrf_checks=True, REMOTE_ADDR="203.0.113.9")
    with_post.cookies["aurora"] = _key(face)
    assert with_post.post("/en/sign-out/").status_code == 403
    assert [one["event"] for one in told()] == ["form:not_ours", "request:refused"]
    assert told()[-1] | {"session": ""} == {
        "event": "request:refused", "route": "portal:sign_out", "status": 403, "session": "", "signed_in": told()[-1]["signed_in"],
    }  # fmt: skip
    shown = caplog.text
    assert _key(face) not in shown and str(cast.aino.id) not in shown and "203.0.113.9" not in shown and cast.aino.name not in shown


def test_a_machine_without_a_token_is_told(db: None, told: Told) -> None:
    assert browser().get("/api/v1/twin/tax.income").status_code == 401
    assert [(one["event"], one["status"], one["signed_in"]) for one in told()] == [("request:refused", 401, "nobody")]


def test_a_sign_in_that_fails_says_why_in_a_code(db: None, told: Told) -> None:
    assert browser().get("/sign-in/callback?state=x&error=access_denied%0Aevent=citizen:signed_in").status_code == 400
    assert [(one["event"], one.get("why")) for one in told()] == [("citizen:sign_in_failed", "invalid_state"), ("request:refused", None)]


def test_leaving_and_a_session_too_old_are_told_with_the_same_name(cast: Cast, told: Told) -> None:
    face, other = cast.aino.browser(), cast.aino.browser()
    names = []
    for one in (face, other):
        assert one.get("/en/home/").status_code == 200
        names.append(security.named(_key(one)))
    face.post("/en/sign-out/")
    store = SessionStore(_key(other))
    store[BEGAN] = int(time.time()) - 90_000
    store.save()
    other.get("/en/home/")
    found = [(one["event"], one["session"]) for one in told()]
    assert found == [("citizen:signed_out", names[0]), ("session:ended", names[1])]


def test_nothing_but_a_code_gets_into_a_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="aurora.security")
    security.note("x:happened", RequestFactory().get("/"), why="Aino\nevent=citizen:signed_in", number=3)
    fields = caplog.records[-1].fields  # type: ignore[attr-defined]
    assert fields["why"] == "other" and fields["number"] == 3


@pytest.mark.parametrize("form", [PlainLines, JsonLines])
@pytest.mark.parametrize("odd", ["a\nb", "a\r\nERROR x", "a\x1b[2Jb", "a\u2028b", "a\x00b", "a\x85b"])
def test_what_a_message_quotes_is_no_line_of_its_own(form: Any, odd: str) -> None:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "%s", (odd,), None)
    said = form().format(record)
    assert len(said.splitlines()) == 1 and "\x1b" not in said and "\x00" not in said


@pytest.mark.parametrize("odd", ["a\n{}", "a\r\n{}", "a\r{}", "a\u2028{}", "a\x0b{}", "a\x1b[2J{}"], ids=ascii)
def test_what_an_exception_quotes_looks_like_no_entry(odd: str) -> None:
    """A trace has many lines; who reads them must not take one for an entry of the log."""
    forged = PlainLines().format(logging.LogRecord("aurora.security", logging.INFO, __file__, 1, "Operator signed in.", (), None))
    try:
        try:
            raise ValueError(odd.format(forged))
        except ValueError as error:
            raise RuntimeError(odd.format(forged)) from error
    except RuntimeError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "It failed.", (), sys.exc_info(), sinfo=odd.format(forged))
    first, *rest = PlainLines().format(record).splitlines()
    assert first.endswith("ERROR x It failed.") and len(rest) > 5
    assert all(line.startswith("  | ") and line.isprintable() for line in rest)


def test_times_say_their_zone() -> None:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "m", (), None)
    record.created = 0.0
    assert PlainLines().format(record) == "1970-01-01T00:00:00.000+00:00 INFO x m"
