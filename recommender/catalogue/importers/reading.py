"""JSON from outside, within bounds: size, depth, one meaning for each key, finite numbers. What breaks them is refused whole."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from recommender.errors import ImportRefused

LARGEST_FILE = 64 * 1024 * 1024  # bytes
MOST_FILES = 1000
DEEPEST = 40  # objects and lists within each other; PTV's own answers go to 12


def read(path: Path) -> Any:
    """The file's JSON. Raises `ImportRefused` naming the file and the fault; reads at most a byte more than `LARGEST_FILE`."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ImportRefused(f"{path.name} cannot be opened: {error.strerror}.") from None
    return parse(content, path.name)


def parse(content: bytes, name: str) -> Any:
    """As `read`, of what has been read already."""
    if len(content) > LARGEST_FILE:
        raise ImportRefused(f"{name} is larger than {LARGEST_FILE // 1024 // 1024} MB. Divide it.")
    try:
        found = json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_once)
    except RecursionError:
        raise ImportRefused(f"{name} is nested more than {DEEPEST} deep.") from None
    except UnicodeDecodeError as error:
        raise ImportRefused(f"{name} is not UTF-8 from byte {error.start} on.") from None
    except json.JSONDecodeError as error:
        raise ImportRefused(f"{name} is no JSON: line {error.lineno}, column {error.colno}: {error.msg}.") from None
    except ValueError as error:
        raise ImportRefused(f"{name} cannot be read: {error}") from None
    _not_too_deep(found, name)
    return found


def _not_too_deep(found: Any, name: str) -> None:
    level = [found]
    for _ in range(DEEPEST):
        level = [inner for one in level for inner in _inside(one)]
    if any(isinstance(one, dict | list) for one in level):
        raise ImportRefused(f"{name} is nested more than {DEEPEST} deep.")


def _inside(one: Any) -> Iterator[Any]:
    found = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
    return (inner for inner in found if isinstance(inner, dict | list))


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no number in JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large.")
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for at, (key, _) in enumerate(pairs) if key in {k for k, _ in pairs[:at]})
        raise ValueError(f"the key {twice[:40]!r} is given twice in one object.")
    return found
