"""Lines of CSV (RFC 4180) for people, who open them in a spreadsheet: no cell is run as a formula (OWASP, CSV injection).

Every file of ours is written by this. Names of agencies and of people, codes and reasons come from elsewhere.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

# What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


def cell(value: Any) -> str:
    """A value as text that no spreadsheet runs; of a list its items, with semicolons between."""
    text = "; ".join(value) if isinstance(value, list) else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def lines(rows: Iterable[Iterable[Any]]) -> str:
    """Rows as text, each cell by `cell`."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()
