"""JSON over OAuth: `GET {issuer}/data/{category}` with a bearer token (docs/architecture.md, "Sources over HTTP")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from aurora.sources.connectors import exchange, own_form, signed
from aurora.sources.connectors.answer import Answer, Asked, Unchanged
from aurora.sources.connectors.declared import by_schema
from aurora.sources.connectors.direct import Direct
from consent.models import DataCategoryVersion

_SCHEMA = {"type": "object", "additionalProperties": False, "properties": {"signature": signed.SCHEMA}}


def fetch(asked: Asked) -> Answer | Unchanged:
    """One category, checked against the envelope and the category's JSON Schema. Raises `PeerFailed`; no value is in the error."""
    way = Direct(f"{asked.registration.issuer}/data/{quote(asked.category.category_id)}")
    return exchange.take(asked, way=way, form=own_form.page, cursors=True)


def check(settings: Mapping[str, Any], categories: Mapping[str, DataCategoryVersion]) -> None:
    """Raises `SettingsWrong`. `signature`: this source signs its answers."""
    by_schema(_SCHEMA, settings)
    signed.check(settings.get("signature"))
