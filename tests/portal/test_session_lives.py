"""A session ends unused, after a day, and where it is ended; what is left of it opens nothing."""

from __future__ import annotations

import time
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from aurora.identity import own_sessions
from aurora.identity.models import Session
from aurora.identity.own_sessions import BEGAN
from aurora.identity.session_store import DAY, IDLE, PAUSES, SessionStore, account_of, name_of
from aurora.portal.sessions import WORKING_DAY
from consent.scope import citizen_scope
from tests.support.cast import Cast, browser

HOME, CONSOLE = "/en/home/", "/en/console/"


def _key(face: Client) -> str:
    return face.cookies["aurora"].value


def _is_in(face: Client, path: str = HOME) -> bool:
    return face.get(path).status_code == 200


def _began(face: Client, ago: timedelta) -> None:
    store = SessionStore(_key(face))
    store[BEGAN] = int(time.time() - ago.total_seconds())
    store.save()


def _unused(face: Client, since: timedelta) -> None:
    """As it is when nobody has come with it for so long: the database's row, and the cache's entry that lasts as long as that."""
    store = SessionStore(_key(face))
    store._get_session(no_load=False)
    left = store.get_expiry_age() - since.total_seconds()
    Session.objects.filter(pk=name_of(_key(face))).update(expire_date=timezone.now() + timedelta(seconds=left))
    if left <= 0:
        cache.delete(store.cache_key)


@pytest.mark.parametrize(("pauses", "longest"), [(False, IDLE), (True, DAY)], ids=["as it is", "as chosen"])
def test_a_session_that_lies_unused_ends(cast: Cast, pauses: bool, longest: timedelta) -> None:
    face = cast.aino.browser()
    assert _is_in(face)
    store = SessionStore(_key(face))
    store[PAUSES] = pauses
    store.save()
    _unused(face, longest - timedelta(minutes=1))
    assert _is_in(face)
    _unused(face, longest + timedelta(seconds=1))
    assert not _is_in(face)


def test_using_it_puts_the_end_off_without_writing_what_is_in_it(cast: Cast) -> None:
    """Two requests of one browser at a time: what one writes is not undone by the other, which is only looking."""
    face = cast.aino.browser()
    assert _is_in(face)
    _unused(face, IDLE - timedelta(minutes=5))
    before = Session.objects.get(pk=name_of(_key(face)))
    cache.delete(f"session-used:{name_of(_key(face))}")  # a minute has passed
    assert _is_in(face)
    after = Session.objects.get(pk=name_of(_key(face)))
    assert after.expire_date - before.expire_date > timedelta(minutes=50) and after.session_data == before.session_data


def test_it_is_put_off_once_a_minute(cast: Cast, django_assert_num_queries: Any) -> None:
    face = cast.aino.browser()
    assert _is_in(face)
    store = SessionStore(_key(face))
    with django_assert_num_queries(0):
        store.touch()


@pytest.mark.parametrize(("who", "path", "longest"), [("citizen", HOME, DAY), ("operator", CONSOLE, WORKING_DAY)])
def test_however_much_it_is_used_it_ends(cast: Cast, who: str, path: str, longest: timedelta) -> None:
    face = cast.aino.browser() if who == "citizen" else cast.operator_browser()
    assert _is_in(face, path)
    _began(face, longest - timedelta(minutes=1))
    assert _is_in(face, path)
    _began(face, longest + timedelta(seconds=1))
    key = _key(face)
    assert not _is_in(face, path)
    assert not Session.objects.filter(pk=name_of(key)).exists() and cache.get(SessionStore(key).cache_key) is None


@pytest.mark.parametrize("odd", ["tomorrow", "a word"])
def test_a_session_is_not_dated_ahead(cast: Cast, odd: str) -> None:
    face = cast.aino.browser()
    assert _is_in(face)
    store = SessionStore(_key(face))
    store[BEGAN] = int(time.time() + 86_400) if odd == "tomorrow" else "now"
    store.save()
    assert _is_in(face) is (odd == "a word"), "undated, it begins now; dated ahead it would last longer"


def test_the_browser_keeps_no_cookie_when_its_window_closes(cast: Cast) -> None:
    face = cast.aino.browser()
    face.get(HOME)
    cookie = face.cookies["aurora"]
    assert not cookie["max-age"] and not cookie["expires"]


def test_a_copied_cookie_opens_nothing_once_its_owner_has_left(cast: Cast) -> None:
    face, thief = cast.aino.browser(), browser()
    assert _is_in(face)
    thief.cookies["aurora"] = _key(face)
    assert _is_in(thief)
    face.post("/en/sign-out/")
    assert not _is_in(thief)


def test_a_row_says_whose_it_is_to_nobody_without_the_key(cast: Cast) -> None:
    face = cast.aino.browser()
    assert _is_in(face)
    row = Session.objects.get(pk=name_of(_key(face)))
    assert row.account == account_of(cast.aino.id) and str(cast.aino.id) not in row.account
    visitor = browser()
    visitor.get("/en/console/sign-in/")
    assert account_of(cast.aino.id) != account_of(cast.cecilia.id)


def test_one_is_ended_by_its_name_and_others_stay(cast: Cast) -> None:
    first, second, stranger = cast.aino.browser(), cast.aino.browser(), cast.cecilia.browser()
    assert all(_is_in(face) for face in (first, second, stranger))
    names = frozenset(name_of(_key(face)) for face in (first, stranger))
    assert own_sessions.end(cast.aino.id, names=names) == 1
    assert [_is_in(face) for face in (first, second, stranger)] == [False, True, True], "a stranger's is not hers to end"


def test_a_request_that_is_under_way_does_not_bring_an_ended_session_back(cast: Cast) -> None:
    face = cast.aino.browser()
    assert _is_in(face)
    under_way = SessionStore(_key(face))
    under_way["x"] = 1
    own_sessions.end_others(cast.aino.id)
    with pytest.raises(UpdateError):
        under_way.save()
    assert not _is_in(face)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "firefox windows"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0", "edge windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36", "chrome android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1", "safari iphone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15", "safari mac"),
        ("curl/8", ""),
        ("<script>alert(1)</script>\r\nX: y", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_of_a_browser_two_words_are_kept(agent: str, words: str) -> None:
    assert own_sessions.described(agent) == words


@pytest.mark.parametrize("which", ["citizen", "operator", "everybody"])
def test_the_command_ends_what_it_is_asked_to(cast: Cast, which: str) -> None:
    aino, cecilia, operator = cast.aino.browser(), cast.cecilia.browser(), cast.operator_browser()
    assert _is_in(aino) and _is_in(cecilia) and _is_in(operator, CONSOLE)
    said = StringIO()
    asked = {"citizen": ["--citizen", str(cast.aino.id)], "operator": ["--operator", "olavi"], "everybody": ["--everybody"]}[which]
    call_command("end_sessions", *asked, stdout=said)
    assert "sessions ended" in said.getvalue()
    assert _is_in(aino) is (which == "operator")
    assert _is_in(cecilia) is (which != "everybody")
    assert _is_in(operator, CONSOLE) is (which == "citizen")
    with citizen_scope(cast.aino.id):
        cast.aino.citizen.refresh_from_db()


def test_the_command_says_whom_it_does_not_know(cast: Cast) -> None:
    for asked in (["--citizen", str(uuid4())], ["--operator", "nobody"]):
        with pytest.raises(CommandError, match="There is no"):
            call_command("end_sessions", *asked)
