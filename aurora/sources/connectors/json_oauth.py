"""JSON over OAuth: `GET {issuer}/data/{category}` with a bearer token (docs/architecture.md, "Sources over HTTP")."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from jsonschema import Draft202012Validator, FormatChecker

from aurora.outbound import oauth
from aurora.outbound.oauth import PeerFailed, Registration
from aurora.sources.connectors.answer import Answer
from consent.models import DataCategoryVersion

_DATE = {"type": ["string", "null"], "format": "date"}
_ENVELOPE = {
    "type": "object",
    "required": ["category", "version", "subject", "observed_at", "facts"],
    "properties": {
        "category": {"type": "string"},
        "version": {"type": "integer"},
        "subject": {
            "type": "object",
            "required": ["national_id"],
            "properties": {"national_id": {"type": "string", "minLength": 1, "maxLength": 64}},
        },
        "observed_at": {"type": "string", "maxLength": 40},
        "valid_from": _DATE,
        "valid_to": _DATE,
        "facts": {"type": "object"},
    },
}


def fetch(*, registration: Registration, token: str, category: DataCategoryVersion) -> Answer:
    """One category, checked against the envelope and the category's JSON Schema. Raises `PeerFailed`; no value is in the error."""
    code = category.category_id
    found = oauth.get_json(f"{registration.issuer}/data/{quote(code)}", token=token)
    _check(_ENVELOPE, found)
    if (found["category"], found["version"]) != (code, category.version):
        raise PeerFailed("invalid_answer", retryable=False)
    _check(category.schema, found["facts"])
    return Answer(
        category=code,
        version=category.version,
        national_id=found["subject"]["national_id"],
        observed_at=_instant(found["observed_at"]),
        valid_from=_day(found.get("valid_from")),
        valid_to=_day(found.get("valid_to")),
        facts=found["facts"],
    )


def _check(schema: dict[str, Any], value: Any) -> None:
    if not Draft202012Validator(schema, format_checker=FormatChecker()).is_valid(value):
        raise PeerFailed("invalid_answer", retryable=False)


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None  # type: ignore[assignment]
    if found is None or found.tzinfo is None:
        raise PeerFailed("invalid_answer", retryable=False)
    return found


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text is not None else None
