"""What one resource says: facts by key, each with a rank by which the newest one of several is known. Pure but for the clock of `when`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aurora.sources.connectors.answer import Times

LONGEST_TEXT = 200
# 1 January 1899: before anything that `when` lets through, so that seconds since then have no sign.
_LONG_AGO = -2_240_524_800.0
_CODE = re.compile(r"[A-Za-z0-9.+*-]{1,40}")


@dataclass(frozen=True, repr=False)
class Taken:
    """`value` None: there is something newer that cannot be read, and an older one must not be told in its place. `rank` is compared as text."""

    key: str
    rank: str
    value: Any
    times: Times


def key_of(concept: Any, systems: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """(key, text) of a CodeableConcept by the first system that it is coded in: the source's own words say what it is."""
    codings = getattr(concept, "coding", None) or []
    for name, system in systems:
        for coding in codings:
            if coding.system == system and coding.code and _CODE.fullmatch(coding.code):
                text = concept.text or coding.display or coding.code
                return f"{name}.{coding.code}", _short(text)
    return None


def codes(concept: Any, system: str) -> set[str]:
    """The codes of a CodeableConcept in one system."""
    return {c.code for c in (getattr(concept, "coding", None) or []) if c.system == system and c.code}


def rank(at: datetime | None, identifier: str, *, before: str = "") -> str:
    """Text that grows with time; the id decides between two of the same time, so that it is always the same one."""
    seconds = at.timestamp() - _LONG_AGO if at is not None else 0.0
    return f"{before}{seconds:017.3f} {identifier}"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
