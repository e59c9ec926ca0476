"""What the script (htmx) gets: an end to its asking, the way to sign in for the whole page, and the same pages as everybody."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from tests.support.cast import HOST, Cast, Person, browser

SCRIPT = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def person(cast: Cast) -> Person:
    return cast.aino


@pytest.mark.parametrize("tail", ["", "progress/"])
def test_the_script_is_told_to_stop_when_a_fetch_has_ended_and_a_person_is_not(person: Person, tail: str) -> None:
    face, address = person.browser(), f"/en/pulls/{person.pull_id}/{tail}"
    assert face.get(address).context["page"].finished
    assert face.get(address, **SCRIPT).status_code == 286
    assert face.get(address).status_code == 200


@pytest.mark.parametrize(
    ("current", "back"),
    [(f"http://{HOST}/en/activity/?agency=tax", "/en/activity/?agency=tax"), ("https://evil.test/en/activity/", ""), ("", "")],
    ids=["our page", "another site", "none"],
)
def test_without_a_session_the_whole_page_goes_to_sign_in_and_comes_back_to_where_it_was(cast: Cast, current: str, back: str) -> None:
    answer: Any = browser().get(f"/en/pulls/{uuid4()}/progress/", HTTP_HX_CURRENT_URL=current, **SCRIPT)
    assert answer.status_code == 200 and "Location" not in answer and not answer.content
    to = urlsplit(answer["HX-Redirect"])
    assert to.path == "/en/sign-in/" and parse_qs(to.query).get("next", [""]) == [back]


def test_without_a_session_a_person_is_redirected_as_ever(cast: Cast) -> None:
    answer = browser().get(f"/en/pulls/{uuid4()}/progress/")
    assert answer.status_code == 302 and "HX-Redirect" not in answer


def test_a_filter_by_script_is_the_page_that_everybody_gets(person: Person) -> None:
    face = person.browser()
    address = "/en/activity/?agency=benefits-office&kind=&refused="
    by_script, by_hand = (face.get(address, **headers).content.decode() for headers in (SCRIPT, {}))
    for html in (by_script, by_hand):
        assert html.count('id="results"') == 1 and html.count('id="languages"') == 1 and 'class="moj-filter__tag"' in html
        assert "/fi/activity/?agency=benefits-office" in html


def test_each_part_of_a_filter_has_an_address_without_it(person: Person) -> None:
    face = person.browser()
    page: Any = face.get("/en/activity/?agency=benefits-office&kind=read&from=1.1.2020").context["page"]
    assert page.without == {
        "agency": "/en/activity/?kind=read&from=1.1.2020",
        "kind": "/en/activity/?agency=benefits-office&from=1.1.2020",
        "from": "/en/activity/?agency=benefits-office&kind=read",
    }
    services: Any = face.get("/en/services/?q=housing&channel=online").context["page"]
    assert services.without_query_url == "/en/services/?channel=online"
    assert {f.name: f.without_url for f in services.filters if f.without_url} == {"channel": "/en/services/?q=housing"}
