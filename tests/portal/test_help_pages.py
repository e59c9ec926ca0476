"""Help and rights: open to everyone, whole in three languages, and every link leads where it says."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import resolve, reverse
from django.utils import translation

from aurora.portal.urls import urlpatterns
from aurora.ui import help as texts
from aurora.ui import layout as frame
from aurora.ui.layout import LANGUAGES, layout
from tests.support.cast import Cast, browser

CODES = [code for code, _ in LANGUAGES]
ALL = [*texts.ORDER, texts.RIGHTS]


def _said(code: str) -> list[dict[str, str]]:
    """Every text of a topic."""
    topic = texts.topic(code)
    found: list[Any] = [topic.title, topic.lead]
    for part in topic.parts:
        found += [part.heading, *(link.text for link in part.links)]
        for body in part.body:
            found += [body.text] if body.kind == "text" else body.items
    return found


@pytest.mark.parametrize("code", ALL)
def test_a_topic_says_everything_in_three_languages(code: str) -> None:
    for said in _said(code):
        assert set(said) == set(CODES) and all(words.strip() for words in said.values()), said
        assert len(set(said.values())) == 3 or len(said["en"]) < 12, said


@pytest.mark.parametrize("code", ALL)
def test_sentences_of_help_are_short_and_end(code: str) -> None:
    """Plain language: a sentence of more than 28 words is two."""
    for part in texts.topic(code).parts:
        for body in part.body:
            for said in [body.text] if body.kind == "text" else body.items:
                for language, words in said.items():
                    assert words.rstrip().endswith((".", "?")), words
                    longest = max(re.split(r"(?<=[.?:])\s", words), key=lambda s: len(s.split()))
                    assert len(longest.split()) <= 28, (language, longest)


def test_there_is_no_topic_besides_those_that_are_listed() -> None:
    assert {path.stem for path in texts.TOPICS.glob("*.json")} == set(ALL)
    assert [t.code for t in texts.topics()] == list(texts.ORDER)


@pytest.mark.parametrize("language", CODES)
@pytest.mark.parametrize("code", texts.ORDER)
def test_anybody_may_read_a_topic(cast: Cast, code: str, language: str) -> None:
    answer = browser().get(f"/{language}/help/{code}/")
    topic, said = texts.topic(code), answer.content.decode()
    assert answer.status_code == 200 and topic.title[language] in said and topic.parts[-1].heading[language] in said
    other = next(one for one in CODES if one != language)
    assert f'href="/{other}/help/{code}/"' in said, "the language link keeps the page"
    assert "Set-Cookie" not in answer


@pytest.mark.parametrize("language", CODES)
def test_the_list_leads_to_every_topic(cast: Cast, language: str) -> None:
    said = browser().get(f"/{language}/help/").content.decode()
    assert all(f'href="/{language}/help/{code}/"' in said for code in texts.ORDER)


@pytest.mark.parametrize("path", ["help/nothing/", "help/your-rights/", "help/../", "help/%00/"])
def test_what_is_no_topic_is_not_found(cast: Cast, path: str) -> None:
    assert browser().get(f"/en/{path}").status_code == 404


def test_every_link_in_help_opens_for_a_citizen(cast: Cast) -> None:
    face = cast.aino.browser()
    links = {link.to for code in ALL for part in texts.topic(code).parts for link in part.links}
    assert len(links) > 15
    for to in sorted(links):
        path = _path(to)
        assert face.get(path).status_code == 200, to


def test_every_right_is_two_steps_from_home(cast: Cast) -> None:
    """GDPR art. 7(3), 12-13, 15-18, 20-22 and 77: home, the page of rights, and there it is."""
    face = cast.aino.browser()
    assert 'href="/en/rights/"' in face.get("/en/home/").content.decode()
    said = face.get("/en/rights/").content.decode()
    for right in ("my-data/", "my-data/copy/", "corrections/", "erase/", "leave/", "consents/", "concerns/", "suggestions/", "activity/"):
        assert f'href="/en/{right}"' in said, right
    assert "Office of Invented Privacy" in said or "data protection authority" in said


def test_every_page_of_the_portal_has_help_of_its_own() -> None:
    topics = {str(pattern.name): texts.topic_of(str(pattern.name), _section(str(pattern.name))) for pattern in urlpatterns}
    assert {topics.pop(name) for name in ("help", "help_topic", "rights")} == {""}
    assert set(topics.values()) <= set(texts.ORDER) and len(set(topics.values())) >= 12
    assert (topics["activity"], topics["withdraw"], topics["erase"], topics["pull"]) == ("activity", "consent", "rights", "sources")


def _section(view: str) -> str:
    return frame._SECTIONS.get(view, "")


@pytest.mark.parametrize(("path", "topic"), [("home/", "first-steps"), ("consents/", "consent"), ("activity/verify/", "verify")])
def test_a_page_links_to_its_topic(cast: Cast, path: str, topic: str) -> None:
    assert f'href="/en/help/{topic}/">Help with this page' in cast.aino.browser().get(f"/en/{path}").content.decode()


def test_the_console_has_no_help_of_the_citizens(cast: Cast) -> None:
    assert "/help/" not in cast.operator_browser().get("/en/console/").content.decode()


def test_a_page_without_a_request_has_a_frame() -> None:
    assert layout(None).help_url.endswith("/help/first-steps/")


def _path(to: str) -> str:
    with translation.override("en"):
        path = reverse(to)
        assert resolve(path).view_name == to
        return path
