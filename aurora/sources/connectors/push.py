"""A source that tells by itself (`aurora.sources.pushes`): it is never asked. Its issuer is where the citizen says yes to it, and is told of the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aurora.outbound.peer import PeerFailed
from aurora.sources.connectors.answer import Answer, Asked
from aurora.sources.connectors.declared import by_schema
from consent.models import DataCategoryVersion


def fetch(asked: Asked) -> Answer:
    """Nobody makes pulls of such a source. Were there one, from before it came to push, it ends here. Raises `PeerFailed`."""
    raise PeerFailed("invalid_answer", retryable=False)


def check(settings: Mapping[str, Any], categories: Mapping[str, DataCategoryVersion]) -> None:
    """There is nothing to declare: what it sends is signed by a key of its client. Raises `SettingsWrong`."""
    by_schema({"type": "object", "additionalProperties": False}, settings)
