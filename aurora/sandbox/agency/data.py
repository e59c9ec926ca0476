"""`GET /data/{category}`: one citizen's facts of one category, as docs/architecture.md fixes them, signed or in a form of the agency's own."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from aurora.sandbox import corrections, estates, national_id, pages, runtime, vocabulary, wards
from aurora.sandbox.agency import faults, own_form, signing, stats, ways
from aurora.sandbox.errors import BearerError
from aurora.sandbox.hospital import assessments, outcomes
from aurora.sandbox.oauth import tokens
from aurora.sandbox.runtime import Runtime
from aurora.sandbox.vocabulary import Category
from recommender.training import households


@require_safe
def read(request: HttpRequest, category: str) -> HttpResponse:
    """401 and 403 as RFC 6750 says, 404 `unknown_category` or `no_data`, 304 for a known ETag, else 200."""
    here = runtime.current()
    try:
        granted = _authenticate(request, here)
        known = vocabulary.served_by(here.process).get(category)
        if known is None:
            return pages.problem(404, "unknown_category", "This agency does not hold that category.")
        if category not in granted.scopes:
            raise BearerError("insufficient_scope", "The token does not cover this category.", status=403, scope=category)
    except BearerError as error:
        return pages.bearer_problem(error)
    body = record(known, granted.household, here)
    if body is None:
        return pages.problem(404, "no_data", "The agency holds nothing in this category for this person.")
    return _answer(request, body, granted)


def record(category: Category, household: int, here: Runtime) -> dict[str, Any] | None:
    """The answer's JSON, or None where the household has no fact. Sums of a year hold for the calendar year before."""
    if faults.striking("wrong_citizen"):
        household = (household + 1) % households.count()
    facts = _facts(category, household, here)
    if facts is None:
        return None
    if faults.striking("wrong_schema"):
        facts = {key: [value] for key, value in facts.items()} | {"unheard_of": "value"}
    facts, observed_at = _as_corrected(facts, category, household, here)
    year = here.loaded_at.year - 1 if category.yearly else here.loaded_at.year
    return {
        "category": category.code,
        "version": category.version,
        "subject": {"national_id": national_id.make(household)},
        "observed_at": observed_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "valid_from": date(year, 1, 1).isoformat(),
        "valid_to": date(year, 12, 31).isoformat() if category.yearly else None,
        "facts": facts,
    }


def _facts(category: Category, household: int, here: Runtime) -> dict[str, Any] | None:
    if category.code == wards.CATEGORY:
        return dict(wards.facts_of(household, here.config.personas))
    if category.code == estates.CATEGORY:
        return dict(estates.facts_of(household, here.config.personas))
    # A child of the register is no household: the agencies hold nothing about them.
    if wards.find(household):
        return None
    if category.code == assessments.CATEGORY:
        return assessments.facts_of(household, here.config.personas)
    if category.code == outcomes.CATEGORY:
        return outcomes.facts_of(household, here.config.personas)
    return households.facts_of(household).get(category.code)


def _as_corrected(facts: dict[str, Any], category: Category, household: int, here: Runtime) -> tuple[dict[str, Any], datetime]:
    """With what the agency has corrected at a citizen's request, and when it last did."""
    found, last = corrections.of(here, household, category.code)
    return {**facts, **found}, max(here.loaded_at, last) if last else here.loaded_at


def _authenticate(request: HttpRequest, here: Runtime) -> tokens.Granted:
    granted = tokens.authenticate(request.headers.get("Authorization", ""), here)
    if faults.striking("revoked"):
        raise BearerError("invalid_token", "The access token has been revoked.")
    return granted


def _answer(request: HttpRequest, body: dict[str, Any], granted: tokens.Granted) -> HttpResponse:
    here, following = runtime.current(), None
    if faults.striking("endless_pages"):
        body, following = _one_of_many(request, body)
    said = own_form.render(body) if here.process == ways.OWN_FORM else body
    content, kind = json.dumps(said, separators=(",", ":")).encode("ascii"), "application/json"
    # Of what is said: a signature is another each time.
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    if etag in (tag.strip() for tag in request.headers.get("If-None-Match", "").split(",")):
        return HttpResponse(status=304, headers=headers)
    if not faults.striking("wrong_citizen") and not faults.striking("wrong_schema"):
        stats.delivered(body["category"], granted.household)
    if ways.signs(here.process) and not faults.striking("unsigned"):
        content = signing.signed(said, client_id=granted.client_id, following=following, here=here).encode("ascii")
        kind = signing.MEDIA_TYPE
    elif following:
        headers["Link"] = f'<{following}>; rel="next"'
    return HttpResponse(content, content_type=kind, headers=headers)


def _one_of_many(request: HttpRequest, body: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """All on the first page, and pages without anything for ever after."""
    page = request.GET.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 10 else 1
    return (body if number == 1 else body | {"facts": {}}), f"?page={number + 1}"
