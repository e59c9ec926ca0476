"""The Finnish service catalogue's Open API, version 11 (PTV, Palvelutietovaranto): services, and the service channels that they name. Pure.

Taken as the API answers: a service, a service channel, a list of them, or an object of them by id. Of a service is read: names, descriptions, area (areaType
and areas), languages, classes, target groups, life events, keywords, requirements, charge, responsible organisation, channels. A channel's document says how to reach it; a channel that is only named is
left out. General descriptions (generalDescriptionId) are not merged in: the API gives them apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from recommender.catalogue.areas import MAINLAND
from recommender.catalogue.checks import on_cycles
from recommender.catalogue.importers import fields
from recommender.catalogue.importers.fields import Fault, entries, inner, string
from recommender.catalogue.importers.parsed import Parsed, gather
from recommender.catalogue.model import Contact, PublicService
from recommender.catalogue.text import Text
from recommender.errors import ImportRefused

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
_KINDS = {"EChannel": "online", "WebPage": "online", "Phone": "phone", "ServiceLocation": "office", "PrintableForm": "form"}
# Our thematic areas for the classification's main classes; what is not here is "other".
AREAS = {
    "P1": "housing", "P3": "families", "P4": "social-protection", "P5": "health", "P6": "education", "P10": "employment", "P11": "business",
    "P12": "business", "P13": "social-protection", "P14": "finance", "P15": "finance", "P16": "transport", "P21": "finance", "P22": "integration",
    "P25": "culture", "P28": "families",
}  # fmt: skip
_DETAILS = ("Description", "ChargeTypeAdditionalInfo", "ProcessingTime", "DeadLine", "ValidityTime")
_FREE = {"FreeOfCharge": True, "Chargeable": False, "Other": None, "": None}


def parse(documents: Sequence[Any]) -> Parsed:
    """Services of all documents together. Raises `ImportRefused` for a document that is none of the API's, and for too many services."""
    services, channels = _sorted_out(documents)
    circular = _circular_classes(services)

    def read(raw: Mapping[str, Any]) -> tuple[PublicService, int] | None:
        offered = string(raw, "publishingStatus") in ("Published", "")
        return _service(raw, channels, circular) if offered else None

    return gather(services, who=_who, source_id=lambda raw: str(raw.get("id"))[:100].lower(), read=read)


def _sorted_out(documents: Sequence[Any]) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    services: list[dict[str, Any]] = []
    channels: dict[str, dict[str, Any]] = {}
    for number, document in enumerate(documents, 1):
        for raw in _objects(document, number):
            if "serviceNames" in raw:
                services.append(raw)
            elif "serviceChannelNames" in raw:
                channels[str(raw.get("id")).lower()] = raw
            elif raw.keys() >= {"id", "name"} and len(raw) <= 4:
                raise ImportRefused(
                    f"Document {number} is a page of identifiers and names. Fetch the services themselves (Service/list?guids=...)."
                )
            else:
                raise ImportRefused(f"Document {number} holds something that is neither a service nor a service channel of PTV.")
    return services, channels


def _objects(document: Any, number: int) -> Iterator[dict[str, Any]]:
    found = document
    if isinstance(found, dict) and isinstance(found.get("itemList"), list):
        found = found["itemList"]
    elif isinstance(found, dict) and found and all(_ID.match(key) for key in found):
        found = list(found.values())
    for one in found if isinstance(found, list) else [found]:
        if not isinstance(one, dict):
            raise ImportRefused(f"Document {number} must be an object or a list of objects.")
        yield one


def _who(raw: Mapping[str, Any]) -> str:
    identifier, names = raw.get("id"), raw.get("serviceNames")
    name = next((one.get("value") for one in names if isinstance(one, dict)), "") if isinstance(names, list) else ""
    return f"{str(identifier)[:60]} {str(name or '')[:80]}".strip()


