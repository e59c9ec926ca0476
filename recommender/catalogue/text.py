"""Text for people in the languages that there are, never empty-handed in another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

LANGUAGES = ("fi", "sv", "en")
# Who reads no Finnish reads English rather than Swedish, and the other way round for who reads Swedish.
_NEXT = {"fi": ("sv", "en"), "sv": ("fi", "en"), "en": ("fi", "sv")}


class Text(Mapping[str, str]):
    """A text by language (fi, sv, en). What is not written in a language is given in another: `written(language)` says in which.

    As a mapping it has all three languages, so that a page always has something to show. `own`: what is really written, at
    least one. Equal where the same is written.
    """

    __slots__ = ("own",)
    own: Mapping[str, str]

    def __init__(self, own: Mapping[str, str]) -> None:
        if not own or not set(own) <= set(LANGUAGES):
            raise ValueError("A text is written in at least one of fi, sv and en, and in no other language.")
        self.own = {language: own[language] for language in LANGUAGES if language in own}

    def written(self, language: str) -> str:
        """The language in which `self[language]` is written: `language` itself where it can be."""
        if language not in LANGUAGES:
            raise KeyError(language)
        return next(one for one in (language, *_NEXT[language]) if one in self.own)

    def __getitem__(self, language: str) -> str:
        return self.own[self.written(language)]

    def __iter__(self) -> Iterator[str]:
        return iter(LANGUAGES)

    def __len__(self) -> int:
        return len(LANGUAGES)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Text):
            return dict(self.own) == dict(other.own)
        return dict(self) == dict(other) if isinstance(other, Mapping) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self.own.items()))

    def __repr__(self) -> str:
        return f"Text({dict(self.own)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (Text, (dict(self.own),))
