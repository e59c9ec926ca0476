"""The changelog of the API as data (changelog.json), newest first. Each entry names the digest of the OpenAPI document as it was after it: a test demands
a new entry when the document changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("changelog.json")


@dataclass(frozen=True, slots=True)
class Line:
    """`breaks`: a client that was right before must be changed."""

    what: str
    breaks: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """All that changed on one day. `document`: SHA-256 of the OpenAPI document from then on (`digest`)."""

    identifier: str
    day: date
    lines: tuple[Line, ...]
    document: str

    @property
    def breaks(self) -> bool:
        return any(line.breaks for line in self.lines)


@cache
def entries() -> tuple[Entry, ...]:
    rows = json.loads(FILE.read_text(encoding="utf-8"))["changes"]
    return tuple(
        Entry(row["id"], date.fromisoformat(row["date"]), tuple(Line(one["what"], one["breaks"]) for one in row["lines"]), row["document"])
        for row in rows
    )


def digest(document: Mapping[str, Any]) -> str:
    """Of what an OpenAPI document says, whatever order it is written in."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()).hexdigest()
