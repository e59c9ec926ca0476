"""A page in our own form (docs/architecture.md, "Sources over HTTP")."""

from __future__ import annotations

from datetime import date
from typing import Any

from aurora.outbound.peer import PeerFailed
from aurora.sources.connectors import envelope
from aurora.sources.connectors.answer import Times
from aurora.sources.connectors.exchange import Page, cursor_of
from consent import schema

_DATE = {"type": ["string", "null"], "format": "date"}
_TIMES = {
    "type": "object",
    "required": ["observed_at"],
    "additionalProperties": False,
    "properties": {"observed_at": {"type": "string", "maxLength": 40}, "valid_from": _DATE, "valid_to": _DATE},
}
# Beside the envelope, which is checked when all pages are there.
_IS_PAGE = schema.compiled(
    {
        "type": "object",
        "required": ["facts"],
        "properties": {
            "facts": {"type": "object"},
            "gone": {"type": "array", "items": {"type": "string"}, "maxItems": 1000, "uniqueItems": True},
            "since": {"type": "string"},
            "cursor": {"type": "string"},
            "times": {"type": "object", "additionalProperties": _TIMES},
        },
        # What is gone is said of an increment, and an increment says since when.
        "dependentRequired": {"gone": ["since"], "since": ["gone"]},
    }
)
_FRAME = ("category", "version", "subject", "observed_at", "valid_from", "valid_to")


def page(found: dict[str, Any]) -> Page:
    """What one page says. Raises `PeerFailed`."""
    if not _IS_PAGE(found):
        raise PeerFailed("invalid_answer", retryable=False)
    return Page(
        frame={name: found[name] for name in _FRAME if name in found},
        facts=found["facts"],
        gone=found.get("gone"),
        since=found.get("since"),
        cursor=cursor_of(found["cursor"]) if "cursor" in found else "",
        times={key: times(said) for key, said in found.get("times", {}).items()},
    )


def times(said: dict[str, Any]) -> Times:
    """Where one fact's times are not its answer's. Raises `PeerFailed`."""
    begins, ends = (date.fromisoformat(said[name]) if said.get(name) else None for name in ("valid_from", "valid_to"))
    if begins and ends and ends < begins:
        raise PeerFailed("invalid_answer", retryable=False)
    return Times(envelope.instant(said["observed_at"]), begins, ends)
