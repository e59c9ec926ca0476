"""The themes of mandates, from `vocabulary/themes.json`: a field of life in three languages, with the data and purposes that belong to it.

A theme may grow with a release. What it meant when a mandate was offered stands on the mandate's row (`kept`), so that the mandate does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
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


def kept(meant: Iterable[Theme]) -> dict[str, dict[str, list[str]]]:
    """What themes mean, as a mandate's row keeps it: the codes of categories and purposes by theme."""
    return {t.code: {"categories": sorted(t.categories), "purposes": sorted(t.purposes)} for t in meant}


def of_kept(row: Mapping[str, Mapping[str, Iterable[str]]]) -> tuple[Theme, ...]:
    """The same, read from the row."""
    return tuple(Theme(code, frozenset(was["categories"]), frozenset(was["purposes"])) for code, was in row.items())


def _documents() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found
