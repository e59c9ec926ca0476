"""JSON of an agency's own, mapped to ours by what an operator has declared (`mapping.schema.json`), not by code.

What comes out is a page like any other: it passes the same checks, of the envelope and of the category's schema.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jsonschema import Draft202012Validator

from aurora.outbound.peer import PeerFailed
from aurora.sources.connectors import convert, exchange, own_form, signed
from aurora.sources.connectors.answer import Answer, Asked, Times, Unchanged
from aurora.sources.connectors.convert import NotConverted
from aurora.sources.connectors.declared import SettingsWrong, by_schema
from aurora.sources.connectors.direct import Direct
from aurora.sources.connectors.exchange import Form, Page
from aurora.sources.connectors.pointer import NOTHING, find
from consent.models import DataCategoryVersion

MAPPING = json.loads((Path(__file__).parent / "mapping.schema.json").read_text(encoding="utf-8"))
_SCHEMA = {
    "type": "object",
    "required": ["address", "mapping"],
    "additionalProperties": False,
    "properties": {
        # Whole segments, of which the category may be one: nothing that is filled in can lead elsewhere.
        "address": {"type": "string", "maxLength": 500, "pattern": r"^(?:/(?!\.{1,2}(?:/|$))(?:[A-Za-z0-9._~-]+|\{category\}))+$"},
        "mapping": {"type": "object"},
        "signature": signed.SCHEMA,
    },
}
_TYPES = {"integer": {"integer", "number"}, "number": {"number"}, "string": {"string"}, "date": {"string"}, "boolean": {"boolean"}}
Rule = Mapping[str, Any]


def fetch(asked: Asked) -> Answer | Unchanged:
    """One category. Raises `PeerFailed`; no value is in the error."""
    path = asked.settings["address"].replace("{category}", quote(name_of(asked), safe=""))
    return exchange.take(asked, way=Direct(f"{asked.registration.issuer}{path}"), form=form(asked))


def check(settings: Mapping[str, Any], categories: Mapping[str, DataCategoryVersion]) -> None:
    """Raises `SettingsWrong`."""
    by_schema(_SCHEMA, settings)
    signed.check(settings.get("signature"))
    check_mapping(settings["mapping"], categories)


def name_of(asked: Asked) -> str:
    """What the agency calls this category. Raises `PeerFailed` where it is not mapped, or was mapped for another version."""
    return str(_category(asked).get("name", asked.category.category_id))


def form(asked: Asked) -> Form:
    """How one page is read. Raises `PeerFailed`."""
    return partial(_page, asked, asked.settings["mapping"], _category(asked))


def check_mapping(mapping: Any, categories: Mapping[str, DataCategoryVersion]) -> None:
    """Every category of the source is mapped, in its current version, to facts that it has and values that they may have. Raises `SettingsWrong`."""
    by_schema(MAPPING, mapping, where="settings/mapping")
    place = "settings/mapping/categories"
    for code in sorted(categories.keys() | mapping["categories"].keys()):
        if code not in categories:
            raise SettingsWrong(f"{place}: {code} is no category of this source")
        if code not in mapping["categories"]:
            raise SettingsWrong(f"{place}: {code} is not mapped")
        rules, version = mapping["categories"][code], categories[code]
        if rules["version"] != version.version:
            raise SettingsWrong(f"{place}/{code}/version: the category's current version is {version.version}")
        for key, rule in rules["facts"].items():
            _check_fact(f"{place}/{code}/facts/{key}", rule, version.schema["properties"].get(key))
        if missing := sorted(set(version.schema.get("required", ())) - set(rules["facts"])):
            raise SettingsWrong(f"{place}/{code}/facts: {missing[0]} is required and not mapped")


def _check_fact(place: str, rule: Rule, schema: Mapping[str, Any] | None) -> None:
    if schema is None:
        raise SettingsWrong(f"{place}: the category has no such fact")
    kind = {"count": "integer", "exists": "boolean"}.get(rule.get("take", ""), rule.get("as"))
    if kind != "code" and schema.get("type") not in _TYPES[str(kind)]:
        raise SettingsWrong(f"{place}: the fact is a {schema.get('type')}, and the rule makes it a {kind}")
    for name, value in [*((f"codes/{code}", meant) for code, meant in rule.get("codes", {}).items()), ("default", rule.get("default"))]:
        if value is not None and not Draft202012Validator(dict(schema)).is_valid(value):
            raise SettingsWrong(f"{place}/{name}: the fact may not have this value")


def _category(asked: Asked) -> Rule:
    rules: Rule | None = asked.settings["mapping"]["categories"].get(asked.category.category_id)
    if rules is None or rules["version"] != asked.category.version:
        raise PeerFailed("invalid_answer", retryable=False)
    return rules


def _page(asked: Asked, mapping: Rule, rules: Rule, found: dict[str, Any]) -> Page:
    try:
        frame = {
            "category": asked.category.category_id,
            "version": asked.category.version,
            "subject": {"national_id": find(found, mapping["subject"])},
            **_times(found, {**mapping, **{name: rules[name] for name in ("valid_from", "valid_to") if name in rules}}),
        }
        facts: dict[str, Any] = {}
        times: dict[str, Times] = {}
        for key, rule in rules["facts"].items():
            value, beside = _fact(found, rule)
            if value is not NOTHING:
                facts[key] = value
                if "observed_at" in rule and beside is not NOTHING:
                    times[key] = own_form.times(_times(beside, rule))
        following = find(found, mapping["next"]) if "next" in mapping else None
    except NotConverted:
        raise PeerFailed("invalid_answer", retryable=False) from None
    if not isinstance(frame["subject"]["national_id"], str) or not isinstance(following, str | None | type(NOTHING)):
        raise PeerFailed("invalid_answer", retryable=False)
    return Page(frame, facts, times=times, next=following if isinstance(following, str) and following else None)


def _times(found: Any, rule: Rule) -> dict[str, Any]:
    """`observed_at` must be there; the days may be missing or null."""
    times: dict[str, Any] = {
        "observed_at": convert.instant(find(found, rule["observed_at"]["at"]), rule["observed_at"].get("format", "iso"))
    }
    for name in ("valid_from", "valid_to"):
        said = find(found, rule[name]["at"]) if name in rule else None
        times[name] = None if said is None or said is NOTHING else convert.day(said, rule[name].get("format", "iso"))
    return times


def _fact(found: Any, rule: Rule) -> tuple[Any, Any]:
    """The fact's value and what its times stand in; `NOTHING` twice where the source does not say. Raises `NotConverted`."""
    nothing = rule.get("default", NOTHING)
    if "in" not in rule:
        return _converted(found, rule, nothing), found
    entries = find(found, rule["in"])
    if entries is NOTHING or entries is None:
        return nothing, NOTHING
    if not isinstance(entries, list):
        raise NotConverted
    fitting = [entry for entry in entries if _fits(entry, rule.get("where", {}))]
    taken: Callable[[], tuple[Any, Any]] = {
        "exists": lambda: (bool(fitting), NOTHING),
        "count": lambda: (len(fitting), NOTHING),
        "sum": lambda: (_sum(fitting, rule, nothing), NOTHING),
        "only": lambda: _only(fitting, rule, nothing),
    }[rule.get("take", "only")]
    return taken()


def _only(fitting: list[Any], rule: Rule, nothing: Any) -> tuple[Any, Any]:
    if len(fitting) > 1:
        raise NotConverted
    return (_converted(fitting[0], rule, nothing), fitting[0]) if fitting else (nothing, NOTHING)


def _sum(fitting: list[Any], rule: Rule, nothing: Any) -> Any:
    """Added first and rounded once."""
    amounts = [convert.amount(find(entry, rule["at"]), rule) for entry in fitting]
    if not amounts:
        return nothing
    return convert.whole(sum(amounts[1:], amounts[0]), rule) if rule["as"] == "integer" else float(sum(amounts[1:], amounts[0]))


def _converted(found: Any, rule: Rule, nothing: Any) -> Any:
    value = find(found, rule["at"])
    return nothing if value is NOTHING or value is None else convert.value(value, rule)


def _fits(entry: Any, where: Rule) -> bool:
    """Of the same JSON type and value: 1 is not true."""
    return all(type(said := find(entry, at)) is type(wanted) and said == wanted for at, wanted in where.items())