def _service(raw: Mapping[str, Any], channels: Mapping[str, dict[str, Any]], circular: frozenset[str]) -> tuple[PublicService, int]:
    identifier = string(raw, "id").lower()
    if not _ID.match(identifier):
        raise Fault("id is no UUID.")
    classes, class_labels = _terms(raw, "serviceClasses", circular)
    groups, group_labels = _terms(raw, "targetGroups", circular)
    events, event_labels = _terms(raw, "lifeEvents", circular)
    summary, details = _descriptions(raw)
    contacts, dropped = _contacts(raw, channels)
    code, provider = _provider(raw)
    charge = string(raw, "serviceChargeType")
    return fields.finished(
        PublicService(
            identifier=f"ptv-{identifier}",
            name=fields.name_of(_written(raw, "serviceNames", "Name")),
            description=summary,
            how_to_apply=fields.text(_written(raw, "serviceDescriptions", "UserInstruction")) or fields.ASK_THE_PROVIDER,
            provider_code=code,
            provider=provider,
            thematic_area=next((AREAS[top] for one in classes if (top := one.partition(".")[0]) in AREAS), "other"),
            life_events=events,
            channels=tuple(dict.fromkeys(one.kind for one in contacts)),
            rule=None,
            unseen_grounds=False,
            programme=None,
            base=fields.BASE,
            signals=(),
            reach=1.0,
            areas=_areas(raw),
            languages=tuple(dict.fromkeys(_languages(raw))),
            target_groups=groups,
            service_classes=classes,
            keywords=fields.keywords(_keywords(raw)),
            requirements=fields.text({string(one, "language"): string(one, "value") for one in entries(raw, "requirements")}),
            details=details,
            labels={**class_labels, **group_labels, **event_labels},
            contacts=contacts,
            free=_FREE.get(charge),
            origin="ptv",
            source_id=identifier,
        )
    ), dropped


def _written(raw: Mapping[str, Any], name: str, kind: str) -> dict[str, str]:
    return {
        string(one, "language"): string(one, "value") for one in entries(raw, name) if string(one, "type") == kind and string(one, "value")
    }


def _descriptions(raw: Mapping[str, Any]) -> tuple[Text, Text | None]:
    parts = [_written(raw, "serviceDescriptions", kind) for kind in _DETAILS]
    summary = _written(raw, "serviceDescriptions", "Summary")
    # A summary is asked of every publisher; where one has none, the beginning of the description stands in.
    short = fields.text({**parts[0], **summary}, fields.LONGEST_SUMMARY)
    if short is None:
        raise Fault("The service has no description in Finnish, Swedish or English.")
    languages = dict.fromkeys(language for part in parts for language in part)
    return short, fields.text({one: "\n\n".join(part[one] for part in parts if one in part) for one in languages})


def _terms(raw: Mapping[str, Any], name: str, circular: frozenset[str]) -> tuple[tuple[str, ...], dict[str, Text]]:
    """Codes, and their names by code."""
    labels: dict[str, Text] = {}
    for one in entries(raw, name):
        if _uri(one) in circular:
            raise Fault(f"{name}: {_uri(one)[-40:]} is part of itself.")
        code = string(one, "code") or string(one, "newUri").rpartition("/code/")[2]
        if code:
            labels[code] = fields.name_of({string(n, "language"): string(n, "value") for n in entries(one, "name")}, f"{name}: {code[:20]}")
    return tuple(labels), labels


def _uri(term: Mapping[str, Any]) -> str:
    return string(term, "uri")


