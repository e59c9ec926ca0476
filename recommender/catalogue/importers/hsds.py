"""Open Referral's Human Services Data Specification, 3.0 and 3.1, in its JSON form: services, pages of services, organisations with services. Pure.

HSDS does not say in which language a text is (`language` does), and seldom in which municipality a service is given: a service area counts where its `extent` is a code of
`extent_type` municipality, its `uri` ends in a code, or its name is a municipality's. Codes of the Finnish classification in `attributes` are read as
such; other terms are keywords. Named persons (`contacts`) are not read: they are nothing that a catalogue needs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from recommender.catalogue.areas import MUNICIPALITIES, by_name
from recommender.catalogue.checks import on_cycles
from recommender.catalogue.importers import fields
from recommender.catalogue.importers.fields import Fault, entries, inner, string
from recommender.catalogue.importers.parsed import Parsed, gather
from recommender.catalogue.importers.ptv import AREAS
from recommender.catalogue.model import Contact, PublicService
from recommender.catalogue.text import LANGUAGES, Text
from recommender.errors import ImportRefused

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_CODE = re.compile(r"(KR|KE|P)[0-9]+(\.[0-9]+)*\Z")
_OFFERED = ("active", "temporarily closed")
_NOT_OFFERED = ("inactive", "defunct")
_LOCATIONS = {"physical": "office", "postal": "form", "virtual": "online"}
# ISO 639-2 and 639-3 for the languages that Finnish public services name most.
_SHORT = {"fin": "fi", "swe": "sv", "eng": "en", "sme": "se", "rus": "ru", "est": "et", "ara": "ar", "som": "so", "spa": "es", "fra": "fr", "fre": "fr", "deu": "de", "ger": "de", "fas": "fa", "per": "fa", "kur": "ku", "ukr": "uk"}  # fmt: skip
_AGES = {"fi": "Ikä: {}.", "sv": "Ålder: {}.", "en": "Age: {}."}


def parse(documents: Sequence[Any], *, language: str = "en", areas: Sequence[str] = ()) -> Parsed:
    """Services of all documents. `language`: of their texts; `areas`: municipalities of services whose area cannot be matched.

    Raises `ImportRefused` for a document that is none of HSDS's, for too many services, and for another language than fi, sv or en.
    """
    if language not in LANGUAGES:
        raise ImportRefused(f"The texts' language must be one of {', '.join(LANGUAGES)}.")
    raws = [raw for number, document in enumerate(documents, 1) for raw in _services(document, number)]
    circular = _circular(raws)

    def read(raw: Mapping[str, Any]) -> tuple[PublicService, int] | None:
        status = string(raw, "status")
        if status not in _OFFERED + _NOT_OFFERED:
            raise Fault(f"status must be one of {', '.join(_OFFERED + _NOT_OFFERED)}.")
        return _service(raw, language, tuple(areas), circular) if status in _OFFERED else None

    def who(raw: Mapping[str, Any]) -> str:
        return f"{str(raw.get('id'))[:60]} {str(raw.get('name') or '')[:80]}".strip()

    return gather(raws, who=who, source_id=lambda raw: str(raw.get("id"))[:100], read=read)


def _services(document: Any, number: int) -> Iterator[dict[str, Any]]:
    """A service, a list, a page (`contents`), an organisation with `services`, or those within each other."""
    found = document.get("contents", document) if isinstance(document, dict) else document
    for one in found if isinstance(found, list) else [found]:
        if not isinstance(one, dict):
            raise ImportRefused(f"Document {number} must be an object or a list of objects.")
        if isinstance(one.get("services"), list):
            organisation = {key: value for key, value in one.items() if key != "services"}
            for service in one["services"]:
                if not isinstance(service, dict):
                    raise ImportRefused(f"Document {number}: services must be a list of objects.")
                yield {"organization": organisation, **service}
        elif one.keys() >= {"id", "name", "status"}:
            yield one
        else:
            raise ImportRefused(f"Document {number} holds something that is no service of HSDS: id, name and status are required.")


def _service(raw: Mapping[str, Any], language: str, areas: tuple[str, ...], circular: frozenset[str]) -> tuple[PublicService, int]:
    def said(name: str, longest: int = fields.LONGEST_TEXT) -> Text | None:
        return fields.text({language: string(raw, name)}, longest)

    name, description = fields.name_of({language: string(raw, "name")}), said("description", fields.LONGEST_SUMMARY)
    if description is None:
        raise Fault("The service has no description.")
    codes, labels, words = _attributes(raw, language, circular)
    contacts, dropped = _contacts(raw, name, language)
    organisation = inner(raw, "organization")
    provider = fields.name_of({language: string(organisation, "name")}, "The organisation")
    begins, ends = _validity(raw)
    details = {
        language: "\n\n".join(
            part
            for key in ("description", "alert", "fees_description", "wait_time", "interpretation_services")
            if (part := string(raw, key))
        )
    }
    return fields.finished(
        PublicService(
            identifier=f"hsds-{_slug(string(raw, 'id'))}",
            name=name,
            description=description,
            how_to_apply=said("application_process") or fields.ASK_THE_PROVIDER,
            provider_code=f"hsds-{_slug(string(organisation, 'id'))}",
            provider=provider,
            thematic_area=next((AREAS[top] for one in codes["P"] if (top := one.partition(".")[0]) in AREAS), "other"),
            life_events=codes["KE"],
            channels=tuple(dict.fromkeys(one.kind for one in contacts)),
            rule=None,
            unseen_grounds=False,
            programme=None,
            base=fields.BASE,
            signals=(),
            reach=1.0,
            areas=_areas(raw, areas),
            languages=tuple(dict.fromkeys(_languages(raw))) or (language,),
            target_groups=codes["KR"],
            service_classes=codes["P"],
            keywords=fields.keywords([(language, string(raw, "alternate_name")), *((language, word) for word in words)]),
            valid_from=begins,
            valid_until=ends,
            requirements=_requirements(raw, language),
            details=fields.text(details),
            labels=labels,
            contacts=contacts,
            free=_free(raw),
            origin="hsds",
            source_id=string(raw, "id")[:100],
        )
    ), dropped


def _slug(identifier: str) -> str:
    """The identifier in small letters; one that is no UUID and no slug goes by its hash, so that two never meet in one."""
    if not identifier:
        raise Fault("id is missing, of the service or of its organisation.")
    lower = identifier.lower()
    return (
        lower if lower == identifier and len(lower) <= 60 and _SLUG.match(lower) else hashlib.sha256(identifier.encode()).hexdigest()[:32]
    )


def _attributes(
    raw: Mapping[str, Any], language: str, circular: frozenset[str]
) -> tuple[dict[str, tuple[str, ...]], dict[str, Text], list[str]]:
    codes: dict[str, dict[str, None]] = {"P": {}, "KR": {}, "KE": {}}
    labels, words = {}, []
    for attribute in entries(raw, "attributes"):
        term = inner(attribute, "taxonomy_term")
        if string(term, "id") in circular:
            raise Fault("A taxonomy term is part of itself.")
        code, name = string(term, "code"), string(term, "name")
        if found := _CODE.match(code):
            codes[found[1]][code] = None
            labels[code] = fields.name_of({language: name}, "A taxonomy term")
        elif name:
            words.append(name)
    return {key: tuple(found) for key, found in codes.items()}, labels, words


def _circular(raws: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Taxonomy terms that are their own parents, over all documents."""
    parents: dict[str, set[str]] = {}
    for raw in raws:
        found = raw.get("attributes")
        for attribute in found if isinstance(found, list) else ():
            term = attribute.get("taxonomy_term") if isinstance(attribute, dict) else None
            if isinstance(term, dict) and isinstance(term.get("id"), str) and isinstance(term.get("parent_id"), str):
                parents.setdefault(term["id"], set()).add(term["parent_id"])
    return on_cycles(parents)


