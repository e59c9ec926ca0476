"""Operators come in by password and code, each counted; nobody else comes in, and operators come into nothing else."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from aurora.identity import keys, totp
from aurora.identity.models import Operator
from aurora.sources.models import Pull
from consent.scope import citizen_scope
from tests.support.cast import FORM, PASSWORD, Cast, browser, code_of

SIGN_IN, CODE, ENROL, OVERVIEW = (f"/en/console/{p}" for p in ("sign-in/", "second-factor/", "enrol/", ""))


def _post(face: Client, path: str, **form: str) -> HttpResponse:
    return face.post(path, urlencode(form), content_type=FORM)  # type: ignore[return-value]


def _with_password(**kwargs: Any) -> Client:
    face = browser(**kwargs)
    assert _post(face, SIGN_IN, username="olavi", password=PASSWORD)["Location"] == CODE
    return face


def _is_in(face: Client) -> bool:
    return face.get(OVERVIEW).status_code == 200


@pytest.fixture(autouse=True)
def _quick(cast: Cast) -> None:
    """Tests follow each other within one step of the authenticator."""
    Operator.objects.filter(username="olavi").update(totp_last_step=-1, password=make_password(PASSWORD))


def test_password_and_code_open_the_console(cast: Cast) -> None:
    face = _with_password()
    assert not _is_in(face)
    before = face.cookies["aurora"].value
    assert _post(face, CODE, code=cast.code_now())["Location"] == OVERVIEW
    assert _is_in(face) and face.cookies["aurora"].value != before


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("olavi", "wrong"), ("nobody", PASSWORD), ("", PASSWORD), ("olavi", ""), ("olavi'--", PASSWORD), ("OLAVI", PASSWORD),
        ("olavi", PASSWORD + " "), ("x" * 5000, "y" * 5000), ("olavi\x00x", PASSWORD),
    ],
)  # fmt: skip
def test_a_wrong_name_or_password_opens_nothing(cast: Cast, username: str, password: str) -> None:
    face = browser()
    answer = _post(face, SIGN_IN, username=username, password=password)
    assert answer.status_code == 400 and PASSWORD not in answer.content.decode()
    for path in (OVERVIEW, CODE, ENROL):
        assert face.get(path)["Location"] == SIGN_IN


def test_an_unknown_name_and_a_wrong_password_get_the_same_page(cast: Cast) -> None:
    known, unknown = (_post(browser(), SIGN_IN, username=n, password="wrong").content for n in ("olavi", "ivalo"))
    assert known.replace(b"olavi", b"").split(b"csrfmiddlewaretoken")[0] == unknown.replace(b"ivalo", b"").split(b"csrfmiddlewaretoken")[0]


def test_an_operator_who_left_does_not_come_in(cast: Cast) -> None:
    face = cast.operator_browser()
    assert _is_in(face)
    Operator.objects.filter(username="olavi").update(is_active=False)
    try:
        assert not _is_in(face), "a session ends with the account"
        assert _post(browser(), SIGN_IN, username="olavi", password=PASSWORD).status_code == 400
    finally:
        Operator.objects.filter(username="olavi").update(is_active=True)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "²²²²²²", "١٢٣٤٥٦", "-12345", "0x1234", "\x00" * 6, "1" * 5000])
def test_what_is_no_code_opens_nothing(cast: Cast, code: str) -> None:
    face = _with_password()
    answer = _post(face, CODE, code=code)
    assert answer.status_code == 400 and not _is_in(face)


def test_a_code_counts_once(cast: Cast) -> None:
    code = cast.code_now()
    assert _post(_with_password(), CODE, code=code).status_code == 302
    second = _with_password()
    assert _post(second, CODE, code=code).status_code == 400
    assert _post(second, CODE, code=cast.code_now(steps=-1)).status_code == 400, "nor does an older one after it"
    assert not _is_in(second)


@pytest.mark.parametrize("steps", [-3, 3])
def test_a_code_of_another_time_opens_nothing(cast: Cast, steps: int) -> None:
    face = _with_password()
    assert _post(face, CODE, code=cast.code_now(steps=steps)).status_code == 400 and not _is_in(face)


def test_five_wrong_passwords_lock_the_name_out_even_for_the_right_one(cast: Cast) -> None:
    answers = [_post(browser(), SIGN_IN, username="olavi", password="wrong") for _ in range(5)]
    assert [a.status_code for a in answers] == [400, 400, 400, 400, 429]
    for name in ("olavi", "olavi\x00"):
        locked = _post(browser(), SIGN_IN, username=name, password=PASSWORD)
        assert locked.status_code == 429 and int(locked["Retry-After"]) == 900
        assert b"too many attempts" in locked.content and b"au-main" in locked.content
    assert _post(browser(), SIGN_IN, username="pia", password="wrong").status_code == 400, "other names are not locked out"


def test_behind_a_proxy_a_stranger_locks_out_nobody_elsewhere(cast: Cast, settings: Any) -> None:
    """All connections come from the proxy; it says last who asked, and what the sender wrote before counts for nothing."""
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    wrong = [
        _post(browser(HTTP_X_FORWARDED_FOR=f"198.51.100.{n}, 203.0.113.66"), SIGN_IN, username="olavi", password="wrong").status_code
        for n in range(6)
    ]
    assert wrong == [400, 400, 400, 400, 429, 429]
    elsewhere = _post(browser(HTTP_X_FORWARDED_FOR="198.51.100.1"), SIGN_IN, username="olavi", password=PASSWORD)
    assert elsewhere.status_code == 302 and elsewhere["Location"] == CODE


def test_what_was_typed_is_in_no_log(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    """People type passwords into the wrong field."""
    for _ in range(6):
        _post(browser(), SIGN_IN, username="my-secret-password", password="my-other-password")
    assert "AXES" in caplog.text, "the lockout itself is told"
    assert "my-secret-password" not in caplog.text and "my-other-password" not in caplog.text


def test_five_wrong_codes_lock_the_operator_out_in_every_session(cast: Cast) -> None:
    wrong = f"{(int(cast.code_now()) + 1) % 10**6:06}"
    for _ in range(5):  # a session for each: the count is the operator's
        assert _post(_with_password(), CODE, code=wrong).status_code == 400
    face = _with_password()
    locked = _post(face, CODE, code=cast.code_now())
    assert locked.status_code == 429 and locked["Retry-After"] == "900" and b"au-main" in locked.content
    assert face.get(CODE)["Location"] == SIGN_IN, "the session is over"
    assert not _is_in(face)
    cache.clear()  # a quarter of an hour later
    assert _post(_with_password(), CODE, code=cast.code_now()).status_code == 302


def test_the_right_code_clears_the_count(cast: Cast) -> None:
    face = _with_password()
    for _ in range(4):
        _post(face, CODE, code="000000")
    assert _post(face, CODE, code=cast.code_now()).status_code == 302
    again = _with_password()
    assert _post(again, CODE, code="000000").status_code == 400


@pytest.fixture
def newcomer(cast: Cast) -> Client:
    """Pia, who has a password and no authenticator yet."""
    pia, _ = Operator.objects.get_or_create(username="pia", defaults={"name": "Pia"})
    pia.set_password(PASSWORD)
    pia.totp_secret_sealed, pia.totp_last_step = None, -1
    pia.save()
    face = browser()
    assert _post(face, SIGN_IN, username="pia", password=PASSWORD)["Location"] == ENROL
    return face


def test_without_an_authenticator_only_enrolling_is_open(cast: Cast, newcomer: Client) -> None:
    assert newcomer.get(OVERVIEW)["Location"] == ENROL and newcomer.get(CODE)["Location"] == ENROL
    assert _post(newcomer, ENROL, code="000000").status_code == 400
    assert not _is_in(newcomer)


def test_the_code_that_enrolled_an_authenticator_does_not_count_again(cast: Cast, newcomer: Client) -> None:
    page: Any = newcomer.get(ENROL)
    secret = bytes.fromhex(newcomer.session["totp-being-enrolled"])
    code = code_of(secret)
    assert page.status_code == 200 and _post(newcomer, ENROL, code=code).status_code == 302
    assert _is_in(newcomer)
    other = browser()
    assert _post(other, SIGN_IN, username="pia", password=PASSWORD)["Location"] == CODE
    assert _post(other, CODE, code=code).status_code == 400
    assert other.get(ENROL)["Location"] == CODE, "nor can another authenticator be put in its place"
    assert not _is_in(other)


def test_a_session_that_loses_the_race_to_enrol_is_not_let_in(cast: Cast, newcomer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    newcomer.get(ENROL)
    pia, theirs, verify = Operator.objects.get(username="pia"), totp.new_secret(), totp.verify

    def verify_while_another_enrols(**asked: Any) -> bool:
        right = verify(**asked)
        assert totp.enrol(operator=pia, secret=theirs)
        return right

    monkeypatch.setattr(totp, "verify", verify_while_another_enrols)
    answer = _post(newcomer, ENROL, code=code_of(bytes.fromhex(newcomer.session["totp-being-enrolled"])))
    assert answer.status_code == 302 and answer["Location"] == CODE
    assert not _is_in(newcomer)
    pia.refresh_from_db()
    assert keys.open_for_platform(bytes(pia.totp_secret_sealed or b""), context=b"totp:" + pia.pk.bytes) == theirs


def test_signing_in_leaves_what_was_begun_in_the_browser_behind(cast: Cast) -> None:
    """A stranger's half-hour session among it."""
    face = browser()
    session = face.session
    session["sign-in-errand"] = {"state": "x"}
    session.set_expiry(1800)
    session.save()
    face.cookies["aurora"] = session.session_key
    assert _post(face, SIGN_IN, username="olavi", password=PASSWORD)["Location"] == CODE
    assert "sign-in-errand" not in face.session and face.session.get_expiry_age() > 1800


