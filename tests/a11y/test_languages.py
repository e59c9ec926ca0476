"""Each page is in one language from its title to its footer, says where it is not, and leads to itself in the other two."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.a11y.browsing import Looked
from tests.a11y.walking import LANGUAGES
from tests.ui.test_translations import catalogue_of

# Words that stand in most sentences of one language, and in none of the other two.
COMMON = {
    "en": frozenset(
        [
            "the",
            "of",
            "and",
            "you",
            "your",
            "is",
            "are",
            "was",
            "were",
            "with",
            "which",
            "that",
            "this",
            "not",
            "has",
            "have",
            "from",
            "they",
            "it",
            "been",
            "when",
            "what",
            "who",
            "where",
        ]
    ),
    "fi": {
        "ja",
        "ei",
        "että",
        "tai",
        "joka",
        "jonka",
        "sinun",
        "sinua",
        "ovat",
        "mutta",
        "kun",
        "tämä",
        "tätä",
        "mitä",
        "jotka",
        "siitä",
        "voit",
        "olet",
        "myös",
        "sekä",
        "niin",
        "jos",
        "hän",
        "ne",
    },
    "sv": frozenset(
        [
            "och",
            "att",
            "är",
            "inte",
            "för",
            "som",
            "det",
            "du",
            "din",
            "dina",
            "ett",
            "av",
            "på",
            "eller",
            "har",
            "kan",
            "till",
            "efter",
            "också",
            "när",
            "vad",
            "vilka",
            "hos",
            "dig",
            "alla",
        ]
    ),
}
CLOCK = {
    "fi": re.compile(r"\d{1,2}\.\d{1,2}\.\d{4} klo \d{1,2}\.\d\d\b"),
    "sv": re.compile(r"\d{1,2}\.\d{1,2}\.\d{4} kl\. \d{1,2}\.\d\d\b"),
}
# A day written for programs, a clock with a colon, a month in English.
NOT_OURS = re.compile(
    r"\b20\d\d-\d\d-\d\d\b|(?<![\d:])\b\d{1,2}:\d\d\b(?!:)|\b\d{1,2} (January|February|March|April|May|June|July|August|September|October|November|December)\b"
)


def said(one: Looked) -> Iterator[tuple[str, str]]:
    """What people read on a page in the page's language: the text, and where it stands. Not what is written for programs."""
    for language, text, code, where in one.words:
        if language == one.language and not code:
            yield text, where


def _words(text: str) -> list[str]:
    return re.findall(r"[a-zåäöé]+", text.lower())


def foreign(text: str, language: str) -> bool:
    words = _words(text)
    ours = sum(word in COMMON[language] for word in words)
    return any(sum(word in COMMON[other] for word in words) >= 2 + ours for other in LANGUAGES if other != language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_in_another_language_says_so(looked: list[Looked], language: str) -> None:
    mine = [one for one in looked if one.language == language]
    found = {f"{text[:160]} <- {one.name} {where[:60]}" for one in mine for text, where in said(one) if foreign(text, language)}
    assert sorted(found) == []


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_no_text_of_ours_is_left_in_english(looked: list[Looked], language: str) -> None:
    """Texts in the catalogue that stand on a page as they are in English."""
    catalogue = catalogue_of(language)
    translated = {one for said in catalogue.values() for one in ([said] if isinstance(said, str) else said)}
    english = {key for key, said in catalogue.items() if isinstance(key, str) and key != said and key not in translated}
    mine = [one for one in looked if one.language == language]
    assert sorted({f"{text} <- {one.name}" for one in mine for text, _ in said(one) if text in english}) == []


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_days_and_clocks_are_written_as_the_language_does(looked: list[Looked], language: str) -> None:
    mine = [(one, text) for one in looked if one.language == language for text, _ in said(one)]
    assert any(CLOCK[language].search(text) for _, text in mine), "no page said a time"
    assert sorted({f"{text[:120]} <- {one.name}" for one, text in mine if NOT_OURS.search(text)}) == []


def test_the_language_links_lead_to_the_same_page_with_the_same_query_and_back(looked: list[Looked]) -> None:
    for one in looked:
        others = set(LANGUAGES) - {one.language}
        assert one.frame["marked"] == list(LANGUAGES), (one.language, one.name)
        rest = one.path.removeprefix(f"/{one.language}/")
        expected = {other: f"/{other}/{rest}" for other in others}
        if one.pressed:
            # What answers a form has the form's address, or that of the page on which the form is.
            assert set(one.frame["links"]) == others, (one.language, one.name)
            assert all(link.startswith(f"/{other}/") for other, link in one.frame["links"].items()), (one.language, one.name)
        else:
            assert one.frame["links"] == expected, (one.language, one.name)


def test_a_sentence_in_a_foreign_language_is_noticed() -> None:
    assert foreign("You have not been asked for this.", "fi") and not foreign("Sinun ei tarvitse tehdä mitä joku pyytää.", "fi")
    assert foreign("Du kan också ta tillbaka det som du har sagt.", "en") and not foreign("Suomi", "en")
