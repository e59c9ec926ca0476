"""What goes wrong below the console's addresses is said in the console's frame and leads back to its overview; outside it an operator has no citizen's menu."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from aurora.identity.models import Operator
from aurora.portal import errors
from tests.console.officials import Official, official
from tests.support.cast import Cast, browser

OVERVIEW = {"fi": "Valvomon yleiskuvaan", "sv": "Till konsolens översikt", "en": "To the console's overview"}
FRONT = {"fi": "Auroran etusivulle", "sv": "Till Auroras startsida", "en": "To Aurora's front page"}


@pytest.fixture
def petra(cast: Cast) -> Iterator[Official]:
    with official(Operator.Role.PRIVACY_OFFICER) as found:
        yield found


def _leads_back(answer: Any, status: int, language: str) -> str:
    html = answer.content.decode()
    assert answer.status_code == status, (answer.status_code, status)
    assert re.search(rf'<a class="govuk-button[^"]*" href="/{language}/console/">{OVERVIEW[language]}</a>', html.replace("&#x27;", "'")), (
        html
    )
    assert re.search(rf'<a class="au-wordmark" href="/{language}/console/">', html) and "au-console" in html
    assert FRONT[language] not in html and f'href="/{language}/home/"' not in html
    return html


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize(("at", "status"), [("agencies/", 403), ("no-such-page/", 404), ("sources/retry/", 405)])
def test_an_operator_is_led_back_to_the_overview(petra: Official, language: str, at: str, status: int) -> None:
    html = _leads_back(petra.get(f"/{language}/console/{at}"), status, language)
    # Where the guard has let them in, the menu stays; an address that is nowhere has no guard.
    assert ('class="au-nav"' in html) == (status == 403)


def test_who_may_not_open_a_page_is_told_for_whom_it_is(petra: Official) -> None:
    html = _leads_back(petra.get("/en/console/agencies/"), 403, "en")
    assert "This page is for these roles: Agency officer, Auditor." in html and "ask an administrator" in html
    with official(Operator.Role.AGENCY_OFFICER, fresh=False) as half:
        session = half.face.session
        del session["second-factor-passed"]
        session.save()
        assert "au-nav" not in half.get("/en/console/no-such-page/").content.decode()


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_too_much_and_our_own_faults_lead_back_too(cast: Cast, monkeypatch: pytest.MonkeyPatch, petra: Official, language: str) -> None:
    def fails(*unused: Any, **also: Any) -> None:
        raise RuntimeError("a fault of ours")

    def often(*unused: Any, **also: Any) -> None:
        raise errors.TooManyBegun(30)

    at = f"/{language}/console/concerns/"
    monkeypatch.setattr("aurora.console.present_concerns.concerns", fails)
    petra.face.raise_request_exception = False
    _leads_back(petra.get(at), 500, language)
    monkeypatch.setattr("aurora.console.present_concerns.concerns", often)
    _leads_back(petra.get(at), 429, language)
    large = browser().post(f"/{language}/console/sign-in/", "x" * 400_000, content_type="application/x-www-form-urlencoded")
    _leads_back(large, 413, language)


def test_a_form_that_was_open_too_long_leads_back_to_the_overview(cast: Cast) -> None:
    strict = browser()
    strict.handler.enforce_csrf_checks = True
    answer = strict.post("/en/console/sign-in/", {"username": "x"})
    assert answer.status_code == 403 and '<a class="au-wordmark" href="/en/console/">' in answer.content.decode()


@pytest.mark.parametrize("path", ["no-such-page/", "console-of-mine/", "activity/console/"])
def test_everybody_else_is_led_to_the_front_page(cast: Cast, petra: Official, path: str) -> None:
    for face in (browser(), petra.face):
        html = face.get(f"/en/{path}").content.decode().replace("&#x27;", "'")
        assert FRONT["en"] in html and OVERVIEW["en"] not in html and "au-console" not in html


@pytest.mark.parametrize(
    "path",
    ["developers/", "developers/authorization/", "developers/problems/", "help/", "transparency/", "accessibility/", "services/", ""],
)
def test_outside_the_console_an_operator_has_no_citizens_menu_and_the_way_back(cast: Cast, petra: Official, path: str) -> None:
    html = petra.get(f"/en/{path}").content.decode()
    assert 'class="au-nav"' not in html and "Sign out" not in html and "Where you are signed in" not in html
    assert re.search(r'<a class="au-header__help" href="/en/console/">Back to the console</a>', html)
    stranger = browser().get(f"/en/{path}").content.decode()
    assert "Back to the console" not in stranger


def test_a_page_that_anybodys_cache_may_keep_is_not_an_operators(cast: Cast, petra: Official) -> None:
    assert "no-store" in petra.get("/en/transparency/")["Cache-Control"]