def test_a_citizens_session_opens_no_page_of_the_console(cast: Cast) -> None:
    for path in (OVERVIEW, CODE, ENROL):
        assert cast.aino.browser().get(path)["Location"] == SIGN_IN
        assert _post(cast.aino.browser(), path, code="000000").status_code in (302, 405)


def test_a_citizen_with_the_marks_of_an_operator_in_the_session_is_still_none(cast: Cast) -> None:
    face = cast.aino.browser()
    session = face.session
    session["second-factor-passed"] = str(cast.aino.id)
    session.save()
    assert face.get(OVERVIEW)["Location"] == SIGN_IN


@pytest.mark.parametrize(
    "path", ["home/", "sources/", "suggestions/", "activity/", "my-data/", "consents/", "sources/population-register/connect/"]
)
def test_an_operators_session_opens_no_page_of_a_citizen(cast: Cast, path: str) -> None:
    assert cast.operator_browser().get(f"/en/{path}")["Location"].startswith("/en/sign-in/?next=")


def test_an_operators_session_answers_no_agency(cast: Cast) -> None:
    query = {"client_id": cast.office.client_id, "request_uri": cast.office.push()}
    assert cast.operator_browser().get("/oauth/authorize", query)["Location"].startswith("/en/sign-in/")


def test_signing_out_ends_it(cast: Cast) -> None:
    face = cast.operator_browser()
    assert _post(face, "/en/console/sign-out/")["Location"] == SIGN_IN
    assert not _is_in(face)


