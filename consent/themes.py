"""The themes of mandates, from `vocabulary/themes.json`: a field of life in three languages, with the data and purposes that belong to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from consent.rules.mandates import Theme

FILE = Path(__file__).parent / "vocabulary" / "themes.json"


@dataclass(frozen=True)
class ThemeWords:
    """What a page says of a theme: texts by language."""

    code: str
    name: Mapping[str, str]
    description: Mapping[str, str]


@cache
def themes() -> Mapping[str, Theme]:
    """Every theme by code, in the order in which pages show them."""
    return {d["code"]: Theme(d["code"], frozenset(d["categories"]), frozenset(d["purposes"])) for d in _documents()}


@cache
def words() -> tuple[ThemeWords, ...]:
    """The texts, in the same order."""
    return tuple(ThemeWords(d["code"], d["name"], d["description"]) for d in _documents())


def _documents() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found
