"""A form that comes too late: who sent it is told so, and finds the way back to its page and to no other."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from tests.support.cast import FORM, REGISTER, Cast, browser

PAGE = f"/en/sources/{REGISTER}/connect/"


def _sent(path: str, came_from: str, **headers: str) -> tuple[int, str, str]:
    """Status, text, and where signing in would lead, of a form that nobody who is signed in sends."""
    answer = browser().post(path, "decision=decline", content_type=FORM, HTTP_REFERER=came_from, **headers)
    said = answer.content.decode()
    link = next((part.partition('"')[0] for part in said.split('href="')[1:] if part.startswith("/en/sign-in/")), "")
    return answer.status_code, said, parse_qs(urlsplit(link.replace("&amp;", "&")).query).get("next", [""])[0]


def test_whoever_was_signed_out_is_told_that_nothing_was_done_and_led_back(cast: Cast) -> None:
    status, said, leads_to = _sent(PAGE, f"{_host()}{PAGE}?a=b")
    assert status == 403 and "You have been signed out" in said and "Nothing was done with the form" in said
    assert leads_to == f"{PAGE}?a=b"


def test_signing_in_again_does_lead_back_to_the_form(cast: Cast) -> None:
    assert cast.aino.browser().get(PAGE).status_code == 200


@pytest.mark.parametrize(
    "came_from",
    ["", "http://[evil", "https://elsewhere.example/en/home/", "//elsewhere.example/", "javascript:alert(1)", "/en/home/", "http://testserver.elsewhere.example/en/home/"],
)  # fmt: skip
def test_a_form_from_elsewhere_leads_nowhere_but_to_sign_in(cast: Cast, came_from: str) -> None:
    answer = browser().post(PAGE, "decision=decline", content_type=FORM, HTTP_REFERER=came_from)
    assert answer.status_code == 302 and answer["Location"] == "/en/sign-in/?next="


@pytest.mark.parametrize("path", ["/en/no-such-page/", "//elsewhere.example/en/home/", "/" + "a" * 600])
def test_an_address_that_is_no_page_of_ours_is_not_led_to(cast: Cast, path: str) -> None:
    answer = browser().post(PAGE, "decision=decline", content_type=FORM, HTTP_REFERER=f"{_host()}{path}")
    assert answer.status_code == 302 and "elsewhere" not in answer["Location"]


def test_an_address_that_takes_forms_alone_is_answered_by_its_page(cast: Cast) -> None:
    _, _, leads_to = _sent("/en/suggestions/recompute/", f"{_host()}/en/suggestions/recompute/")
    assert leads_to == "/en/suggestions/"


def test_a_form_that_was_open_too_long_leads_back_to_its_page(cast: Cast) -> None:
    face: Client = cast.aino.browser(enforce_csrf_checks=True)
    answer = face.post(PAGE, "decision=decline", content_type=FORM, HTTP_REFERER=f"{_host()}{PAGE}")
    assert answer.status_code == 403 and f'href="{PAGE}">Open the page again' in answer.content.decode()
    elsewhere = face.post(PAGE, "decision=decline", content_type=FORM, HTTP_REFERER="https://elsewhere.example/x")
    assert "elsewhere" not in elsewhere.content.decode()


def _host() -> str:
    made = browser().get("/en/").wsgi_request
    return f"{made.scheme}://{made.get_host()}"
