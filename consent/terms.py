"""What a consent page says beside purpose and data: who asks, onward sharing, how often, until when, what is not shared, what a refusal means.

The page shows these sentences and the notice keeps them, so that what is kept is what was shown. Their wording is in `vocabulary/terms.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django.utils import dateformat, translation

FILE = Path(__file__).parent / "vocabulary" / "terms.json"
ORDER = ("asks", "onward", "frequency", "in_force", "not_shared", "on_decline")
_DAY = {"fi": "j.n.Y", "sv": "j.n.Y", "en": "j F Y"}


@dataclass(frozen=True)
class Term:
    """One of `ORDER`, in one language. `asks` has no heading: it opens the page."""

    code: str
    heading: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Period:
    """From the day of asking to the last day that is possible (a connection) or asked for (an agency). `once`: each category one time."""

    start: date
    end: date
    once: bool = False


def connect(*, language: str, source: str, period: Period) -> tuple[Term, ...]:
    """The terms under which Aurora fetches from a source; `source` is its name in `language`."""
    return _terms("connect", language, {"source": source}, period)


def access(*, language: str, recipient: str, service: str, purpose: str, period: Period) -> tuple[Term, ...]:
    """The terms under which an agency reads the twin; names in `language`."""
    return _terms("access", language, {"recipient": recipient, "service": service, "purpose": purpose}, period)


def _terms(kind: str, language: str, names: Mapping[str, str], period: Period) -> tuple[Term, ...]:
    values = {**names, "start": _day(period.start, language), "end": _day(period.end, language)}

    def term(code: str, words: Mapping[str, Any]) -> Term:
        sentences = words.get("sentences_once", words["sentences"]) if period.once else words["sentences"]
        return Term(code, words.get("heading", {}).get(language, ""), tuple(s[language].format_map(values) for s in sentences))

    return tuple(term(code, _wording()[kind][code]) for code in ORDER)


def _day(day: date, language: str) -> str:
    with translation.override(language):
        return dateformat.format(day, _DAY[language])


@cache
def _wording() -> dict[str, Any]:
    wording: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return wording
