"""A consent record in the words of ISO/IEC TS 27560:2023, as JSON-LD with terms of the W3C Data Privacy Vocabulary (DPV 2).

It follows the DPV community group's guide for the standard (profile `record-eu-gdpr`); what DPV has no word for is under `aurora:`. The
context is written into each document, so that nobody needs to fetch one. Texts are in the language in which they were shown.
`schemas/profile.json` is the shape, as JSON Schema 2020-12.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from consent.models import Agency, AgencyVersion, ConsentEvent, ConsentEventKind, ConsentRecord, DataCategoryVersion, Purpose
from consent.rules import AURORA, CITIZEN

SCHEMAS = Path(__file__).parent / "schemas"
PROFILE = "urn:aurora:27560:profile:1"
RECORD_PROFILE = "dpv-27560:record-eu-gdpr"
DPV_VERSION = "2.3"
DPV = "https://w3id.org/dpv#"
OPERATOR = "operator"

_PROCESSING = {
    Purpose.Kind.CONNECT: ["dpv:Collect", "dpv:Store", "dpv:Use"],
    Purpose.Kind.ACCESS: ["dpv:Transmit", "dpv:Collect", "dpv:Use"],
    Purpose.Kind.TWIN: ["dpv:Copy", "dpv:Store", "dpv:Use"],
}
# GDPR art. 7(3), 15-18, 20, 77: what a citizen may do about what is processed on a consent.
_RIGHTS = ("A7-3", "A15", "A16", "A17", "A18", "A20", "A77")
_STATES = {
    ConsentEventKind.GIVEN: ["dpv:ConsentGiven", "dpv:ExplicitlyExpressedConsent"],
    ConsentEventKind.DECLINED: ["dpv:ConsentRefused"],
    # DPV has no word for a consent that stands for the rest, nor for one that a newer one took the place of.
    ConsentEventKind.NARROWED: ["aurora:ConsentNarrowed", "dpv:ConsentStatusValidForProcessing"],
    ConsentEventKind.REPLACED: ["aurora:ConsentReplaced", "dpv:ConsentStatusInvalidForProcessing"],
    ConsentEventKind.WITHDRAWN: ["dpv:ConsentWithdrawn"],
    ConsentEventKind.EXPIRED: ["dpv:ConsentExpired"],
}


@dataclass(frozen=True)
class Setting:
    """What is the same for all records of a service. `jurisdiction`: a code of DPV's locations (ISO 3166-1 alpha-2, or `EU`)."""

    base_url: str
    jurisdiction: str


@dataclass(frozen=True, repr=False)
class Acting:
    """Somebody acted for the citizen: both by name, and the kind of right (`power_of_attorney`, ...)."""

    actor: str
    citizen: str
    kind: str


def as_27560(
    record: ConsentRecord,
    *,
    principal: str,
    events: Iterable[ConsentEvent],
    setting: Setting,
    acting: Mapping[int, Acting] | None = None,
) -> dict[str, Any]:
    """The record as a document of plain JSON, with every event of `events` (its history, oldest first).

    `principal` is the pairwise name of the citizen at the recipient: the document names nobody else, but for `acting`, by event id.
    In the citizen's scope; a handful of queries.
    """
    return {"@context": context(), **body(record, principal=principal, events=events, setting=setting, acting=acting)}


def body(
    record: ConsentRecord,
    *,
    principal: str,
    events: Iterable[ConsentEvent],
    setting: Setting,
    acting: Mapping[int, Acting] | None = None,
) -> dict[str, Any]:
    """`as_27560` without a context of its own, to stand inside a receipt."""
    language, shown = record.notice.language, record.notice.content
    history = list(events)
    categories = _categories(record)
    parties = _parties(record, history, language)
    identity = AgencyVersion.objects.filter(agency_id=record.recipient_id, version=record.recipient_version).first()
    subject = {"@id": f"urn:aurora:subject:{principal}", "@type": "dpv:DataSubject", "dct:identifier": principal}
    special = any(c["@type"] == "dpv:SpecialCategoryPersonalData" for c in categories)
    page = f"{setting.base_url}/{language}/consents/{record.pk}/"
    controller = _controller(parties[record.recipient.code], identity, language, page)
    return {
        "@id": f"urn:uuid:{record.pk}",
        "@type": "dpv:ConsentRecord",
        "dct:identifier": str(record.pk),
        "dct:conformsTo": [RECORD_PROFILE, PROFILE],
        "aurora:dpvVersion": DPV_VERSION,
        "dct:created": moment(record.decided_at),
        "dct:language": language,
        "dpv:hasDataSubject": subject,
        "dpv:hasDataController": controller,
        "dpv:hasJurisdiction": f"loc:{setting.jurisdiction}",
        "dpv:hasApplicableLaw": "legal-eu:law-GDPR",
        "dpv:hasLegalBasis": ["eu-gdpr:A6-1-a-explicit-consent", *(["eu-gdpr:A9-2-a"] if special else [])],
        "dpv:hasProcess": _process(record, categories, identity, setting),
        "dpv:hasConsentControl": {"@type": "dpv:WithdrawConsent", "dpv:isExercisedAt": f"{page}withdraw/"},
        "dpv:hasRight": [{"@type": ["dpv:DataSubjectRight", f"eu-gdpr:{right}"], "dpv:isExercisedAt": page} for right in _RIGHTS],
        "dpv:hasNotice": {
            "@type": "dpv:ConsentNotice",
            "dct:identifier": f"sha256:{record.notice_id}",
            "dct:created": moment(record.notice.first_shown_at),
            "dct:language": language,
            "aurora:noticeText": shown,
        },
        "dpv:hasConsentStatus": [
            _event(record, e, number, subject, parties, (acting or {}).get(e.pk)) for number, e in enumerate(history, start=1)
        ],
    }


