"""One connector a file: how one kind of source is asked, what its answer becomes, and what an operator may declare of such a source."""

from __future__ import annotations

from aurora.sources.connectors import json_oauth, mapped_json, push, xroad
from aurora.sources.connectors.answer import Answer, Asked, Fetch, Mark, Times, Unchanged
from aurora.sources.connectors.declared import Check

CONNECTORS: dict[str, Fetch] = {
    "json_oauth": json_oauth.fetch,
    "mapped_json": mapped_json.fetch,
    "push": push.fetch,
    "xroad": xroad.fetch,
}
# Of the same names: whether settings are right, asked when a source is loaded (`aurora/sources/loading.py`).
CHECKS: dict[str, Check] = {
    "json_oauth": json_oauth.check,
    "mapped_json": mapped_json.check,
    "push": push.check,
    "xroad": xroad.check,
}

__all__ = ["CHECKS", "CONNECTORS", "Answer", "Asked", "Check", "Fetch", "Mark", "Times", "Unchanged"]
