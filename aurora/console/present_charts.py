"""Bars and cells of reports as the console draws them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aurora.ui import formats
from aurora.ui import monitoring_words as words
from aurora.ui.contexts.monitoring import Picture


def cell_words(cell: Mapping[str, Any]) -> tuple[str, str, str]:
    """People, share and uncertainty of a kept row, written out; why there is no share where there is none."""
    people = formats.number(cell["people"])
    if cell["share"] is None:
        return people, words.silent(cell["note"]), "–"
    return (
        people,
        words.percent(cell["share"]),
        words.text("between")
        % {
            "low": words.percent(cell["low"]),
            "high": words.percent(cell["high"]),
        },
    )


def cell_heads() -> tuple[str, str, str]:
    """What stands above `cell_words`."""
    return words.text("people"), words.text("share"), words.text("uncertainty")


def bar(share: float | None, low: float | None = None, high: float | None = None, mark: float | None = None) -> Picture | None:
    """None where there is nothing to draw. All from 0 to 1."""
    if share is None:
        return None
    line = ("", "") if low is None or high is None else (_along(low), f"{max(0.5, 100 * (high - low)):.1f}")
    return Picture(_along(share), *line, "" if mark is None else _along(min(mark, 0.99)))


def _along(share: float) -> str:
    return f"{100 * min(max(share, 0.0), 1.0):.1f}"
