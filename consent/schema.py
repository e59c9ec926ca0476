"""JSON Schema 2020-12, compiled: whether a value is as a schema says, formats included. What is wrong with a document, `jsonschema` tells people.

Values are asked about by the hundred, each time somebody's data comes in (docs/decisions/pulls.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jsonschema_rs import Draft202012Validator

Schema = Mapping[str, Any]
Fits = Callable[[Any], bool]

_MOST = 512
_compiled: dict[tuple[int, tuple[str, ...]], tuple[Schema, Fits]] = {}


def compiled(schema: Schema) -> Fits:
    """Whether a value is so. What no JSON can say (a date of Python's, half a surrogate pair, a text as no dict's key) is not. Raises `ValueError`."""
    is_valid = Draft202012Validator(dict(schema), validate_formats=True, retriever=_nothing_from_elsewhere).is_valid

    def fits(value: Any) -> bool:
        try:
            return is_valid(value)
        except ValueError:
            return False

    return fits


def kept(schema: Schema, *, without: tuple[str, ...] = ()) -> Fits:
    """The same, compiled once for this very object, which nobody changes; `without` some of its rules. For schemas that stay in memory."""
    key = (id(schema), without)
    found = _compiled.get(key)
    if found is None:
        if len(_compiled) >= _MOST:
            _compiled.clear()
        # With the object itself: as long as it is held, no other has its id.
        found = _compiled[key] = schema, compiled({name: rule for name, rule in schema.items() if name not in without})
    return found[1]


def _nothing_from_elsewhere(address: str) -> Any:
    raise ValueError("a schema refers to nothing outside itself")