def _areas(raw: Mapping[str, Any], otherwise: tuple[str, ...]) -> tuple[str, ...]:
    found = []
    for area in entries(raw, "service_areas"):
        extent, uri = string(area, "extent"), string(area, "uri").rstrip("/").rpartition("/")[2]
        if string(area, "extent_type").lower() == "municipality":
            found.append(extent)
        elif re.fullmatch("[0-9]{3}", uri) and uri in MUNICIPALITIES:
            found.append(uri)
        elif code := by_name(string(area, "name")):
            found.append(code)
        elif otherwise:
            found.extend(otherwise)
        else:
            raise Fault("A service area names no municipality that is known. Say with --areas where such services are given.")
    return tuple(dict.fromkeys(found)) or otherwise


def _languages(raw: Mapping[str, Any]) -> Iterator[str]:
    for one in entries(raw, "languages"):
        code = string(one, "code").lower().partition("-")[0]
        if code:
            yield _SHORT.get(code, code)


def _validity(raw: Mapping[str, Any]) -> tuple[date | None, date | None]:
    """From the first day to the last of its schedules; without an end where one of them has none."""
    begins, ends = [], []
    for one in entries(raw, "schedules"):
        first, last = fields.day(string(one, "valid_from"), "valid_from"), fields.day(string(one, "valid_to"), "valid_to")
        if first and last and last < first:
            raise Fault(f"A schedule ends ({last}) before it begins ({first}).")
        begins.append(first)
        ends.append(last)
    first_days, last_days = [one for one in begins if one], [one for one in ends if one]
    opens = min(first_days) if first_days and len(first_days) == len(begins) else None
    return opens, max(last_days) if last_days and len(last_days) == len(ends) else None


