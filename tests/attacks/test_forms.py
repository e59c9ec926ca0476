"""Forms with choices that were not offered, dates that no consent may have, and the same form sent again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client

from consent import days
from consent.rules import latest_end
from tests.attacks import odd
from tests.support.cast import FORM, REGISTER, Cast, changed, snapshot

CONNECT = f"/en/sources/{REGISTER}/connect/"


def _post(face: Client, path: str, form: dict[str, Any]) -> HttpResponse:
    return face.post(path, urlencode(form, doseq=True), content_type=FORM)  # type: ignore[return-value]


def _choices(face: Client, **changes: Any) -> dict[str, Any]:
    page: Any = face.get(CONNECT).context["page"]  # type: ignore[attr-defined]
    form = {
        "decision": "allow",
        "notice_token": page.notice_token,
        "purposes": ["own-overview", "service-suggestions"],
        "categories": ["population.person", "population.household"],
        "end": "6",
        **changes,
    }
    return {name: value for name, value in form.items() if value is not None}


def _allow(cast: Cast, **changes: Any) -> HttpResponse:
    aino = cast.aino.browser()
    return _post(aino, CONNECT, _choices(aino, **changes))


def _own(day: date) -> dict[str, str]:
    return {"end": "own", "own_day": str(day.day), "own_month": str(day.month), "own_year": str(day.year)}


def _today_date() -> date:
    return days.today()


BAD_CHOICES: dict[str, dict[str, Any]] = {
    "no decision": {"decision": None},
    "another decision": {"decision": "maybe"},
    "no text": {"notice_token": None},
    "another text": {"notice_token": "0" * 64},
    "text beyond ASCII": {"notice_token": "ä" * 64},
    "no purpose": {"purposes": []},
    "unknown purpose": {"purposes": ["own-overview", "world-domination"]},
    "an agency's purpose": {"purposes": ["benefit-application"]},
    "NUL for a purpose": {"purposes": ["own-overview\x00"]},
    "no category": {"categories": []},
    "another source's category": {"categories": ["population.person", "tax.income"]},
    "unknown category": {"categories": ["a" * 5000]},
    "no end": {"end": None},
    "another end": {"end": "24"},
    "no own date": {"end": "own"},
    "half a date": {"end": "own", "own_day": "1"},
    "no such day": {"end": "own", "own_day": "31", "own_month": "2", "own_year": "2027"},
    "words for a date": {"end": "own", "own_day": "one", "own_month": "two", "own_year": "three"},
    "digits of another script": {"end": "own", "own_day": "٣", "own_month": "٣", "own_year": "٢٠٢٧"},
    "superscripts": {"end": "own", "own_day": "²", "own_month": "²", "own_year": "²²²²"},
    "year nought": {"end": "own", "own_day": "1", "own_month": "1", "own_year": "0"},
    "year 9999": {"end": "own", "own_day": "31", "own_month": "12", "own_year": "9999"},
    "negative": {"end": "own", "own_day": "-1", "own_month": "1", "own_year": "2027"},
}


def test_a_consent_form_that_cannot_be_acted_on_says_why_and_changes_nothing(cast: Cast) -> None:
    aino = cast.aino.browser()
    form = _choices(aino)
    before = snapshot()
    for what, change in BAD_CHOICES.items():
        answer = _post(aino, CONNECT, {k: v for k, v in {**form, **change}.items() if v is not None})
        odd.check(answer, [cast.token, cast.cecilia.name], what=what)
        assert answer.status_code == 400 and b"govuk-error-summary" in answer.content, what
    assert changed(before, snapshot()) <= {"django_session"}


@pytest.mark.parametrize(("days", "code"), [(-1, b"must be in the future"), (0, b"must be in the future"), (400, b"at most 12 months")])
def test_an_end_that_is_past_or_too_far_is_refused(cast: Cast, days: int, code: bytes) -> None:
    answer = _allow(cast, **_own(_today_date() + timedelta(days=days)))
    assert answer.status_code == 400 and code in answer.content


def test_the_last_day_allowed_is_allowed_and_the_day_after_is_not(cast: Cast) -> None:
    last = latest_end(_today_date())
    assert _allow(cast, **_own(last)).status_code == 302
    assert _allow(cast, **_own(last + timedelta(days=1))).status_code == 400


def test_all_mistakes_are_told_at_once(cast: Cast) -> None:
    answer = _allow(cast, purposes=[], categories=[], end=None)
    assert answer.content.count(b"Select at least one") >= 2 and b"Select how long" in answer.content


def test_allowing_leads_away_and_records_no_consent_yet_however_often_it_is_sent(cast: Cast) -> None:
    aino = cast.aino.browser()
    form = _choices(aino)
    before = snapshot()
    answers = [_post(aino, CONNECT, form) for _ in range(3)]
    assert {a.status_code for a in answers} == {302}
    assert all(a["Location"].startswith(cast.urls[REGISTER]) for a in answers)
    assert len({a["Location"] for a in answers}) == 3
    assert changed(before, snapshot()) <= {"django_session", "sources_connectattempt"}


@pytest.mark.parametrize(
    "change",
    [
        {"decision": None},
        {"decision": "maybe"},
        {"categories": []},
        {"categories": ["population.person"]},
        {"categories": ["tax.income", "x\x00"]},
        {"notice": None},
        {"notice": "0" * 64},
        {"notice": "ä"},
    ],
    ids=str,
)
def test_an_answer_to_an_agency_that_cannot_be_acted_on_changes_nothing(cast: Cast, change: dict[str, Any]) -> None:
    aino, query, form = _asked(cast)
    before = snapshot()
    answer = _post(aino, "/oauth/authorize", {k: v for k, v in {**form, **change}.items() if v is not None})
    odd.check(answer, [cast.token, cast.cecilia.name], what=str(change))
    assert answer.status_code == 400 and b"govuk-error-summary" in answer.content
    assert changed(before, snapshot()) <= {"django_session"}
    assert aino.get("/oauth/authorize", query).status_code == 200, "the request still waits for its answer"


def test_the_agencys_form_sent_twice_gives_one_consent_and_one_code(cast: Cast) -> None:
    aino, _, form = _asked(cast)
    known = {c.pk for c in cast.aino.consents()}
    first = _post(aino, "/oauth/authorize", form)
    assert first.status_code == 303 and parse_qs(urlsplit(first["Location"]).query)["code"]
    made = {c.pk for c in cast.aino.consents()} - known
    before = snapshot()
    for again in (form, {**form, "decision": "decline"}):
        answer = _post(aino, "/oauth/authorize", again)
        odd.check(answer, [cast.token, parse_qs(urlsplit(first["Location"]).query)["code"][0]], what="sent twice")
        assert answer.status_code == 400 and b"already been answered" in answer.content
    assert len(made) == 1
    assert changed(before, snapshot()) <= {"django_session"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"purposes": ["world-domination"]}, "Select only from the purposes on this page."),
        ({"categories": ["tax.income"]}, "Select only from the kinds of data on this page."),
    ],
)
def test_what_was_not_offered_is_named_beside_its_field(cast: Cast, change: dict[str, Any], sentence: str) -> None:
    assert sentence in _allow(cast, **change).content.decode()


def test_a_code_redeemed_twice_kills_what_it_gave(cast: Cast) -> None:
    aino, _, form = _asked(cast)
    code = parse_qs(urlsplit(_post(aino, "/oauth/authorize", form)["Location"]).query)["code"][0]
    redeem = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": cast.office.redirect_uri,
        "code_verifier": cast.office.verifier,
    }
    first: Any = cast.office.post("/oauth/token", **redeem)
    token = first.json()["access_token"]
    assert cast.office.read(token, "tax.income").status_code == 200
    second: Any = cast.office.post("/oauth/token", **redeem)
    assert second.status_code == 400 and second.json()["error"] == "invalid_grant"
    assert cast.office.read(token, "tax.income").json()["code"] == "invalid_token"


def test_a_consent_is_withdrawn_once(cast: Cast) -> None:
    cast.office.granted(cast.cecilia)
    cecilia = cast.cecilia.browser()
    consent = next(c for c in cast.cecilia.consents(state="given") if c.purpose_id == "benefit-application")
    address = f"/en/consents/{consent.pk}/withdraw/"
    assert _post(cecilia, address, {}).status_code == 200
    entries = len(cast.cecilia.entries())
    before = snapshot()
    answer = _post(cecilia, address, {})
    odd.check(answer, [cast.token, cast.aino.name], what="withdrawn again")
    assert answer.status_code == 409
    assert cecilia.get(address).status_code == 302
    assert len(cast.cecilia.entries()) == entries and changed(before, snapshot()) == set()


def test_a_declined_request_cannot_be_withdrawn(cast: Cast) -> None:
    cecilia = cast.cecilia.browser()
    assert _post(cecilia, CONNECT, _choices(cecilia, decision="decline")).status_code == 302
    declined = cast.cecilia.consents(state="declined")[-1]
    before = snapshot()
    assert _post(cecilia, f"/en/consents/{declined.pk}/withdraw/", {}).status_code == 409
    assert changed(before, snapshot()) == set()


def _asked(cast: Cast) -> tuple[Client, dict[str, str], dict[str, Any]]:
    """Aino at the agency's question: her browser, its address and the form that would allow it."""
    aino = cast.aino.browser()
    query = {"client_id": cast.office.client_id, "request_uri": cast.office.push()}
    page: Any = aino.get("/oauth/authorize", query)
    assert page.status_code == 200
    hidden = dict(page.context["page"].hidden)
    return aino, query, {**hidden, "decision": "allow", "categories": cast.office.categories}
