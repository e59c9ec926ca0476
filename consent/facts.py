"""What a category's JSON Schema says of one fact: by its name under `properties`, or by a pattern where names are many (codes of illnesses).

Pure: schemas in, texts out. A pattern's `x-label` is said once for all keys that match; what each of them is, its value tells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

Schema = Mapping[str, Any]


def of_key(schema: Schema, key: str) -> Schema | None:
    """The schema of one fact, or None where the category has no such."""
    named = schema.get("properties", {}).get(key)
    if named is not None:
        return dict(named)
    return next((dict(one) for pattern, one in schema.get("patternProperties", {}).items() if _compiled(pattern).search(key)), None)


def every(schema: Schema) -> dict[str, Schema]:
    """All that a category may hold, in its own order: facts by name, then patterns by themselves. For lists that people read."""
    return {**schema.get("properties", {}), **schema.get("patternProperties", {})}


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