def _circular_classes(services: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    parents: dict[str, set[str]] = {}
    for raw in services:
        for name in ("serviceClasses", "targetGroups", "lifeEvents"):
            found = raw.get(name)
            for one in found if isinstance(found, list) else ():
                if isinstance(one, dict) and isinstance(one.get("uri"), str) and isinstance(one.get("parentUri"), str):
                    parents.setdefault(one["uri"], set()).add(one["parentUri"])
    return on_cycles(parents)


def _areas(raw: Mapping[str, Any]) -> tuple[str, ...]:
    kind = string(raw, "areaType")
    if kind == "Nationwide":
        return ()
    if kind == "NationwideExceptAlandIslands":
        return MAINLAND
    codes = tuple(dict.fromkeys(string(one, "code") for area in entries(raw, "areas") for one in entries(area, "municipalities")))
    if kind not in ("LimitedType", "") or (kind and not codes):
        raise Fault(f"Where it is given is not said: areaType {kind[:40]!r}, and no municipality.")
    return codes


def _languages(raw: Mapping[str, Any]) -> list[str]:
    found = raw.get("languages")
    if found is not None and (not isinstance(found, list) or not all(isinstance(one, str) for one in found)):
        raise Fault("languages must be a list of codes.")
    return [one.lower() for one in found or ()]


def _keywords(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _written(raw, "serviceNames", "AlternativeName").items()
    yield from ((string(one, "language"), string(one, "value")) for one in entries(raw, "keywords"))
    for term in entries(raw, "ontologyTerms"):
        yield from ((string(one, "language"), string(one, "value")) for one in entries(term, "name"))


def _provider(raw: Mapping[str, Any]) -> tuple[str, Text]:
    found = sorted(entries(raw, "organizations"), key=lambda one: string(one, "roleType") != "Responsible")
    for one in found:
        organisation = inner(one, "organization")
        identifier, name = string(organisation, "id").lower(), string(organisation, "name")
        if _ID.match(identifier) and name:
            # The API gives an organisation's name in one language and does not say which: it is the Finnish one where there is one.
            return f"ptv-{identifier}", fields.name_of({"fi": name}, "The organisation")
    raise Fault("No organisation is responsible for it.")


def _contacts(raw: Mapping[str, Any], channels: Mapping[str, dict[str, Any]]) -> tuple[tuple[Contact, ...], int]:
    """Those of its channels whose documents are there and published, and how many of their links were left out."""
    contacts: dict[Contact, None] = {}
    dropped = 0
    for one in entries(raw, "serviceChannels"):
        channel = channels.get(string(inner(one, "serviceChannel"), "id").lower())
        if channel is None or string(channel, "publishingStatus") not in ("Published", ""):
            continue
        kind = _KINDS.get(string(channel, "serviceChannelType"))
        if kind is None:
            raise Fault(f"A channel is of a kind that is not known: {string(channel, 'serviceChannelType')[:40]!r}.")
        web, lost = _web(channel)
        dropped += lost
        contacts[
            Contact(
                kind=kind,
                name=fields.name_of(_written(channel, "serviceChannelNames", "Name"), "A channel"),
                web=web,
                phone=_phone(channel),
                email=_email(channel),
                address=_address(channel),
            )
        ] = None
    return tuple(contacts), dropped


def _web(channel: Mapping[str, Any]) -> tuple[str, int]:
    pages = [string(one, "url") for one in (*entries(channel, "webPages"), *entries(channel, "channelUrls"))]
    found = [fields.link(page) for page in pages if page]
    return next((page for page in found if page), ""), sum(not page for page in found)


def _phone(channel: Mapping[str, Any]) -> str:
    for one in entries(channel, "phoneNumbers"):
        number = f"{string(one, 'prefixNumber')} {string(one, 'number')}".strip()
        if string(one, "type") in ("Phone", "") and re.fullmatch(r"[+0-9 ()-]{3,30}", number):
            return number
    return ""


def _email(channel: Mapping[str, Any]) -> str:
    found = (string(one, "value") for one in entries(channel, "emails"))
    return next((one for one in found if fields.is_email(one)), "")


def _address(channel: Mapping[str, Any]) -> Text | None:
    for one in entries(channel, "addresses"):
        street = inner(one, "streetAddress")
        lines: dict[str, str] = {}
        names = {string(n, "language"): string(n, "value") for n in entries(street, "street")}
        offices = {string(n, "language"): string(n, "value") for n in entries(street, "postOffice")}
        for language, name in names.items():
            town = f"{string(street, 'postalCode')} {offices.get(language) or offices.get('fi', '')}".strip()
            lines[language] = ", ".join(part for part in (f"{name} {string(street, 'streetNumber')}".strip(), town) if part)
        if string(one, "type") in ("Location", "Visiting", "Delivery") and (found := fields.text(lines, fields.LONGEST_NAME)):
            return found
    return None
