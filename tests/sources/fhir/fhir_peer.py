"""A FHIR server of the tests' own: right answers, and a change at a time. Pages, `_lastUpdated` and ETags are as the test lays them out."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aurora.outbound.oauth import Registration
from aurora.sources.connectors import Answer, Asked, Mark, Unchanged
from aurora.sources.connectors.fhir import fetch
from consent.models import DataCategory, DataCategoryVersion
from tests.support.hostile_peer import Peer, answer

PATIENT, NATIONAL = "p-1", "S000123-Y"
ID_SYSTEM, REGION, TOWN, MARITAL = "urn:x:id", "urn:x:region", "urn:x:town", "urn:x:marital"
LOINC, UCUM, ICD10, SNOMED = "http://loinc.org", "http://unitsofmeasure.org", "http://hl7.org/fhir/sid/icd-10", "http://snomed.info/sct"
UPDATED = "2026-03-01T08:00:00.000Z"
SEARCHED = "2026-11-20T08:00:00.000Z"
CATEGORIES = {
    "health.patient": "Patient",
    "health.conditions": "Condition",
    "health.measurements": "Observation",
    "health.procedures": "Procedure",
}
VOCABULARY = Path(__file__).resolve().parents[3] / "consent" / "vocabulary" / "categories"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"


def settings(peer: Peer, **more: Any) -> dict[str, Any]:
    systems = {"identifier_system": ID_SYSTEM, "region_system": REGION, "municipality_system": TOWN, "marital_status_system": MARITAL}
    return {"fhir_base": f"{peer.url}/fhir", "categories": CATEGORIES, **systems, **more}


def patient(**changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "resourceType": "Patient",
        "id": PATIENT,
        "meta": {"versionId": "1", "lastUpdated": UPDATED},
        "identifier": [{"system": ID_SYSTEM, "value": NATIONAL}, {"system": "urn:x:chart", "value": "778"}],
        "gender": "female",
        "birthDate": "1994-05-06",
        "maritalStatus": {"coding": [{"system": f"{TERMINOLOGY}/v3-MaritalStatus", "code": "M"}]},
        "address": [{"use": "home", "state": "R32", "_state": coded(REGION, "R32"), "city": "Tampere", "_city": coded(TOWN, "837")}],
    }
    return without(whole | changes)


def coded(system: str, code: str) -> dict[str, Any]:
    return {"extension": [{"url": "urn:x:coded", "valueCoding": {"system": system, "code": code}}]}


def condition(identifier: str = "c1", icd10: str = "I10", *, since: Any = "2019-03-04", **changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        **_of("Condition", identifier),
        "clinicalStatus": status("condition-clinical", "active"),
        "verificationStatus": status("condition-ver-status", "confirmed"),
        "code": {"coding": [{"system": ICD10, "code": icd10, "display": f"Illness {icd10}"}]},
        "onsetDateTime": since,
        "recordedDate": "2019-03-05",
    }
    return without(whole | changes)


def observation(identifier: str = "o1", loinc: str = "29463-7", value: Any = 72.4, unit: str = "kg", **changes: Any) -> dict[str, Any]:
    quantity = {"value": value, "system": UCUM, "code": unit, "unit": unit}
    whole: dict[str, Any] = {
        **_of("Observation", identifier),
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": loinc}]},
        "effectiveDateTime": "2026-02-01T10:00:00Z",
        "valueQuantity": quantity,
    }
    return without(whole | changes)


def procedure(identifier: str = "d1", snomed: str = "80146002", **changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        **_of("Procedure", identifier),
        "status": "completed",
        "code": {"coding": [{"system": SNOMED, "code": snomed, "display": "Appendectomy"}]},
        "performedDateTime": "2012-09-14",
    }
    return without(whole | changes)


def status(name: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{TERMINOLOGY}/{name}", "code": code}]}


def _of(resource: str, identifier: str) -> dict[str, Any]:
    meta = {"versionId": "1", "lastUpdated": UPDATED}
    return {"resourceType": resource, "id": identifier, "meta": meta, "subject": {"reference": f"Patient/{PATIENT}"}}


def without(resource: dict[str, Any]) -> dict[str, Any]:
    """`...` takes an element away."""
    return {name: value for name, value in resource.items() if value is not ...}


def bundle(*resources: Any, following: Any = None, **changes: Any) -> dict[str, Any]:
    links = [{"relation": "self", "url": "http://whatever.example/"}]
    whole: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "meta": {"lastUpdated": SEARCHED},
        "link": links if following is None else [*links, {"relation": "next", "url": following}],
        "entry": [{"resource": one, "search": {"mode": "match"}} for one in resources],
    }
    return without(whole | changes)


class Server:
    """`holds`: what a whole search of a type brings; `news`: what one by `_lastUpdated` does. `asked`: the queries, by type."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.record: Any = patient()
        self.holds: dict[str, list[Any]] = {}
        self.news: dict[str, list[Any]] = {}
        self.searched_at = SEARCHED
        self.asked: dict[str, list[dict[str, str]]] = {}
        peer.answers[f"/fhir/Patient/{PATIENT}"] = self._read
        for resource in ("Condition", "Observation", "Procedure"):
            peer.answers[f"/fhir/{resource}"] = self._search

    def says(self, resource: str, *pages: Any) -> None:
        """These Bundles, page by page, whatever is asked."""
        self.peer.says(f"/fhir/{resource}", pages[0])
        for number, page in enumerate(pages[1:], 2):
            self.peer.says(f"/fhir/page{number}", page)

    def fetch(self, category: str, *, since: Mark = Mark(), still: Any = lambda: None, **more: Any) -> Answer | Unchanged:  # noqa: B008
        registration = Registration(self.peer.url, "aurora", {}, "http://localhost/callback")
        return fetch(
            Asked(
                registration, "a-token", version(category), since=since, settings=settings(self.peer, **more), still=still,
                context={"patient": PATIENT},
            )
        )  # fmt: skip

    def whole(self, category: str, *resources: Any, **more: Any) -> Answer:
        self.holds[CATEGORIES[category]] = list(resources)
        found = self.fetch(category, **more)
        assert isinstance(found, Answer)
        return found

    def _read(self, handler: BaseHTTPRequestHandler) -> None:
        etag = f'W/"{self.record["meta"]["versionId"]}"'
        if handler.headers.get("If-None-Match") == etag:
            answer(b"", 304, ETag=etag)(handler)
        else:
            answer(self.record, ETag=etag)(handler)

    def _search(self, handler: BaseHTTPRequestHandler) -> None:
        path, query = urlsplit(handler.path).path, parse_qs(urlsplit(handler.path).query)
        resource = path.rpartition("/")[2]
        self.asked.setdefault(resource, []).append({name: values[0] for name, values in query.items()})
        kept = self.news if "_lastUpdated" in query else self.holds
        answer(bundle(*kept.get(resource, []), meta={"lastUpdated": self.searched_at}))(handler)


def version(category: str) -> DataCategoryVersion:
    doc = json.loads((VOCABULARY / f"{category}.json").read_text("utf-8"))
    return DataCategoryVersion(category=DataCategory(code=category), version=doc["version"], schema=doc["schema"])