def event_id(record: ConsentRecord, number: int) -> str:
    """The name of an event: its place in the record's history, since a row's own number would tell how much goes on elsewhere."""
    return f"urn:uuid:{record.pk}#event-{number}"


def moment(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


@cache
def _context() -> str:
    return (SCHEMAS / "context.json").read_text(encoding="utf-8")


def context() -> dict[str, Any]:
    """The JSON-LD context, a fresh copy."""
    made: dict[str, Any] = json.loads(_context())
    return made


def text(words: str, language: str) -> dict[str, str]:
    """A string in a language, as JSON-LD writes it."""
    return {"@value": words, "@language": language}


def compact(iri: str) -> str:
    """A vocabulary's IRI by the context's prefixes; one that is none of theirs stays whole."""
    found = sorted((whole, prefix) for prefix, whole in context().items() if isinstance(whole, str) and iri.startswith(whole))
    return f"{found[-1][1]}:{iri.removeprefix(found[-1][0])}" if found else iri


def _process(record: ConsentRecord, categories: list[dict[str, Any]], identity: AgencyVersion | None, setting: Setting) -> dict[str, Any]:
    language, shown = record.notice.language, record.notice.content["purpose"]
    wording = record.purpose_version
    until = {"@type": "dpv:UntilTimeDuration", "rdf:value": moment(record.expires_at)}
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": {
            "@type": "dpv:Purpose",
            "skos:broader": compact(wording.dpv),
            "dct:identifier": record.purpose_id,
            "dct:hasVersion": str(wording.version),
            "dct:title": text(shown.get("name") or wording.name[language], language),
            "dct:description": text(shown.get("description") or wording.description[language], language),
        },
        "dpv:hasPersonalData": categories,
        "dpv:hasProcessing": _PROCESSING[Purpose.Kind(record.purpose.kind)],
        "dpv:hasFrequency": "dpv:SingularFrequency" if record.once else "dpv:ContinuousFrequency",
        "dpv:hasDuration": until,
        "dpv:hasStorageCondition": [
            {"@type": "dpv:StorageLocation", "dpv:hasLocation": f"loc:{setting.jurisdiction}"},
            {"@type": "dpv:StorageDuration", "dpv:hasDuration": until},
            {"@type": "dpv:StorageDeletion", "dpv:hasDuration": {"@type": "dpv:UntilEventDuration", "rdf:value": "end of the consent"}},
        ],
        "dpv:hasRecipient": [_agency_id(record.recipient.code)],
        "dpv:hasRecipientThirdParty": _onward(identity, language),
    }


def _onward(identity: AgencyVersion | None, language: str) -> str | dict[str, Any]:
    """To whom the recipient passes data on, as it said then; as a rule to nobody."""
    if identity is None or not identity.onward:
        return "dpv:NotApplicable"
    return {"@type": "dpv:ThirdParty", "dct:description": text(identity.onward[language], language)}


def _categories(record: ConsentRecord) -> list[dict[str, Any]]:
    """What was chosen; of a refusal, what was asked for."""
    language = record.notice.language
    shown = {c["code"]: c for c in record.notice.content["categories"]}
    versions = record.category_versions or {code: c["version"] for code, c in shown.items()}
    found = DataCategoryVersion.objects.filter(category_id__in=versions).select_related("category__source").order_by("category_id")
    return [_category(v, shown.get(v.category_id, {}), language) for v in found if v.version == versions[v.category_id]]


