"""RFC 9396: what is asked for, in `authorization_details` of a type that we know. Unknown is refused; exactly one detail a request."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jsonschema import Draft202012Validator

from consent.days import last_day
from consent.models import ConsentRecord, DataCategory, Purpose
from consent.rules import latest_end

from . import config, strict_json
from .errors import InvalidAuthorizationDetails
from .models import Client

SCHEMAS = Path(__file__).parent / "schemas"


@dataclass(frozen=True, slots=True)
class DetailType:
    """A type of authorization details and the JSON Schema (2020-12) of one detail. What the schema does not name is refused."""

    name: str
    schema: Mapping[str, Any]
    validator: Draft202012Validator


def load_types(folder: Path = SCHEMAS) -> Mapping[str, DetailType]:
    """By name the types of a folder: one file each. Raises ValueError for a file that is not the schema of the type it is named after."""
    types = {}
    for file in sorted(folder.glob("*.json")):
        schema = json.loads(file.read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(schema)
        if schema["properties"]["type"] != {"const": file.stem} or schema["additionalProperties"] is not False:
            raise ValueError(f"{file.name} must be closed, and of the type {file.stem}.")
        types[file.stem] = DetailType(file.stem, schema, Draft202012Validator(schema))
    return MappingProxyType(types)


TYPES = load_types()


def published() -> dict[str, Any]:
    """The types with their schemas, for whoever builds a client (in the shape of draft-zehavi-oauth-rar-metadata)."""
    described = {t.name: {"description": t.schema["description"], "schema": dict(t.schema)} for t in TYPES.values()}
    return {"authorization_details_types_metadata": described}


@dataclass(frozen=True, slots=True)
class Detail:
    """Access to `categories` (codes, sorted) for `purpose` until the end of the day `until` (`consent.days`); `once`: for one use only."""

    purpose: str
    categories: tuple[str, ...]
    until: date
    once: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "type": config.DETAIL_TYPE,
            "purpose": self.purpose,
            "categories": list(self.categories),
            "until": self.until.isoformat(),
            "once": self.once,
        }

    def covers(self, other: Detail) -> bool:
        """Whether `other` asks for nothing beyond this."""
        same = (self.purpose, self.until, self.once) == (other.purpose, other.until, other.once)
        return same and set(other.categories) <= set(self.categories)


def parse(text: str) -> Detail:
    """One detail out of the parameter's JSON. Raises `InvalidAuthorizationDetails`."""
    try:
        details = strict_json.loads(text)
    except ValueError:
        raise InvalidAuthorizationDetails("authorization_details must be JSON.") from None
    if not isinstance(details, list) or len(details) != 1:
        raise InvalidAuthorizationDetails("authorization_details must be an array of exactly one object.")
    named = details[0].get("type") if isinstance(details[0], dict) else None
    known = TYPES.get(named) if isinstance(named, str) else None
    if known is None:
        raise InvalidAuthorizationDetails(f"The type must be one of {', '.join(TYPES)}.")
    if not known.validator.is_valid(details[0]):
        raise InvalidAuthorizationDetails(f"The detail does not fit the JSON Schema of type {known.name}.")
    return from_json(details[0])


def from_json(detail: dict[str, Any]) -> Detail:
    """A detail that fits the schema, as a value. Raises `InvalidAuthorizationDetails` for a day that no calendar has."""
    try:
        until = date.fromisoformat(detail["until"])
    except ValueError:
        raise InvalidAuthorizationDetails("until must be a date, as in 2027-05-31.") from None
    return Detail(detail["purpose"], tuple(sorted(detail["categories"])), until, detail.get("once", False))


def judge(detail: Detail, client: Client, today: date) -> None:
    """What this client may ask for, today (`consent.days`). Raises `InvalidAuthorizationDetails`."""
    access = Purpose.objects.filter(code=detail.purpose, kind=Purpose.Kind.ACCESS)
    if detail.purpose not in client.allowed_purposes or not access.exists():
        raise InvalidAuthorizationDetails("The client may not ask for this purpose.")
    known = DataCategory.objects.filter(code__in=detail.categories).count() == len(detail.categories)
    if not set(detail.categories) <= set(client.allowed_categories) or not known:
        raise InvalidAuthorizationDetails("The client may not ask for one of these categories.")
    if not today < detail.until <= latest_end(today):
        raise InvalidAuthorizationDetails("until must be between tomorrow and twelve months from today.")


def granted_by(consent: ConsentRecord, categories: Iterable[str]) -> Detail:
    """A consent as a detail: what of it stands (`categories`), which may be less than what was asked for."""
    return Detail(consent.purpose_id, tuple(sorted(categories)), last_day(consent.expires_at), consent.once)
