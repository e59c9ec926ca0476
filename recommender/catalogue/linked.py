"""A service as CPSV-AP 3 (Core Public Service Vocabulary Application Profile) in JSON-LD 1.1. Pure.

Terms as SEMIC publishes them: `cpsv:PublicService`, `cv:hasCompetentAuthority`, `cv:isGroupedBy` (life events), `cv:hasChannel` and its `cv:hasContactPoint`,
`cv:thematicArea`, `cv:holdsRequirement`, `cv:hasCost`, and Dublin Core for the rest. Groups and classes have no term of their own there: `dct:subject`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from recommender.catalogue.areas import MUNICIPALITIES
from recommender.catalogue.load import Catalogue
from recommender.catalogue.model import Contact, PublicService
from recommender.catalogue.text import Text

MEDIA_TYPE = "application/ld+json"
PAGE = 100
CONTEXT = {
    "cpsv": "http://purl.org/vocab/cpsv#",
    "cv": "http://data.europa.eu/m8g/",
    "dct": "http://purl.org/dc/terms/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "hydra": "http://www.w3.org/ns/hydra/core#",
}
# The Publications Office's authority table of languages.
_LANGUAGES = {
    "fi": "FIN", "sv": "SWE", "en": "ENG", "se": "SME", "ru": "RUS", "et": "EST", "ar": "ARA", "so": "SOM", "es": "SPA", "fr": "FRA", "de": "DEU",
    "fa": "FAS", "ku": "KUR", "uk": "UKR",
}  # fmt: skip
_AUTHORITY = "http://publications.europa.eu/resource/authority/language/"
Address = Callable[[str], str]


def service(one: PublicService, *, address: Address) -> str:
    """JSON-LD of one service. `address` gives the address of a service's data by its identifier."""
    return _written({"@context": CONTEXT, **_service(one, address)})


def page(catalogue: Catalogue, *, number: int, address: Address) -> str:
    """JSON-LD of up to `PAGE` services in the order of their identifiers, with the address of the next page."""
    identifiers = sorted(catalogue)
    here = identifiers[(number - 1) * PAGE : number * PAGE]
    found: dict[str, Any] = {
        "@context": CONTEXT,
        "@id": f"{address('')}?page={number}",
        "@type": "hydra:PartialCollectionView",
        "dcat:version": catalogue.version,
        "hydra:totalItems": len(identifiers),
        "hydra:member": [_service(catalogue[one], address) for one in here],
    }
    if number * PAGE < len(identifiers):
        found["hydra:next"] = {"@id": f"{address('')}?page={number + 1}"}
    return _written(found)


def _written(found: dict[str, Any]) -> str:
    return json.dumps(found, ensure_ascii=False, indent=1)


def _service(one: PublicService, address: Address) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@id": address(one.identifier),
        "@type": "cpsv:PublicService",
        "dct:identifier": one.identifier,
        "dct:title": _texts(one.name),
        "dct:description": _texts(one.description),
        "cv:hasCompetentAuthority": {
            "@type": "cv:PublicOrganisation",
            "dct:identifier": one.provider_code,
            "skos:prefLabel": _texts(one.provider),
        },
        "cv:thematicArea": _concept(one, one.thematic_area),
        "dct:language": [{"@id": f"{_AUTHORITY}{_LANGUAGES[code]}"} if code in _LANGUAGES else code for code in one.languages],
        "cv:hasChannel": [_channel(contact) for contact in one.contacts]
        or [{"@type": "cv:Channel", "dct:type": kind} for kind in one.channels],
        "dcat:version": one.version,
    }
    optional: dict[str, Any] = {
        "dcat:keyword": [{"@language": language, "@value": word} for language, words in one.keywords.items() for word in words],
        "cv:isGroupedBy": [{**_concept(one, code), "@type": "cv:LifeEvent"} for code in one.life_events],
        "dct:subject": [_concept(one, code) for code in (*one.target_groups, *one.service_classes)],
        "dct:spatial": [_place(code) for code in one.areas],
        "dct:requires": [{"@id": address(other)} for other in one.requires],
        "dct:relation": [{"@id": address(other)} for other in one.related],
        "cv:holdsRequirement": {"@type": "cv:Requirement", "dct:description": _texts(one.requirements)} if one.requirements else None,
        "cv:hasCost": {"@type": "cv:Cost", "cv:value": 0} if one.free else None,
        "dct:temporal": _period(one),
        "dct:source": one.source_id or None,
    }
    return {**found, **{term: value for term, value in optional.items() if value}}


def _texts(text: Text) -> list[dict[str, str]]:
    """Only what is really written in a language."""
    return [{"@language": language, "@value": words} for language, words in text.own.items()]


def _concept(one: PublicService, code: str) -> dict[str, Any]:
    label = {"skos:prefLabel": _texts(one.labels[code])} if code in one.labels else {}
    return {"@type": "skos:Concept", "skos:notation": code, **label}


def _place(code: str) -> dict[str, Any]:
    label = {"skos:prefLabel": _texts(MUNICIPALITIES[code])} if code in MUNICIPALITIES else {}
    return {"@type": "dct:Location", "dct:identifier": code, **label}


def _channel(contact: Contact) -> dict[str, Any]:
    reached = {
        "cv:contactPage": {"@id": contact.web} if contact.web else None,
        "cv:telephone": contact.phone,
        "cv:email": contact.email,
        "dct:description": _texts(contact.address) if contact.address else None,
    }
    point = {term: value for term, value in reached.items() if value}
    return {
        "@type": "cv:Channel",
        "dct:type": contact.kind,
        "dct:title": _texts(contact.name),
        **({"cv:hasContactPoint": {"@type": "cv:ContactPoint", **point}} if point else {}),
    }


def _period(one: PublicService) -> dict[str, Any] | None:
    days: Iterable[tuple[str, Any]] = (("dcat:startDate", one.valid_from), ("dcat:endDate", one.valid_until))
    found = {term: {"@type": "xsd:date", "@value": day.isoformat()} for term, day in days if day}
    return {"@type": "dct:PeriodOfTime", **found} if found else None
