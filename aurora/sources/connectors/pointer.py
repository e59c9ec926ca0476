"""JSON Pointer (RFC 6901). Pure."""

from __future__ import annotations

import re
from typing import Any, Final

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


class _Nothing:
    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()


def find(document: Any, pointer: str) -> Any:
    """What stands there, or `NOTHING`. "" is the document itself."""
    found = document
    for token in pointer.split("/")[1:]:
        token = token.replace("~1", "/").replace("~0", "~")  # in this order (4)
        if isinstance(found, dict) and token in found:
            found = found[token]
        elif isinstance(found, list) and _INDEX.fullmatch(token) and int(token) < len(found):
            found = found[int(token)]
        else:
            return NOTHING
    return found