def _category(version: DataCategoryVersion, shown: Mapping[str, Any], language: str) -> dict[str, Any]:
    return {
        "@type": "dpv:SpecialCategoryPersonalData" if version.sensitive else "dpv:PersonalData",
        "skos:broader": compact(version.dpv),
        "dct:identifier": version.category_id,
        "dct:hasVersion": str(version.version),
        "dct:title": text(shown.get("name") or version.name[language], language),
        "dct:description": text(shown.get("description") or version.description[language], language),
        "dpv:hasDataSource": _agency_id(version.category.source.code),
        "dpv:hasNecessity": "dpv:Optional",
    }


def _agency_id(code: str) -> str:
    return f"urn:aurora:agency:{code}"


def _parties(record: ConsentRecord, events: Iterable[ConsentEvent], language: str) -> dict[str, dict[str, Any]]:
    """Recipient, and whoever an event is the deed of, by code."""
    known = {record.recipient.code: record.recipient}
    others = {AURORA if e.by == OPERATOR else e.by for e in events} - {CITIZEN} - set(known)
    known.update({a.code: a for a in Agency.objects.filter(code__in=others)})
    return {code: _party(agency, language, controller=code == record.recipient.code) for code, agency in known.items()}


def _party(agency: Agency, language: str, *, controller: bool) -> dict[str, Any]:
    return {
        "@id": _agency_id(agency.code),
        "@type": "dpv:DataController" if controller else "dpv:Organisation",
        "dct:identifier": agency.code,
        "dpv:hasName": text(agency.name[language], language),
    }


def _controller(party: Mapping[str, Any], identity: AgencyVersion | None, language: str, page: str) -> dict[str, Any]:
    """The recipient as it was shown. Of one that has not said how it is reached, the consent's own page is where it can be written to."""
    if identity is None:
        return {**party, "dpv:hasContact": page}
    return {
        **party,
        "dpv:hasName": text(identity.name[language], language),
        "schema:legalName": identity.legal_name,
        "dpv:hasIdentifier": identity.business_id,
        "dpv:hasContact": identity.contact_url or f"mailto:{identity.contact_email}",
        "dpv:hasLocation": f"loc:{identity.country}",
        "dct:hasVersion": str(identity.version),
    }


def _event(
    record: ConsentRecord,
    event: ConsentEvent,
    number: int,
    subject: Mapping[str, Any],
    parties: Mapping[str, Mapping[str, Any]],
    acting: Acting | None,
) -> dict[str, Any]:
    kind = ConsentEventKind(event.kind)
    # DPV: withdrawn by the data subject, revoked by anybody else.
    revoked = kind is ConsentEventKind.WITHDRAWN and event.by != CITIZEN
    made: dict[str, Any] = {
        "@id": event_id(record, number),
        "@type": ["dpv:ConsentRevoked"] if revoked else list(_STATES[kind]),
        "dpv:isIndicatedAtTime": moment(event.at),
        "dpv:isIndicatedBy": _who(event, subject, parties, acting),
        "dpv:hasIndicationMethod": f"aurora:{event.by if event.by in (CITIZEN, AURORA, OPERATOR) else 'agency'}",
    }
    if kind is ConsentEventKind.GIVEN:
        made["dpv:hasDuration"] = {"@type": "dpv:UntilTimeDuration", "rdf:value": moment(record.expires_at)}
    if kind is ConsentEventKind.NARROWED:
        made["dpv:hasPersonalData"] = [
            {"@type": "dpv:PersonalData", "dct:identifier": code, "dpv:hasConsentStatus": [{"@type": ["dpv:ConsentWithdrawn"]}]}
            for code in event.categories
        ]
    return made


def _who(
    event: ConsentEvent, subject: Mapping[str, Any], parties: Mapping[str, Mapping[str, Any]], acting: Acting | None
) -> dict[str, Any]:
    if acting is not None:
        return {
            "@type": "dpv:Representative",
            "dpv:hasName": acting.actor,
            "aurora:right": acting.kind,
            "aurora:actsFor": {"@id": subject["@id"], "dpv:hasName": acting.citizen},
        }
    if event.decided_by_id is not None:  # the names stand in the receipt that was given then
        return {"@type": "dpv:Representative", "aurora:actsFor": {"@id": subject["@id"]}}
    if event.by == CITIZEN:
        return {"@id": subject["@id"]}
    code = AURORA if event.by == OPERATOR else event.by
    return dict(parties.get(code) or {"@id": _agency_id(code)})
