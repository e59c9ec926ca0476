"""Searches (R4 "Search"): parameters, results as a Bundle of type `searchset`, page by page with links that grow old."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from aurora.sandbox.health import records
from aurora.sandbox.health.records import Resource
from aurora.sandbox.runtime import Runtime

LARGEST_PAGE, USUAL_PAGE = 20, 10
PAGE_LASTS = 300.0
_KNOWN = {"patient", "subject", "_lastUpdated", "_count", "_id", "code", "_format"}
_PREFIXES = ("gt", "ge", "lt", "le", "eq")


class SearchError(Exception):
    """`status` and `issue` (IssueType) of the OperationOutcome."""

    def __init__(self, status: int, issue: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.issue, self.sentence = status, issue, sentence


@dataclass(frozen=True)
class Query:
    """A search that was understood. `codes`: (system, code), system "" for any."""

    patient: str
    updated: tuple[tuple[str, datetime], ...]
    codes: frozenset[tuple[str, str]]
    ids: frozenset[str]
    count: int


def parse(params: Mapping[str, list[str]]) -> Query:
    """SearchError 400 for a parameter that this server does not know, as `Prefer: handling=strict` would have it."""
    if unknown := sorted(set(params) - _KNOWN):
        raise SearchError(400, "not-supported", f"This server does not know the parameter {unknown[0][:40]}.")
    patient = (params.get("patient") or params.get("subject") or [""])[0].removeprefix("Patient/")
    updated = tuple(_bound(text) for text in params.get("_lastUpdated", []))
    codes = frozenset(_token(text) for whole in params.get("code", []) for text in whole.split(","))
    ids = frozenset(text for whole in params.get("_id", []) for text in whole.split(","))
    count = (params.get("_count") or [str(USUAL_PAGE)])[0]
    if not count.isascii() or not count.isdigit():
        raise SearchError(400, "value", "_count must be a whole number.")
    return Query(patient, updated, codes, ids, min(int(count), LARGEST_PAGE))


def results(resources: list[Resource], query: Query) -> list[Resource]:
    return [one for one in resources if _fits(one, query)]


def bundle(
    found: list[Resource], *, resource: str, params: Mapping[str, list[str]], start: int, count: int, here: Runtime
) -> dict[str, Any]:
    """One page. `total` is of all pages."""
    base = f"{here.base_url}/fhir"
    page = found[start : start + count] if count else []
    links = [{"relation": "self", "url": f"{base}/{resource}?{urlencode(dict(params), doseq=True)}"}]
    if count and start + count < len(found):
        links.append({"relation": "next", "url": f"{base}/{resource}?{urlencode({'_page': _reference(params, start + count, here)})}"})
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "meta": {"lastUpdated": records.stamp(datetime.now(UTC))},
        "total": len(found),
        "link": links,
        "entry": [{"fullUrl": f"{base}/{resource}/{one['id']}", "resource": one, "search": {"mode": "match"}} for one in page],
    }


def follow(reference: str, here: Runtime) -> tuple[dict[str, list[str]], int]:
    """The search and the place behind a page's reference; SearchError 410 once it is old, 400 if it is none of ours."""
    body, _, mark = reference.partition(".")
    if not hmac.compare_digest(mark.encode("utf-8", "replace"), _mark(body, here).encode()):
        raise SearchError(400, "value", "There is no such page.")
    params, start, until = json.loads(base64.urlsafe_b64decode(body))
    if until < time.time():
        raise SearchError(410, "processing", "This page is too old. Search again.")
    return params, start


def _reference(params: Mapping[str, list[str]], start: int, here: Runtime) -> str:
    kept = json.dumps([dict(params), start, time.time() + PAGE_LASTS])
    body = base64.urlsafe_b64encode(kept.encode()).decode()
    return f"{body}.{_mark(body, here)}"


def _mark(body: str, here: Runtime) -> str:
    return hmac.new(here.secret_key.encode(), f"page {body}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


def _fits(one: Resource, query: Query) -> bool:
    at = datetime.fromisoformat(one["meta"]["lastUpdated"])
    coded = {(c["system"], c["code"]) for c in one.get("code", {}).get("coding", [])}
    coded |= {("", code) for _, code in coded}
    return (
        (not query.ids or one["id"] in query.ids)
        and (not query.codes or bool(coded & query.codes))
        and all(_compare(prefix, at, bound) for prefix, bound in query.updated)
    )


def _compare(prefix: str, at: datetime, bound: datetime) -> bool:
    return {"gt": at > bound, "ge": at >= bound, "lt": at < bound, "le": at <= bound, "eq": at == bound}[prefix]


def _bound(text: str) -> tuple[str, datetime]:
    prefix = next((p for p in _PREFIXES if text.startswith(p)), "")
    try:
        found = datetime.fromisoformat(text.removeprefix(prefix))
    except ValueError:
        raise SearchError(400, "value", "_lastUpdated must be a time, with a prefix or without.") from None
    return prefix or "eq", found if found.tzinfo else found.replace(tzinfo=UTC)


def _token(text: str) -> tuple[str, str]:
    system, bar, code = text.rpartition("|")
    return (system, code) if bar else ("", code)
