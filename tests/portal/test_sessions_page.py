"""Where am I signed in? Who has just shown who they are ends the others; somebody who found a browser open does not."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.test import Client

from aurora.identity import own_sessions
from aurora.identity.own_sessions import BEGAN
from aurora.identity.session_store import PAUSES, SessionStore, name_of
from aurora.portal.auth import ANEW, ANEW_SECONDS
from consent.scope import citizen_scope
from tests.support.cast import FORM, Cast

PAGE = "/en/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"


def _key(face: Client) -> str:
    return face.cookies["aurora"].value


def _post(face: Client, **form: str) -> HttpResponse:
    return face.post(PAGE, urlencode(form), content_type=FORM)  # type: ignore[return-value]


def _page(face: Client) -> Any:
    return face.get(PAGE).context["page"]  # type: ignore[attr-defined]


def _is_in(face: Client) -> bool:
    return face.get("/en/home/").status_code == 200


def _as_of(face: Client, ago: timedelta) -> None:
    store = SessionStore(_key(face))
    store[BEGAN] = int(time.time() - ago.total_seconds())
    store.save()


def _read_anew(cast: Cast) -> None:
    """Sessions that tests open from now on are of what the citizen is now."""
    with citizen_scope(cast.aino.id):
        cast.aino.citizen.refresh_from_db()


def test_the_page_lists_each_browser_and_marks_this_one(cast: Cast) -> None:
    own_sessions.end_others(cast.aino.id)
    here, phone, stranger = cast.aino.browser(HTTP_USER_AGENT=FIREFOX), cast.aino.browser(HTTP_USER_AGENT=PHONE), cast.cecilia.browser()
    assert all(_is_in(face) for face in (here, phone, stranger))
    rows = _page(here).rows
    assert [(row.what, row.here) for row in rows] == [("Firefox, Linux", True), ("Safari, iPhone", False)]
    shown = here.get(PAGE).content.decode()
    assert _key(phone) not in shown and name_of(_key(stranger)) not in shown


def test_one_browser_is_signed_out_from_another(cast: Cast) -> None:
    here, phone = cast.aino.browser(), cast.aino.browser()
    assert _is_in(here) and _is_in(phone)
    answer = _post(here, action="end", name=name_of(_key(phone)))
    assert answer["Location"] == f"{PAGE}?ended"
    assert _is_in(here) and not _is_in(phone)


def test_all_others_are_signed_out_at_once_and_this_one_goes_on(cast: Cast) -> None:
    here, *others = [cast.aino.browser() for _ in range(3)]
    stranger = cast.cecilia.browser()
    assert all(_is_in(face) for face in (here, stranger, *others))
    assert _post(here, action="others")["Location"] == f"{PAGE}?ended"
    _read_anew(cast)
    assert not any(_is_in(face) for face in others)
    assert _is_in(here) and _is_in(stranger) and len(_page(here).rows) == 1


def test_whoever_finds_a_browser_open_signs_nobody_out(cast: Cast) -> None:
    """Until they have shown who they are: the page leads to signing in again, and back."""
    here, phone = cast.aino.browser(), cast.aino.browser()
    assert _is_in(here) and _is_in(phone)
    _as_of(here, timedelta(seconds=ANEW_SECONDS + 5))
    page = _page(here)
    assert not page.fresh and "anew" in page.sign_in_url and "next=%2Fen%2Fsessions%2F" in page.sign_in_url
    for form in ({"action": "others"}, {"action": "end", "name": name_of(_key(phone))}):
        assert _post(here, **form)["Location"] == PAGE
        assert _is_in(phone)
    store = SessionStore(_key(here))
    store[ANEW] = int(time.time())
    store.save()
    assert _page(here).fresh and _post(here, action="others")["Location"] == f"{PAGE}?ended"
    _read_anew(cast)
    assert not _is_in(phone)


def test_a_citizen_may_take_longer_pauses_and_take_that_back(cast: Cast) -> None:
    here = cast.aino.browser()
    assert not _page(here).pauses_for_a_day
    assert _post(here, action="pauses", pauses="day")["Location"] == f"{PAGE}?saved"
    assert _page(here).pauses_for_a_day and SessionStore(_key(here)).get(PAUSES) is True
    _post(here, action="pauses", pauses="hour")
    assert not _page(here).pauses_for_a_day


def test_an_odd_form_changes_nothing(cast: Cast) -> None:
    here, phone = cast.aino.browser(), cast.aino.browser()
    assert _is_in(here) and _is_in(phone)
    for form in ({}, {"action": "all"}, {"action": "pauses", "pauses": "year"}):
        assert _post(here, **form).status_code == 400
    assert _post(here, action="end", name="nobodys").status_code == 302
    assert _is_in(phone)
