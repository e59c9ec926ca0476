"""The sentences that give a reason, in Finnish, Swedish and English: `reasons.<language>.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from recommender.errors import CatalogueError

_HERE = Path(__file__).parent
# Between groups of three digits: a comma in English; elsewhere a space at which no line breaks.
_SEPARATORS = {"fi": "\u00a0", "sv": "\u00a0", "en": ","}


def statement(message: str, parameters: Mapping[str, int], language: str, *, against: bool) -> str:
    """The sentence `message` (`<fact>#<variant>`) with its numbers grouped as the language does."""
    texts = _texts(language)
    fact, _, variant = message.partition("#")
    numbers = {name: grouped(number, language) for name, number in parameters.items()}
    sentence = texts["statements"][fact][variant].format(**numbers)
    frame: str = texts["directions"]["against" if against else "for"]
    return frame.format(statement=sentence)


def beyond(fact: str, side: str, number: int, language: str) -> str:
    """The sentence that a service would not be suggested with the fact above (or below) the number."""
    texts = _counterfactuals(language)
    return str(texts["frame"].format(fact=texts["facts"][fact][side].format(number=grouped(number, language))))


def grouped(number: int, language: str) -> str:
    """12000 as 12,000 in English and with a no-break space in Finnish and Swedish."""
    return f"{number:,}".replace(",", _SEPARATORS[language])


@cache
def _counterfactuals(language: str) -> dict[str, Any]:
    if language not in _SEPARATORS:
        raise CatalogueError(f"Reasons are written in {', '.join(_SEPARATORS)}, not in {language[:10]!r}.")
    found: dict[str, Any] = json.loads((_HERE / "counterfactuals.json").read_text(encoding="utf-8"))[language]
    return found


@cache
def _texts(language: str) -> dict[str, Any]:
    if language not in _SEPARATORS:
        raise CatalogueError(f"Reasons are written in {', '.join(_SEPARATORS)}, not in {language[:10]!r}.")
    found: dict[str, Any] = json.loads((_HERE / f"reasons.{language}.json").read_text(encoding="utf-8"))
    return found
