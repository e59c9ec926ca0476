"""Kinds of data that another organisation's model works out: which organisation's models may fill each. A category's file says so by `derived_by`.

Nobody holds them outside: they come into a twin when a citizen keeps what a model worked out for them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "vocabulary" / "categories"


@cache
def owners() -> Mapping[str, str]:
    """The agency's code by category."""
    documents = (json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json")))
    return {d["code"]: d["derived_by"] for d in documents if d.get("derived_by")}
