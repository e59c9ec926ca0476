"""Who an agency is, as plain JSON in the format of docs/agency/versions.md: which values a draft may hold, by field, with a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email

from consent.models import Agency, AgencyVersion
from consent.oauth import addresses, client_form

FIELDS = ("name", "roles", "legal_name", "business_id", "country", "contact_url", "contact_email", "onward", "since", "meaning")
# A model owner becomes one by its approved key (docs/decisions/agencies.md).
ROLES = (Agency.Role.DATA_SOURCE, Agency.Role.DATA_USER)
LANGUAGES = ("fi", "sv", "en")
MOST_NAME, MOST_ID, MOST_ONWARD = 200, 32, 300
_TEXTS = {
    "legal_name": (MOST_NAME, "Give the name that it has by law, in at most 200 characters."),
    "business_id": (MOST_ID, "Give its business id, in at most 32 characters."),
}
_ONWARD = "Say it in fi, sv and en, each in at most 300 characters, or in none."
_COUNTRY = re.compile(r"[A-Z]{2}")

Faults = dict[str, str]


def newest(code: str) -> dict[str, Any] | None:
    """The newest version of an agency as the document that a file would hold; None while nothing but its code and name is known."""
    version = AgencyVersion.objects.select_related("agency").filter(agency__code=code).order_by("-version").first()
    return _document(version, version.agency) if version else None


def _document(version: AgencyVersion, agency: Agency) -> dict[str, Any]:
    contact = {"url": version.contact_url, "email": version.contact_email}
    return {
        "code": agency.code,
        "version": version.version,
        "binding_since": version.binding_since,
        "roles": [role for role in ROLES if role in agency.roles],
        "name": version.name,
        "legal_name": version.legal_name,
        "business_id": version.business_id,
        "contact": {key: value for key, value in contact.items() if value},
        "country": version.country,
        "since": version.since.isoformat(),
        **({"onward": version.onward} if version.onward else {}),
    }


def faults_of(code: str, content: Mapping[str, Any], *, new: bool) -> Faults:
    """What is wrong with a document, by control; empty if it may be asked for. `new`: there is to be no agency of this code."""
    faults: Faults = {}
    if not client_form.is_code(code):
        faults["code"] = "An agency's code has 1 to 64 small letters, digits and hyphens, and is none of Aurora's own words."
    elif new and Agency.objects.filter(code=code).exists():
        faults["code"] = "Another agency has this code."
    known = Agency.objects.filter(code=code).values_list("name", flat=True).first()
    if fault := client_form.fault_of_name(content["name"], known=known, code=code):
        faults["name"] = fault
    if not set(content["roles"]) <= set(ROLES):
        faults["roles"] = "Choose what the agency is for."
    for field, (most, sentence) in _TEXTS.items():
        if fault := client_form.fault_of_text(content[field], most=most, sentence=sentence):
            faults[field] = fault
    if not _COUNTRY.fullmatch(content["country"]):
        faults["country"] = "Give the country as two capital letters (ISO 3166-1)."
    return faults | _contact(content["contact"]) | _rest(content)


def _contact(contact: Mapping[str, str]) -> Faults:
    if not contact:
        return {"contact_url": "Give an address on the web or an e-mail address, or both."}
    faults: Faults = {}
    if "url" in contact and (fault := _url_fault(contact["url"])):
        faults["contact_url"] = fault
    if "email" in contact:
        try:
            validate_email(contact["email"])
        except ValidationError:
            faults["contact_email"] = "Give an e-mail address, such as data@office.example."
    return faults


def _url_fault(url: str) -> str | None:
    """Citizens are shown it as a link."""
    if len(url) > MOST_NAME:
        return "Give an address of at most 200 characters."
    try:
        URLValidator(schemes=["https", "http"])(url)
    except ValidationError:
        return "An address must be a valid URL."
    return addresses.fault_of(url)


def _rest(content: Mapping[str, Any]) -> Faults:
    faults: Faults = {}
    onward = content.get("onward")
    if onward is not None:
        found = [client_form.fault_of_text(t, most=MOST_ONWARD, sentence=_ONWARD) for t in onward.values()]
        if fault := _ONWARD if set(onward) != set(LANGUAGES) else next(filter(None, found), None):
            faults["onward"] = fault
    try:
        date.fromisoformat(content["since"])
    except ValueError:
        faults["since"] = "Give the day as year, month and day, such as 2026-12-01."
    return faults


def field_values(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document as one compares it: by control, without its numbers."""
    contact = document.get("contact", {})
    return {
        **{name: document.get(name) for name in ("name", "roles", "legal_name", "business_id", "country", "since")},
        "contact_url": contact.get("url", ""),
        "contact_email": contact.get("email", ""),
        "onward": document.get("onward") or {},
    }
