"""Which kinds of data a purpose is about. Some are for one kind only, and that kind for no other purpose: `only` in the purpose's file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "vocabulary" / "purposes"


@cache
def bound() -> Mapping[str, frozenset[str]]:
    """The categories of each purpose that is for them only."""
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]
    return {d["code"]: frozenset(d["only"]) for d in documents if d.get("only")}


def fitting(purpose: str, categories: Iterable[str]) -> list[str]:
    """Those of the categories that may be asked for this purpose, in their order."""
    elsewhere = frozenset[str]().union(*(only for code, only in bound().items() if code != purpose))
    only = bound().get(purpose)
    return [c for c in categories if (c in only if only is not None else c not in elsewhere)]
