"""My account: an operator changes the password and ends sessions, with the password of now and a code of the last minutes; and reads what happened meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client as Browser

from aurora.audit import trail
from aurora.audit.models import OperatorDeed
from aurora.console.auth import FACTOR_AT
from aurora.identity import own_sessions, totp
from aurora.identity.models import Operator
from aurora.identity.session_store import name_of
from aurora.journeys import own_account
from consent.errors import Conflict
from tests.console.officials import Official, official, signed_in
from tests.support.cast import PASSWORD, Cast, browser, code_of

PAGE, OVERVIEW, SIGN_IN, CODE = (f"/en/console/{end}" for end in ("account/", "", "sign-in/", "second-factor/"))
OTHER = "nine quiet otters under lamplight"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def ines(cast: Cast) -> Iterator[Official]:
    """With a password of her own; in a browser that she has used."""
    with official(Operator.Role.OPERATIONS, name="Ines Aho") as one:
        Operator.objects.filter(pk=one.operator.pk).update(password=make_password(PASSWORD))
        one.operator.refresh_from_db()
        own_sessions.end_others(one.operator.pk)
        one.face = _in(one)
        yield one
    cache.clear()


def _in(one: Official, **kwargs: Any) -> Browser:
    face = signed_in(one.operator, **kwargs)
    assert face.get(OVERVIEW).status_code == 200
    return face


def _is_in(face: Browser) -> bool:
    return face.get(OVERVIEW).status_code == 200


def _change(one: Official, *, current: str = PASSWORD, password: str = OTHER, again: str | None = None) -> HttpResponse:
    return one.post(PAGE, action="password", current=current, password=password, again=password if again is None else again)


def _password(one: Official) -> str:
    return Operator.objects.get(pk=one.operator.pk).password


def _noted(one: Official, *kinds: str) -> list[tuple[str, str]]:
    rows = OperatorDeed.objects.filter(operator_id=one.operator.pk, kind__in=kinds).order_by("number")
    return list(rows.values_list("deed", "outcome"))


def test_the_password_is_changed_and_all_other_sessions_end(ines: Official) -> None:
    other, stranger = _in(ines), browser()
    before = ines.face.cookies["aurora"].value
    answer = _change(ines)
    assert answer["Location"] == f"{PAGE}?changed"
    assert check_password(OTHER, _password(ines))
    assert ines.face.cookies["aurora"].value != before, "this session goes on by another key"
    stranger.cookies["aurora"] = before
    assert _is_in(ines.face) and not _is_in(other) and not _is_in(stranger)
    assert len(own_sessions.live(ines.operator.pk, now=_now())) == 1
    assert b"Your password has been changed" in ines.get(answer["Location"]).content
    assert _noted(ines, "deed") == [("password:changed", "done")]
    assert browser().post(SIGN_IN, {"username": ines.operator.username, "password": PASSWORD}).status_code == 400
    assert browser().post(SIGN_IN, {"username": ines.operator.username, "password": OTHER}).status_code == 302


@pytest.mark.parametrize(
    ("form", "field", "says"),
    [
        ({"current": "wrong"}, "current", b"not the password that you have now"),
        ({"current": ""}, "current", b"Enter the password that you have now"),
        ({"password": "short"}, "password", b"too short"),
        ({"password": "password1234"}, "password", b"too ordinary"),
        ({"password": PASSWORD}, "password", b"Choose another one"),
        ({"again": "nine quiet otters under daylight"}, "again", b"not the same"),
    ],
    ids=["wrong", "none", "short", "common", "the-same", "unlike"],
)
def test_a_change_that_is_wrong_changes_nothing(ines: Official, form: dict[str, str], field: str, says: bytes) -> None:
    other, before = _in(ines), _password(ines)
    answer: Any = _change(ines, **form)
    assert answer.status_code == 400 and {error.field for error in answer.context["page"].errors} == {field} and says in answer.content
    assert OTHER.encode() not in answer.content and PASSWORD.encode() not in answer.content
    assert _password(ines) == before and _is_in(other) and _noted(ines, "deed") == []


def test_wrong_passwords_here_lock_the_name_out_at_the_door_too(ines: Official) -> None:
    answers = [_change(ines, current="wrong").status_code for _ in range(5)]
    assert answers == [400, 400, 400, 400, 429]
    assert _change(ines).status_code == 429 and check_password(PASSWORD, _password(ines))
    assert browser().post(SIGN_IN, {"username": ines.operator.username, "password": PASSWORD}).status_code == 429
    assert _noted(ines, "sign_in")[:4] == [("password:given", "wrong")] * 4 and _noted(ines, "sign_in")[4] == (
        "password:given",
        "locked_out",
    )


def test_without_a_code_of_the_last_minutes_nothing_is_done(ines: Official) -> None:
    other = _in(ines)
    session = ines.face.session
    session[FACTOR_AT] = 0.0
    session.save()
    page = ines.get(PAGE)
    assert b"first enter a code" in page.content and b'name="current"' not in page.content and b'value="others"' not in page.content
    for form in ({"action": "password", "current": PASSWORD, "password": OTHER, "again": OTHER}, {"action": "others"}):
        assert ines.post(PAGE, **form)["Location"] == CODE
    assert check_password(PASSWORD, _password(ines)) and _is_in(other) and _noted(ines, "deed") == []


def test_sessions_are_listed_and_ended_alone_or_together(ines: Official, cast: Cast) -> None:
    one, two, third = _in(ines), _in(ines), _in(ines)
    olavi = cast.operator_browser()
    assert _is_in(olavi)
    rows = ines.get(PAGE).context["page"].rows
    assert [row.here for row in rows] == [True, False, False, False]
    assert all(row.began and row.used and row.used >= row.began for row in rows)
    their = name_of(olavi.cookies["aurora"].value)
    assert ines.post(PAGE, action="end", name=[name_of(one.cookies["aurora"].value), their])["Location"] == f"{PAGE}?ended"
    assert not _is_in(one) and _is_in(two) and _is_in(third) and _is_in(olavi), "nobody else's, whatever the name"
    assert ines.post(PAGE, action="end", name=name_of(ines.face.cookies["aurora"].value)).status_code == 302
    assert _is_in(ines.face), "this one ends by signing out"
    assert ines.post(PAGE, action="others").status_code == 302
    assert not _is_in(two) and not _is_in(third) and _is_in(ines.face) and _is_in(olavi)
    assert [deed for deed, _ in _noted(ines, "deed")] == ["session:one_ended", "session:others_ended"]


def test_the_page_tells_of_failures_and_changes_since_the_last_time(ines: Official, cast: Cast) -> None:
    trail.note(operator_id=ines.operator.pk, kind=trail.Kind.SIGN_IN, deed="factor:given", outcome="done")
    for _ in range(2):
        assert browser().post(SIGN_IN, {"username": ines.operator.username, "password": "wrong"}).status_code == 400
    assert _change(ines).status_code == 302
    secret = totp.new_secret()
    Operator.objects.filter(pk=ines.operator.pk).update(totp_secret_sealed=None, totp_last_step=-1)
    assert totp.enrol(operator=ines.operator, secret=secret)
    _wait_for_the_next_second()
    face = browser(HTTP_USER_AGENT=FIREFOX)
    assert face.post(SIGN_IN, {"username": ines.operator.username, "password": OTHER})["Location"] == CODE
    assert face.post(CODE, {"code": code_of(secret)})["Location"] == OVERVIEW
    assert b"See what it was" in face.get(OVERVIEW).content
    page: Any = face.get(PAGE)
    shown = page.context["page"]
    assert shown.failed == 2 and shown.last_at is not None and [change.text for change in shown.changes] == ["Your password was changed:"]
    assert b"See what it was" not in page.content and b"See what it was" not in face.get(OVERVIEW).content, "once it is read"
    assert [row.what for row in shown.rows if row.here] == ["Firefox, Linux"]
    assert shown.trail.rows and {row.who for row in shown.trail.rows} == {"Ines Aho"}


def test_who_has_nothing_to_be_told_is_told_nothing(ines: Official) -> None:
    assert b"See what it was" not in ines.get(OVERVIEW).content
    shown = ines.get(PAGE).context["page"]
    assert (shown.last_at, shown.failed, shown.changes) == (None, 0, ())


def test_a_password_that_was_begun_anew_meanwhile_is_not_written_over(ines: Official) -> None:
    stale = Operator.objects.get(pk=ines.operator.pk)
    Operator.objects.filter(pk=ines.operator.pk).update(password=make_password(None))
    with pytest.raises(Conflict):
        own_account.change_password(operator=stale, password=OTHER)
    assert not Operator.objects.get(pk=ines.operator.pk).has_usable_password() and _noted(ines, "deed") == []


def test_what_no_form_of_the_page_sends_is_refused(ines: Official) -> None:
    assert ines.post(PAGE, action="delete").status_code == 400


def _now() -> Any:
    from django.utils import timezone

    return timezone.now()


def _wait_for_the_next_second() -> None:
    """A session's beginning is kept to the second."""
    import time

    began = int(time.time())
    while int(time.time()) == began:
        time.sleep(0.02)
