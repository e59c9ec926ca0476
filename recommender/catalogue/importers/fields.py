"""Typed access to what a document holds, and text made plain. A fault is of one service; the others go on."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Any

from recommender.catalogue import documents
from recommender.catalogue.checks import check, is_link
from recommender.catalogue.load import HERE
from recommender.catalogue.load import terms as shipped_terms
from recommender.catalogue.model import PublicService
from recommender.catalogue.text import LANGUAGES, Text
from recommender.errors import CatalogueError
from recommender.meters import of_texts

MOST_ENTRIES = 2000  # of a list in a service
LONGEST_NAME = 200  # characters
LONGEST_SUMMARY = 600
LONGEST_TEXT = 6000
LONGEST_KEYWORD = 80
MOST_KEYWORDS = 60  # a language
BASE = 3  # points of a hundred for a service that no rule and no signal speaks for

ASK_THE_PROVIDER = Text(
    {
        "fi": "Kysy palvelun järjestäjältä, miten palvelun saa.",
        "sv": "Fråga den som ordnar tjänsten hur du får den.",
        "en": "Ask the provider how to get the service.",
    }
)
_TAG = re.compile(r"<[a-zA-Z/!?]")
_EMAIL = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+\Z")
_SPACES = re.compile(r"[ \t\r\f\v\u00a0]+")
_LINES = re.compile(r"\n{3,}")


class Fault(Exception):
    """Why one service is not taken: a whole sentence."""


def entries(raw: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of objects; an absent or null one is empty."""
    found = raw.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Fault(f"{name} must be a list of objects.")
    if len(found) > MOST_ENTRIES:
        raise Fault(f"{name} has more than {MOST_ENTRIES} entries.")
    return found


def inner(raw: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object; an absent or null one is empty."""
    found = raw.get(name)
    if found is not None and not isinstance(found, dict):
        raise Fault(f"{name} must be an object.")
    return found or {}


def string(raw: Mapping[str, Any], name: str) -> str:
    """A string without outer spaces; an absent or null one is empty."""
    found = raw.get(name)
    if found is not None and not isinstance(found, str):
        raise Fault(f"{name} must be text.")
    return (found or "").strip()


def plain(text: str, longest: int) -> str:
    """Text without markup, scripts, control and direction characters; runs of spaces are one. Too long: cut at a word, with an ellipsis."""
    text = text[: 20 * LONGEST_TEXT]
    for _ in range(5):
        if not _TAG.search(text) and "&" not in text:
            break
        stripped = _stripped(text)
        if stripped == text:
            break
        text = stripped
    if _TAG.search(text):
        raise Fault("A text holds markup that cannot be taken out.")
    if any(unicodedata.category(letter) == "Cs" for letter in text):
        raise Fault("A text holds half a character.")
    kept = "".join(letter for letter in unicodedata.normalize("NFC", text) if letter in "\n\t" or unicodedata.category(letter)[0] != "C")
    kept = _LINES.sub("\n\n", "\n".join(_SPACES.sub(" ", line).strip() for line in kept.split("\n"))).strip()
    return kept if len(kept) <= longest else kept[:longest].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


class _Words(HTMLParser):
    """What is to be read of a piece of HTML; what scripts and styles hold is not."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.silent += tag in ("script", "style")
        if tag in ("br", "p", "li", "div", "tr", "h1", "h2", "h3", "h4"):
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style") and self.silent > 0

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)


def _stripped(text: str) -> str:
    parser = _Words()
    try:
        parser.feed(text)
        parser.close()
    except (AssertionError, ValueError):
        raise Fault("A text holds markup that cannot be read.") from None
    return "".join(parser.found)


def text(written: Mapping[str, str], longest: int = LONGEST_TEXT) -> Text | None:
    """The text in the languages in which something is left of it; None where nothing is."""
    cleaned = {one: plain(written[one], longest) for one in LANGUAGES if written.get(one)}
    found = {one: words for one, words in cleaned.items() if words}
    return Text(found) if found else None


def name_of(written: Mapping[str, str], what: str = "The service") -> Text:
    """A name: there must be one, of one line."""
    if any(len(one) > LONGEST_NAME for one in written.values()):
        raise Fault(f"{what} has a name of more than {LONGEST_NAME} characters.")
    found = text({language: " ".join(one.split()) for language, one in written.items()}, LONGEST_NAME)
    if found is None:
        raise Fault(f"{what} has no name in Finnish, Swedish or English.")
    return found


def link(address: str) -> str:
    """The address if it may stand behind a link, else nothing."""
    return address if is_link(address) else ""


def is_email(address: str) -> bool:
    """Whether it may stand behind a mail link: plain ASCII, one @, nothing that would add a header or a second address."""
    return len(address) <= 254 and _EMAIL.match(address) is not None


def day(raw: str, what: str) -> date | None:
    """A day from a date or a time in ISO 8601."""
    try:
        return date.fromisoformat(raw[:10]) if raw else None
    except ValueError:
        raise Fault(f"{what} is no day such as 2026-11-26.") from None


def keywords(found: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Keywords by language from (language, word), once each; overlong ones are no keywords."""
    by_language: dict[str, dict[str, None]] = {}
    for language, word in found:
        cleaned = plain(word, LONGEST_TEXT).replace("\n", " ") if language in LANGUAGES else ""
        if 0 < len(cleaned) <= LONGEST_KEYWORD:
            by_language.setdefault(language, {})[cleaned] = None
    return {language: tuple(words)[:MOST_KEYWORDS] for language, words in sorted(by_language.items())}


def finished(service: PublicService) -> PublicService:
    """The service checked, with the words of its thematic area, its meters and its version. Raises `Fault`."""
    area = service.thematic_area
    complete = replace(
        service, labels={**service.labels, area: shipped_terms(HERE)[area]}, meters=of_texts(service.name.own, service.description.own)
    )
    try:
        check(complete)
    except CatalogueError as error:
        raise Fault(error.sentence) from None
    return documents.versioned(complete)
