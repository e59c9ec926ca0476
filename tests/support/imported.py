"""Documents as other catalogues send them: written after the formats' descriptions, with the fields that the importers read and some that they do not."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "ptv"
SERVICE, CHANNEL, ORGANISATION = (f"{n}0000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))


def words(**by_language: str) -> list[dict[str, str]]:
    return [{"language": language, "value": value} for language, value in by_language.items()]


def typed(kind: str, **by_language: str) -> list[dict[str, str]]:
    return [{**one, "type": kind} for one in words(**by_language)]


_PTV: dict[str, Any] = {
    "id": SERVICE,
    "sourceId": None,
    "type": "Service",
    "serviceNames": [*typed("Name", fi="Uimahalli", sv="Simhall"), *typed("AlternativeName", fi="Maauimala")],
    "serviceChargeType": "Chargeable",
    "areaType": "LimitedType",
    "areas": [{"type": "Municipality", "code": None, "municipalities": [{"code": "491", "name": words(fi="Mikkeli", sv="S:t Michel")}]}],
    "serviceDescriptions": [
        *typed("Summary", fi="Uimahallissa voi uida ympäri vuoden.", sv="I simhallen kan man simma året om."),
        *typed("Description", fi="Hallissa on kaksi allasta.\n\nVesi on 27-asteista."),
        *typed("UserInstruction", fi="Osta lippu kassalta."),
        {"language": "fi", "value": None, "type": "DeadLine"},
    ],
    "languages": ["fi", "sv"],
    "serviceClasses": [
        {"name": words(fi="Terveys", sv="Hälsa", en="Health"), "code": "P5.9", "uri": "urn:class:59", "parentUri": "urn:class:5"},
    ],
    "targetGroups": [
        {"name": words(fi="Ikäihmiset", sv="De äldre", en="Seniors"), "code": "KR1.1", "uri": "urn:group:11", "parentUri": "urn:group:1"}
    ],
    "lifeEvents": [{"name": words(fi="Eläkkeelle siirtyminen"), "code": "KE7", "uri": "urn:event:7", "parentUri": None}],
    "keywords": words(fi="uinti", sv="simning", ru="плавание"),
    "ontologyTerms": [{"name": words(fi="vesiliikunta", en="aquatics"), "uri": "urn:term:1"}],
    "requirements": words(fi="Alle 8-vuotias tarvitsee aikuisen mukaan."),
    "serviceChannels": [{"serviceChannel": {"id": CHANNEL, "name": "Uimahalli"}, "description": []}],
    "organizations": [{"organization": {"id": ORGANISATION, "name": "Mikkelin kaupunki"}, "roleType": "Responsible"}],
    "publishingStatus": "Published",
}
_CHANNEL: dict[str, Any] = {
    "id": CHANNEL,
    "serviceChannelType": "ServiceLocation",
    "serviceChannelNames": typed("Name", fi="Mikkelin uimahalli"),
    "webPages": [{"url": "https://uimahalli.example/", "value": "Sivut", "language": "fi"}],
    "phoneNumbers": [{"type": "Phone", "prefixNumber": "+358", "number": "151234567", "language": "fi"}],
    "emails": [{"value": "uinti@mikkeli.example", "language": "fi"}],
    "addresses": [
        {
            "type": "Location",
            "streetAddress": {
                "street": words(fi="Raviradantie"),
                "streetNumber": "24",
                "postalCode": "50100",
                "postOffice": words(fi="MIKKELI"),
            },
        }
    ],
    "publishingStatus": "Published",
}
_HSDS: dict[str, Any] = {
    "id": "5c0f3a52-19d6-4a1f-9a35-0a8d3ff2bb01",
    "name": "Debt advice",
    "alternate_name": "Money clinic",
    "description": "Advice on debts, in confidence.",
    "url": "https://advice.example/debt",
    "email": "debt@advice.example",
    "status": "active",
    "application_process": "Book a time by phone.",
    "eligibility_description": "For everyone with debts.",
    "minimum_age": 18,
    "fees_description": "There is no fee.",
    "phones": [{"id": "p1", "number": '"+358 9 1234567"', "type": "voice", "description": "Bookings"}],
    "schedules": [{"id": "s1", "valid_from": "2026-01-01", "valid_to": "2027-06-30", "freq": "WEEKLY"}],
    "service_areas": [{"id": "a1", "name": "Espoo"}],
    "languages": [{"id": "l1", "name": "English", "code": "eng"}, {"id": "l2", "name": "Somali", "code": "so"}],
    "cost_options": [{"id": "c1", "amount": 0, "currency": "eur"}],
    "organization": {"id": "0c4d7a10-52ff-4a53-8f2a-bb0f6a3c7e02", "name": "Advice Centre", "description": "A centre."},
    "service_at_locations": [
        {
            "id": "w1",
            "phones": [{"id": "p2", "number": "+358 9 7654321"}],
            "location": {
                "id": "x1",
                "location_type": "physical",
                "name": "Advice Centre, Tapiola",
                "addresses": [
                    {
                        "id": "d1",
                        "address_1": "Kulttuuriaukio 2",
                        "city": "Espoo",
                        "postal_code": "02100",
                        "country": "FI",
                        "address_type": "physical",
                    }
                ],
            },
        }
    ],
    "attributes": [
        {
            "id": "t1",
            "taxonomy_term": {
                "id": "T15",
                "code": "P15.2",
                "name": "Debt counselling",
                "description": "",
                "parent_id": "T1",
                "taxonomy": "ptv",
            },
        },
        {"id": "t2", "taxonomy_term": {"id": "T9", "name": "Budgeting", "description": ""}},
    ],
    "contacts": [{"id": "k1", "name": "Ann Persona", "email": "ann.persona@advice.example"}],
}


def ptv_service(**changed: Any) -> dict[str, Any]:
    return {**deepcopy(_PTV), **changed}


def ptv_channel(**changed: Any) -> dict[str, Any]:
    return {**deepcopy(_CHANNEL), **changed}


def hsds_service(**changed: Any) -> dict[str, Any]:
    return {**deepcopy(_HSDS), **changed}


def written(folder: Path, *documents: Any) -> list[str]:
    """The documents as files."""
    paths = []
    for number, document in enumerate(documents):
        path = folder / f"document-{number}.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
        paths.append(str(path))
    return paths
