"""Codes by the names that people read, in the language of the page: purposes, kinds of data, languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import client_words
from aurora.ui.templatetags.aurora import localized

LANGUAGES = ("fi", "sv", "en")


def purposes(codes: Iterable[str], vocabulary: Vocabulary) -> tuple[str, ...]:
    """A code of which nothing is known any more stands as itself."""
    return tuple(localized(vocabulary.purpose(code)) or code for code in codes)


def categories(codes: Iterable[str], vocabulary: Vocabulary) -> tuple[str, ...]:
    """A code of which nothing is known any more stands as itself."""
    return tuple(localized(vocabulary.category(code)) for code in codes)


def in_each_language(text: Mapping[str, str]) -> tuple[str, ...]:
    """A text that is in three languages, one a line: "Swedish: Förmånsbyrån"."""
    return tuple(f"{client_words.language(x)}: {text[x]}" for x in LANGUAGES if x in text)
