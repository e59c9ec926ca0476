"""In which order people read the facts of a category: as its file has them. The database keeps a schema's members in an order of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

CATEGORIES = Path(__file__).parent / "vocabulary" / "categories"
_CODE = re.compile(r"[a-z_]+\.[a-z_]+")


@cache
def places(category: str) -> Mapping[str, int]:
    """The place of each fact, by its key; empty for a category that no file of ours tells of, and without what a pattern names."""
    file = CATEGORIES / f"{category}.json"
    if not _CODE.fullmatch(category) or not file.is_file():
        return {}
    schema = json.loads(file.read_text(encoding="utf-8"))["schema"]
    return {key: place for place, key in enumerate(schema.get("properties", {}))}