def _requirements(raw: Mapping[str, Any], language: str) -> Text | None:
    words = string(raw, "eligibility_description")
    lowest, highest = _age(raw, "minimum_age"), _age(raw, "maximum_age")
    if lowest and highest and int(highest) < int(lowest):
        raise Fault("The highest age is below the lowest.")
    ages = f"{lowest}–{highest}" if lowest or highest else ""
    return fields.text({language: " ".join(part for part in (words, _AGES[language].format(ages) if ages else "") if part)})


def _age(raw: Mapping[str, Any], name: str) -> str:
    found = raw.get(name)
    if found is None:
        return ""
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= 150:
        raise Fault(f"{name} must be a number of years.")
    return str(int(found))


def _free(raw: Mapping[str, Any]) -> bool | None:
    amounts = [one.get("amount") for one in entries(raw, "cost_options")]
    if not amounts or not all(isinstance(one, int | float) and not isinstance(one, bool) for one in amounts):
        return None
    return all(one == 0 for one in amounts)


def _contacts(raw: Mapping[str, Any], name: Text, language: str) -> tuple[tuple[Contact, ...], int]:
    found: dict[Contact, None] = {}
    pages = [string(raw, "url")]
    email = string(raw, "email")
    if fields.link(pages[0]) or fields.is_email(email):
        found[Contact("online", name, web=fields.link(pages[0]), email=email if fields.is_email(email) else "")] = None
    for phone in entries(raw, "phones"):
        if number := _number(phone):
            found[Contact("phone", fields.text({language: string(phone, "description")}, fields.LONGEST_NAME) or name, phone=number)] = None
    for place in entries(raw, "service_at_locations"):
        location = inner(place, "location")
        kind = _LOCATIONS.get(string(location, "location_type"))
        if kind is None:
            continue
        pages.append(string(location, "url"))
        numbers = [number for phone in (*entries(place, "phones"), *entries(location, "phones")) if (number := _number(phone))]
        called = fields.text({language: string(location, "name")}, fields.LONGEST_NAME) or name
        found[Contact(kind, called, web=fields.link(pages[-1]), phone=next(iter(numbers), ""), address=_address(location, language))] = None
    return tuple(found), sum(bool(page) and not fields.link(page) for page in pages)


def _number(phone: Mapping[str, Any]) -> str:
    number = string(phone, "number").strip('"')
    return number if re.fullmatch(r"[+0-9 ()./-]{3,30}", number) else ""


def _address(location: Mapping[str, Any], language: str) -> Text | None:
    for one in entries(location, "addresses"):
        town = " ".join(part for part in (string(one, "postal_code"), string(one, "city")) if part)
        lines = [string(one, "address_1"), string(one, "address_2"), town]
        if found := fields.text({language: ", ".join(line for line in lines if line)}, fields.LONGEST_NAME):
            return found
    return None
