"""The FHIR R4 server of the health centre: what it can, SMART's configuration, reads and searches of one patient's records."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from aurora.sandbox import national_id, pages, runtime
from aurora.sandbox.agency import control, endpoints, faults, stats
from aurora.sandbox.errors import BearerError, SandboxError
from aurora.sandbox.health import changes, records, search, smart
from aurora.sandbox.health.records import Resource
from aurora.sandbox.health.search import SearchError
from aurora.sandbox.oauth import tokens
from aurora.sandbox.oauth.tokens import Granted
from recommender.training import households

FHIR_JSON = "application/fhir+json; fhirVersion=4.0; charset=utf-8"


@require_safe
def smart_configuration(request: HttpRequest) -> HttpResponse:
    """SMART App Launch 2, "Conformance"."""
    described = json.loads(endpoints.metadata(request).content)  # type: ignore[attr-defined]
    return HttpResponse(json.dumps(smart.configuration(described)), content_type="application/json")


@require_safe
def capability_statement(request: HttpRequest) -> HttpResponse:
    """R4 "CapabilityStatement"."""
    here = runtime.current()
    searched = [{"name": name, "type": kind} for name, kind in (("patient", "reference"), ("_lastUpdated", "date"), ("_id", "token"))]
    offered = [
        {
            "type": resource,
            "versioning": "versioned",
            "interaction": [{"code": "read"}, {"code": "search-type"}],
            "searchParam": [*searched, *([{"name": "code", "type": "token"}] if resource != "Patient" else [])],
        }
        for resource in smart.CATEGORIES.values()
    ]
    return _fhir({
        "resourceType": "CapabilityStatement", "status": "active", "date": here.loaded_at.date().isoformat(), "kind": "instance",
        "software": {"name": "Aurora sandbox"}, "implementation": {"description": "A made-up health centre", "url": f"{here.base_url}/fhir"},
        "fhirVersion": "4.0.1", "format": ["application/fhir+json"],
        "rest": [{"mode": "server", "security": {"service": [{"text": "SMART-on-FHIR"}]}, "resource": offered}],
    })  # fmt: skip


@require_safe
def read(request: HttpRequest, resource: str, identifier: str) -> HttpResponse:
    """R4 "read", with ETag and If-None-Match. Whose token opens the record's identity only is told no more of it."""
    try:
        granted, household = _who(request, resource, "r")
        found = next((one for one in _of(household, resource) if one["id"] == identifier), None)
        if found is None:
            raise SearchError(404, "not-found", "There is no such resource, or the token does not open it.")
    except SearchError as error:
        return _outcome(error.status, error.issue, error.sentence)
    etag = f'W/"{found["meta"]["versionId"]}"'
    if etag in (tag.strip() for tag in request.headers.get("If-None-Match", "").split(",")):
        return HttpResponse(status=304, headers={"ETag": etag})
    wanted = request.GET.get("_elements", "")
    if resource == "Patient" and not smart.allows(granted.scopes, resource, "s"):
        wanted = "identifier"
    stats.delivered(smart.category_at(resource), household)
    return _fhir(_only(found, wanted), {"ETag": etag})


@require_safe
def search_type(request: HttpRequest, resource: str) -> HttpResponse:
    """R4 "search": of one patient, whom the token is for."""
    here = runtime.current()
    try:
        _, household = _who(request, resource, "s")
        params, start = dict(request.GET.lists()), 0
        if "_page" in params:
            params, start = search.follow(params["_page"][0], here)
        query = search.parse(params)
        if resource != "Patient" and query.patient != smart.patient_id(household):
            raise SearchError(403, "forbidden", "The token is for another patient, or the search names none.")
    except SearchError as error:
        return _outcome(error.status, error.issue, error.sentence)
    found = search.results(_of(household, resource), query)
    stats.delivered(smart.category_at(resource), household)
    return _fhir(search.bundle(found, resource=resource, params=params, start=start, count=query.count, here=here))


@csrf_exempt
@require_POST
def correct(request: HttpRequest) -> HttpResponse:
    """`POST /_sandbox/correct` with the control token: mends a fact, or retracts a resource."""
    here = runtime.current()
    try:
        control.require_control(request)
        return HttpResponse(json.dumps(changes.correct(json.loads(request.body), here)), content_type="application/json")
    except BearerError as error:
        return pages.bearer_problem(error)
    except SandboxError as error:
        return pages.problem(400, error.code, error.sentence)
    except ValueError:
        return pages.problem(400, "bad_correction", "The body is not JSON.")


def _who(request: HttpRequest, resource: str, deed: str) -> tuple[Granted, int]:
    """Whose token, and whose records are told (another's, while a switch wants that)."""
    try:
        granted = tokens.authenticate(request.headers.get("Authorization", ""), runtime.current())
    except BearerError as error:
        raise SearchError(401, "login", error.sentence) from error
    if faults.striking("revoked"):
        raise SearchError(401, "expired", "The access token has been revoked.")
    if resource not in smart.CATEGORIES.values():
        raise SearchError(404, "not-supported", "This server has no such resource.")
    if not smart.allows(granted.scopes, resource, deed):
        raise SearchError(403, "forbidden", "The token does not open this.")
    return granted, granted.household


def _of(household: int, resource: str) -> list[Resource]:
    here = runtime.current()
    found = records.of(household, resource, here)
    if faults.striking("wrong_citizen"):
        return _strangers(household, resource, found)
    if faults.striking("wrong_schema"):
        return [{**one, "unheardOf": True} for one in found]
    return found


def _strangers(household: int, resource: str, found: list[Resource]) -> list[Resource]:
    """Another's records where this one's are asked for: a Patient of the right id with their identifier, or theirs among the right ones."""
    other = (household + 1) % households.count()
    if resource == "Patient":
        return [{**one, "identifier": [{"system": records.NATIONAL_ID, "value": national_id.make(other)}]} for one in found]
    return [*found, *records.of(other, resource, runtime.current())]


def _only(found: Resource, elements: str) -> Resource:
    """R4 3.1.1.5.9: with the mark that it is not whole."""
    if not elements:
        return found
    kept = {"resourceType", "id", "meta", *elements.split(",")}
    tag = [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}]
    return {name: value for name, value in found.items() if name in kept} | {"meta": {**found["meta"], "tag": tag}}


def _outcome(status: int, issue: str, sentence: str) -> HttpResponse:
    body: dict[str, Any] = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": issue, "diagnostics": sentence}]}
    return _fhir(body, {"WWW-Authenticate": 'Bearer error="invalid_token"'} if status == 401 else {}, status=status)


def _fhir(body: dict[str, Any], headers: dict[str, str] | None = None, *, status: int = 200) -> HttpResponse:
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(content, content_type=FHIR_JSON, status=status, headers={"Cache-Control": "no-store", **(headers or {})})
