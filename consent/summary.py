"""A consent in a few whole sentences: who may do what with which data, for what, until when, and how to stop it. Pure.

A page of consents says it of how things stand, in the reader's language; a receipt keeps it as it was when it was given. The wording is in
`vocabulary/summary.json`. What is said before a decision is a term of the notice (`consent.terms.SUMMARY`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from consent.days import written
from consent.rules import AURORA, CITIZEN

FILE = Path(__file__).parent / "vocabulary" / "summary.json"


class Kind(StrEnum):
    """ACCESS: an agency reads the twin. FETCH: Aurora has it from a source. OWN: Aurora uses what is there already."""

    ACCESS = "access"
    FETCH = "fetch"
    OWN = "own"


class Standing(StrEnum):
    """REPLACED: a newer one has taken its place. REFUSED: it was never given."""

    GIVEN = "given"
    OVER = "over"
    REPLACED = "replaced"
    REFUSED = "refused"


@dataclass(frozen=True)
class Said:
    """What is summed up, by names in one language. `data`: what it covers, or of what is over covered last, or of a no was asked for.

    `gone`: what was taken out. `outdated`: what a change of meaning has left without consent. `end`: its last day.
    """

    kind: Kind
    standing: Standing
    recipient: str
    source: str
    purpose: str
    data: Sequence[str]
    end: date
    once: bool = False
    gone: Sequence[str] = field(default=())
    outdated: Sequence[str] = field(default=())


def kind_of(*, recipient: str, source: str) -> Kind:
    """By the codes of a consent's recipient and source ("" for none)."""
    if recipient != AURORA:
        return Kind.ACCESS
    return Kind.FETCH if source not in ("", CITIZEN, AURORA) else Kind.OWN


def version() -> int:
    """The version of the wording."""
    return int(_wording()["version"])


def sentences(said: Said, *, language: str) -> tuple[str, ...]:
    """Whole sentences, in the order in which they are read."""
    words = _wording()
    values = {"recipient": said.recipient, "source": said.source, "purpose": said.purpose, "end": written(said.end, language)}

    def one(*path: str, **more: str) -> str:
        found: Any = words
        for step in (*path, language):
            found = found[step]
        return str(found).format_map({**values, **more})

    data = ", ".join(said.data)
    if said.standing is Standing.REFUSED:
        return (one("refused", said.kind, data=data), one("asked_for"))
    if said.standing is Standing.REPLACED:
        return (one("replaced"), one("was_for"))
    if said.standing is Standing.OVER:
        return (one("over", said.kind, data=data), one("was_for"))
    return (
        *((one("who", said.kind, data=data), one("why"), one("until_once" if said.once else "until")) if said.data else ()),
        *((one("taken_out", gone=", ".join(said.gone)),) if said.gone else ()),
        *((one("outdated", gone=", ".join(said.outdated)),) if said.outdated else ()),
        one("stop"),
    )


@cache
def _wording() -> dict[str, Any]:
    wording: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return wording
