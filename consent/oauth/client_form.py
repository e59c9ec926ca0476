"""A client as plain JSON: what a draft wants, what `register_client` reads. Which values may be registered, by field, with a sentence.

{"agency": {"code", "name": {fi, sv, en}, for a new agency}, "name": {fi, sv, en}, "redirect_uris": [...], "jwks": {"keys": [...]} or null, "jwks_uri": "",
 "notice_uri": "", "usage_uri": "", "resource": "", "purposes": [...], "categories": [...], "rotate_refresh": false, "dpop_nonce": false}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from consent import names
from consent.models import Agency, DataCategory, Purpose
from consent.rules import AURORA, CITIZEN

from . import addresses, jwks, redirects
from .models import Client
from .models.client import CLIENT_ID

FIELDS = (
    *("agency", "name", "redirect_uris", "jwks", "jwks_uri", "notice_uri", "usage_uri", "resource"),
    *("purposes", "categories", "rotate_refresh", "dpop_nonce"),
)
LANGUAGES = frozenset({"fi", "sv", "en"})
NAME_LIMIT = 200
_CODE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_CLIENT_ID = re.compile(rf"(?=[A-Za-z0-9]){CLIENT_ID}")  # a browser reads "." and ".." in an address as folders
# Who an event may be by, in records, notices and receipts: an agency of that name would speak as somebody else. "new" is the
# address of a form.
_TAKEN_CODES = frozenset({AURORA, CITIZEN, "operator", "recipient", "source", "new"})

Faults = dict[str, str]


def content_of(client: Client) -> dict[str, Any]:
    """The client as it is registered. An agency that exists is named by its code only: its names are not the client's to change."""
    return {
        "agency": {"code": client.agency.code},
        "name": client.name,
        "redirect_uris": client.redirect_uris,
        "jwks": client.jwks,
        "jwks_uri": client.jwks_uri,
        "notice_uri": client.notice_uri,
        "usage_uri": client.usage_uri,
        "resource": client.resource,
        "purposes": sorted(client.allowed_purposes),
        "categories": sorted(client.allowed_categories),
        "rotate_refresh": client.rotate_refresh,
        "dpop_nonce": client.dpop_nonce,
    }


def completed(content: Mapping[str, Any]) -> dict[str, Any]:
    """What was drafted before there was an address for uses says that there is none."""
    return {"usage_uri": "", **content}


def faults_of(client_id: str, content: Mapping[str, Any], client: Client | None) -> Faults:
    """What is wrong, by field; empty if it may be registered. `client`: the one of this id, if there is one."""
    faults: Faults = {}
    content = completed(content)
    if not _CLIENT_ID.fullmatch(client_id):
        faults["client_id"] = "A client id has 1 to 64 letters, digits and the signs . _ ~ -, and begins with a letter or a digit."
    if set(content) != set(FIELDS):
        faults["client_id"] = f"A client has exactly these members: {', '.join(FIELDS)}."
        return faults
    faults |= _agency(content["agency"], client)
    known = client.name if client else None
    if fault := fault_of_name(content["name"], known=known, code=_code_of(content["agency"])):
        faults["name"] = fault
    asks_citizens = not content["redirect_uris"] == content["purposes"] == content["categories"] == []
    if asks_citizens:
        faults |= _redirects(content["redirect_uris"]) | _vocabulary(content)
    faults |= _keys(content["jwks"], content["jwks_uri"])
    for name in ("notice_uri", "usage_uri", "resource"):
        judge = addresses.fault_of_resource if name == "resource" else addresses.fault_of
        if content[name] != "" and (fault := judge(content[name])):
            faults[name] = fault
    if "resource" not in faults and content["resource"] and _taken(content["resource"], client_id):
        faults["resource"] = "Another client is registered with this address."
    return faults | _flags(content)


