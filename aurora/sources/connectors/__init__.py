"""One connector a file: how one kind of source is asked, and what its answer becomes."""

from __future__ import annotations

from aurora.sources.connectors import json_oauth
from aurora.sources.connectors.answer import Answer, Asked, Fetch, Mark, Times, Unchanged

CONNECTORS: dict[str, Fetch] = {"json_oauth": json_oauth.fetch}

__all__ = ["CONNECTORS", "Answer", "Asked", "Fetch", "Mark", "Times", "Unchanged"]