@pytest.mark.parametrize("language", ["en", "fi", "sv"])
def test_the_overview_shows_no_personal_data(cast: Cast, language: str) -> None:
    with citizen_scope(cast.aino.id):
        Pull.objects.filter(citizen_id=cast.aino.id).update(state=Pull.State.FAILED, error="source_down", finished_at=timezone.now())
    answer = cast.operator_browser().get(f"/{language}/console/")
    text = answer.content.decode()
    page: Any = answer.context["page"]
    assert answer.status_code == 200 and page.sources and page.ledger_size + page.pending_entries > 0
    ids = [str(cast.aino.id), str(cast.cecilia.id), *(str(e.id) for e in cast.aino.entries()), *(str(c.pk) for c in cast.aino.consents())]
    for value in [*cast.secrets(), *ids, str(cast.aino.pull_id), "23457", "23 457"]:
        assert value not in text


def test_without_the_cache_nobody_gets_in_and_the_page_says_so(cast: Cast, settings: Any) -> None:
    """Guesses could not be counted."""
    _cache_away(settings)
    for path, form in ((SIGN_IN, {"username": "olavi", "password": PASSWORD}), (CODE, {"code": cast.code_now()})):
        face = browser()
        answer = _post(face, path, **form)
        assert answer.status_code in (302, 503)
        assert answer.status_code == 503 or answer["Location"] == SIGN_IN
        assert not _is_in(face)
    assert _post(browser(), SIGN_IN, username="olavi", password=PASSWORD).status_code == 503


def _cache_away(settings: Any) -> None:
    """A real client of the cache at an address where nobody listens."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
