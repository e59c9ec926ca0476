"""A service as plain JSON and back, and the hashes that name service and catalogue versions. Pure.

What has its default value is left out of the JSON: a field that is added to `PublicService` leaves the hashes of the services that
do not use it as they are. Canonical form: keys sorted, no spaces, UTF-8; numbers as Python writes them, which reads back the same float.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, replace
from datetime import date
from typing import Any

from recommender.catalogue.model import Contact, PublicService, Signal
from recommender.catalogue.text import Text
from recommender.eligibility import Rule

_DEFAULTS = {
    one.name: one.default if one.default_factory is MISSING else one.default_factory()
    for one in fields(PublicService)
    if one.default is not MISSING or one.default_factory is not MISSING
}
_TEXTS = frozenset({"name", "description", "how_to_apply", "provider", "requirements", "details"})
_TUPLES = frozenset({"life_events", "channels", "areas", "languages", "target_groups", "service_classes", "requires", "related", "meters"})
_DATES = frozenset({"valid_from", "valid_until"})


def document(service: PublicService) -> str:
    """The canonical JSON of a service; its `version` is no part of it."""
    found: dict[str, Any] = {}
    for one in fields(PublicService):
        value = getattr(service, one.name)
        if one.name != "version" and not (one.name in _DEFAULTS and value == _DEFAULTS[one.name]):
            found[one.name] = _plain(value)
    return json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def version_of(text: str) -> str:
    """SHA-256 (hex) of a service's canonical JSON."""
    return hashlib.sha256(text.encode()).hexdigest()


def versioned(service: PublicService) -> PublicService:
    """The same service, carrying its version."""
    return replace(service, version=version_of(document(service)))


def catalogue_version(versions: Iterable[str]) -> str:
    """SHA-256 (hex) over the services' versions, whatever their order."""
    return hashlib.sha256("\n".join(sorted(versions)).encode()).hexdigest()


def service(text: str) -> PublicService:
    """The service that `document` wrote. Raises `RuleError` where its rule is no rule any more, as when a fact was dropped."""
    raw = json.loads(text)
    return PublicService(version=version_of(text), **{name: _value(name, value) for name, value in raw.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, Text):
        return dict(value.own)
    if isinstance(value, Rule):
        return value.source
    if isinstance(value, Signal):
        return {"when": value.when.source, "points": value.points}
    if isinstance(value, Contact):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(Contact) if getattr(value, one.name)}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _value(name: str, raw: Any) -> Any:
    if raw is None:
        return None
    if name in _TEXTS:
        return Text(raw)
    if name in _TUPLES:
        return tuple(raw)
    if name in _DATES:
        return date.fromisoformat(raw)
    if name == "rule":
        return Rule(raw)
    if name == "signals":
        return tuple(Signal(Rule(one["when"]), one["points"]) for one in raw)
    if name == "keywords":
        return {language: tuple(words) for language, words in raw.items()}
    if name == "labels":
        return {code: Text(words) for code, words in raw.items()}
    if name == "contacts":
        return tuple(_contact(one) for one in raw)
    return raw


def _contact(raw: dict[str, Any]) -> Contact:
    texts: dict[str, Any] = {key: Text(raw[key]) for key in ("name", "address") if key in raw}
    return Contact(**{**raw, **texts})
