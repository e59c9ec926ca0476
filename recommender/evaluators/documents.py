"""JSON of an owner, read strictly: one reading, no surprises.

RFC 8259 leaves repeated names open (section 4) and has no NaN or infinity (section 6); Python's reader takes all of them.
"""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).parent
# As many as the two schemas take at most. The validator looks at every part before it may see that there are too many, and makes an error of
# each wrong one, of kilobytes.
MOST_ITEMS, MOST_MEMBERS = 500, 64


class Malformed(ValueError):
    """Says in one sentence where a document is wrong; holds names and places, no values."""


def read(content: bytes, *, schema: str, largest: int) -> Any:
    """The document, valid by the schema file of that name. Raises `Malformed`."""
    if len(content) > largest:
        raise Malformed(f"It has more than {largest} bytes.")
    try:
        document = json.loads(
            content.decode("utf-8"), object_pairs_hook=_object, parse_float=_number, parse_constant=_constant, parse_int=_whole
        )
    except Malformed:
        raise
    except (ValueError, RecursionError):
        raise Malformed("It is not JSON in UTF-8.") from None
    _few(document)
    # The first one alone: all of them, of a document made for it, would fill the memory.
    error = next(_validator(schema).iter_errors(document), None)
    if error is not None:
        place = "/".join(str(part)[:60] for part in error.absolute_path)
        raise Malformed(f"/{place}: not as the schema demands ({error.validator}).")
    return document


@cache
def _validator(name: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # the tables import this module, and few processes read a document

    return Draft202012Validator(json.loads((SCHEMAS / name).read_text(encoding="utf-8")))


def _few(document: Any) -> None:
    rest = [document]
    while rest:
        part = rest.pop()
        if isinstance(part, list):
            if len(part) > MOST_ITEMS:
                raise Malformed(f"A list has more than {MOST_ITEMS} parts.")
            rest += part
        elif isinstance(part, dict):
            if len(part) > MOST_MEMBERS:
                raise Malformed(f"An object has more than {MOST_MEMBERS} members.")
            rest += part.values()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("An object has the same name twice.")
    return found


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Malformed("A number is too large.")
    return number


def _whole(text: str) -> int:
    if len(text) > 20:
        raise Malformed("A number is too large.")
    return int(text)


def _constant(text: str) -> Any:
    raise Malformed("NaN and infinity are no JSON.")
