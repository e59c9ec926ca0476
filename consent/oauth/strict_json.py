"""JSON from outside: one meaning or none. Python's parser lets duplicate members, NaN and bottomless nesting pass."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

_BRACKETS = 200  # More than a request needs; far from the parser's recursion limit.


def loads(text: str, *, brackets: int = _BRACKETS) -> Any:
    """Parse RFC 8259 JSON. Raises ValueError on anything else, on a member given twice, and on text that PostgreSQL cannot hold.

    `brackets`: for a list of many things. Who lets in more than usual takes RecursionError for a ValueError too.
    """
    if text.count("[") + text.count("{") > brackets:
        raise ValueError("nested too deeply")
    value = json.loads(text, object_pairs_hook=_members, parse_constant=_constant, parse_float=_float)
    if "\\u" in text:
        # Escapes can spell NUL and lone surrogates, which PostgreSQL and UTF-8 cannot hold.
        flat = json.dumps(value, ensure_ascii=False)
        flat.encode()  # raises UnicodeEncodeError, a ValueError
        if "\\u0000" in flat:
            raise ValueError("NUL")
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is given twice")
    return members


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("a number is out of range")
    return value
