"""Which kinds of data a purpose is about. What a purpose's file says of it:

`only`: these kinds and no others, and no other purpose is about them.
`about`: these kinds and no others; other purposes may be about them too.
Neither: every kind that is not for another purpose only.
`models`: other organisations' models may be run for it, and it is for nothing else.
`kind` twin: it is asked of what the twin holds already, and nothing is fetched for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "vocabulary" / "purposes"


@cache
def bound() -> Mapping[str, frozenset[str]]:
    """The categories of each purpose that is for them only."""
    return {d["code"]: frozenset(d["only"]) for d in _documents() if d.get("only")}


@cache
def limited() -> Mapping[str, frozenset[str]]:
    """The categories of each purpose that is about them and no others, whether or not they are for it alone."""
    return {**{d["code"]: frozenset(d["about"]) for d in _documents() if d.get("about")}, **bound()}


@cache
def only_for(category: str) -> frozenset[str]:
    """The purposes that a category is for alone; none of them: it is for every purpose that is not for others."""
    return frozenset(code for code, only in bound().items() if category in only)


@cache
def of_models() -> frozenset[str]:
    """The purposes for which another organisation's model may be run."""
    return frozenset(d["code"] for d in _documents() if d.get("models"))


@cache
def of_twin() -> frozenset[str]:
    """The purposes for which nothing is fetched from a source: a consent to one of them is none to a pull."""
    return frozenset(d["code"] for d in _documents() if d["kind"] == "twin")


def fitting(purpose: str, categories: Iterable[str]) -> list[str]:
    """Those of the categories that may be asked for this purpose, in their order."""
    elsewhere = frozenset[str]().union(*(only for code, only in bound().items() if code != purpose))
    about = limited().get(purpose)
    return [c for c in categories if c not in elsewhere and (about is None or c in about)]


def _documents() -> list[dict[str, Any]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]
