"""The data categories that each agency serves, read from the shared vocabulary files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "consent" / "vocabulary" / "categories"


@dataclass(frozen=True)
class Category:
    """One data category: `name` by language, `schema` that of its facts, `yearly` if they are sums of a year."""

    code: str
    version: int
    source: str
    name: Mapping[str, str]
    schema: Mapping[str, Any]
    yearly: bool


@cache
def categories() -> Mapping[str, Category]:
    """Every category by code."""
    return {category.code: category for category in map(_read, sorted(FOLDER.glob("*.json")))}


def served_by(source: str) -> Mapping[str, Category]:
    """The categories whose `source` is this agency's code."""
    return {code: category for code, category in categories().items() if category.source == source}


def _read(path: Path) -> Category:
    raw = json.loads(path.read_text(encoding="utf-8"))
    properties = raw["schema"]["properties"].values()
    return Category(
        code=raw["code"],
        version=raw["version"],
        source=raw["source"],
        name=raw["name"],
        schema=raw["schema"],
        yearly=all(fact.get("x-unit", "").endswith("_per_year") for fact in properties),
    )
