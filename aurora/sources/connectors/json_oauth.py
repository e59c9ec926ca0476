"""JSON over OAuth: `GET {issuer}/data/{category}` with a bearer token (docs/architecture.md, "Sources over HTTP")."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.utils import timezone
from jsonschema import Draft202012Validator, FormatChecker

from aurora.outbound import oauth
from aurora.outbound.oauth import PeerFailed
from aurora.sources.connectors.answer import Answer, Asked
from aurora.sources.connectors.declared import by_schema
from consent.models import DataCategoryVersion

# I-JSON (RFC 7493 2.2): beyond this, two readers of a number may not agree on it.
LARGEST = 2**53 - 1
FIRST_YEAR = 1900
CLOCKS_DIFFER = timedelta(days=1)
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


def fetch(asked: Asked) -> Answer:
    """One category, checked against the envelope and the category's JSON Schema. Raises `PeerFailed`; no value is in the error."""
    category, code = asked.category, asked.category.category_id
    found = oauth.get_json(f"{asked.registration.issuer}/data/{quote(code)}", token=asked.token)
    _check(_ENVELOPE, found)
    if (found["category"], found["version"]) != (code, category.version):
        raise _invalid()
    _check(category.schema, found["facts"])
    valid_from, valid_to = _day(found.get("valid_from")), _day(found.get("valid_to"))
    if valid_from and valid_to and valid_to < valid_from:
        raise _invalid()
    return Answer(
        category=code,
        version=category.version,
        national_id=found["subject"]["national_id"],
        observed_at=_instant(found["observed_at"]),
        valid_from=valid_from,
        valid_to=valid_to,
        facts={key: _value(value) for key, value in found["facts"].items()},
    )


def check(settings: Mapping[str, Any], categories: Mapping[str, DataCategoryVersion]) -> None:
    """There is nothing to declare. Raises `SettingsWrong`."""
    by_schema({"type": "object", "additionalProperties": False}, settings)


def _check(schema: dict[str, Any], value: Any) -> None:
    if not Draft202012Validator(schema, format_checker=FormatChecker()).is_valid(value):
        raise _invalid()


def _value(value: Any) -> Any:
    """JSON Schema counts 43800.0 among the integers; a twin holds one spelling of it."""
    if isinstance(value, int | float) and abs(value) > LARGEST:
        raise _invalid()
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _instant(text: str) -> datetime:
    """When the source saw it: not in the future, and not so long ago that a database and Python disagree on the year."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _invalid() from None
    if found.tzinfo is None or found.year < FIRST_YEAR or found > timezone.now() + CLOCKS_DIFFER:
        raise _invalid()
    return found


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text is not None else None


def _invalid() -> PeerFailed:
    return PeerFailed("invalid_answer", retryable=False)
