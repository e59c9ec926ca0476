"""RFC 9396: what is asked for, in `authorization_details` of one type. Unknown is refused; exactly one detail a request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from consent.days import last_day
from consent.models import ConsentRecord, DataCategory, Purpose
from consent.rules import latest_end

from . import config, strict_json
from .errors import InvalidAuthorizationDetails
from .models import Client

_SCHEMA = json.loads((Path(__file__).parent / "schemas" / f"{config.DETAIL_TYPE}.json").read_text(encoding="utf-8"))
_VALIDATOR = Draft202012Validator(_SCHEMA)


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
    if not _VALIDATOR.is_valid(details[0]):
        raise InvalidAuthorizationDetails(f"The detail does not fit the JSON Schema of type {config.DETAIL_TYPE}.")
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


def granted_by(consent: ConsentRecord) -> Detail:
    """What the citizen decided, which may be less than what was asked for."""
    return Detail(consent.purpose_id, tuple(consent.covered), last_day(consent.expires_at), consent.once)


def narrowed(granted: Detail, text: str | None) -> Detail:
    """What a token is for: all that is granted, or the part that the token request names (6.1). Raises `InvalidAuthorizationDetails`."""
    if text is None:
        return granted
    wanted = parse(text)
    if not granted.covers(wanted):
        raise InvalidAuthorizationDetails("The token request asks for more than was granted.")
    return wanted