def _agency(agency: object, client: Client | None) -> Faults:
    if not isinstance(agency, dict) or not {"code"} <= set(agency) <= {"code", "name"}:
        return {"agency": "Give the agency's code, and its name if it is new."}
    code = agency["code"]
    if not is_code(code):
        return {"agency": "An agency's code has 1 to 64 small letters, digits and hyphens, and is none of Aurora's own words."}
    if client is not None and client.agency.code != code:
        return {"agency": "This client belongs to another agency."}
    known = Agency.objects.filter(code=code).exists()
    if known and "name" in agency:
        return {"agency": "This agency is known. Its name is not changed with a client."}
    fault = None if known else fault_of_name(agency.get("name"), known=None, code=code)
    return {"agency_name": fault} if fault else {}


def _code_of(agency: object) -> str:
    """What the form says of itself; whether it is right, `_agency` says."""
    return str(agency.get("code")) if isinstance(agency, dict) else ""


def is_code(code: object) -> bool:
    """Whether an agency may have this code."""
    return isinstance(code, str) and _CODE.fullmatch(code) is not None and code not in _TAKEN_CODES


def fault_of_name(name: object, *, known: Mapping[str, str] | None, code: str) -> str | None:
    """Whether this is a name, in each language, that the agency `code` or its client can be shown to citizens by. `known`: what it is called today."""
    if not isinstance(name, dict) or set(name) != LANGUAGES or not all(is_text(text, most=NAME_LIMIT) for text in name.values()):
        return f"Give the name in fi, sv and en, each of at most {NAME_LIMIT} characters."
    if not all(names.clear(text) and names.skeleton(text) for text in name.values()):
        return names.UNCLEAR
    return names.TAKEN if names.taken_anew(name, code=code, before=known) else None


def fault_of_text(text: object, *, most: int, sentence: str) -> str | None:
    """Whether citizens can be shown this text: `sentence` where it is none or too long, another where it is not what it looks like."""
    if not isinstance(text, str) or not is_text(text, most=most):
        return sentence
    return None if names.clear(text) else names.UNCLEAR


def is_text(text: object, *, most: int) -> bool:
    """Whether this is a text of 1 to `most` characters."""
    return isinstance(text, str) and 1 <= len(text.strip()) <= most


def _redirects(uris: Any) -> Faults:
    if fault := redirects.fault_of_all(uris):
        return {"redirect_uris": fault}
    return {"redirect_uris": "Give each redirect URI once."} if len(set(uris)) != len(uris) else {}


def _keys(keys: object, uri: object) -> Faults:
    if (keys is None) == (uri == ""):
        return {"jwks": "Give either the public keys or the address where they are."}
    if keys is not None:
        fault = jwks.fault_of(keys)
        return {"jwks": fault} if fault else {}
    fault = addresses.fault_of(uri)
    return {"jwks_uri": fault} if fault else {}


def _taken(resource: str, client_id: str) -> bool:
    return Client.objects.filter(resource=resource).exclude(client_id=client_id).exists()


def _vocabulary(content: Mapping[str, Any]) -> Faults:
    faults: Faults = {}
    access = Purpose.objects.filter(kind=Purpose.Kind.ACCESS)
    if not _known(content["purposes"], set(access.values_list("code", flat=True))):
        faults["purposes"] = "Choose at least one purpose for which agencies may ask."
    if not _known(content["categories"], set(DataCategory.objects.values_list("code", flat=True))):
        faults["categories"] = "Choose at least one kind of data that Aurora knows."
    return faults


def _known(codes: object, known: set[str]) -> bool:
    """A sorted list without repetition: one way to write a thing, so that a difference is one."""
    return (
        isinstance(codes, list)
        and bool(codes)
        and all(isinstance(c, str) for c in codes)
        and codes == sorted(set(codes))
        and set(codes) <= known
    )


def _flags(content: Mapping[str, Any]) -> Faults:
    return {n: "Say yes or no." for n in ("rotate_refresh", "dpop_nonce") if not isinstance(content[n], bool)}
