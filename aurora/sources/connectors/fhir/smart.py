"""SMART App Launch 2.x, standalone: which scopes, which FHIR server, and which patient the token is for.

Without `openid fhirUser`: who the citizen is says the patient record's national identifier, and a profile of the signed-in user is more than we need.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from aurora.outbound import oauth, peer
from aurora.outbound.guard import guarded_client
from aurora.outbound.oauth import PeerFailed, Registration
from aurora.sources.connectors.fhir.declare import PATIENT, base_of
from aurora.sources.connectors.manner import Manner

# A CapabilityStatement tells of every resource type that a server knows.
MOST_BRACKETS = 50_000
# The `id` data type of R4.
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_NEEDED = {"launch-standalone", "context-standalone-patient", "client-confidential-asymmetric", "permission-patient", "permission-v2"}
# R4 and R4B: alike in the four resources that are read.
_VERSIONS = ("4.0.", "4.3.")


def scope(categories: Sequence[str], settings: Mapping[str, Any]) -> str:
    """Reading and searching of what was ticked, and nothing else. The patient record is read in any case, for whose it is: then without search."""
    resources = {settings["categories"][category] for category in categories}
    asked = [f"patient/{resource}.rs" for resource in sorted(resources)]
    identity = [] if PATIENT in resources else [f"patient/{PATIENT}.r"]
    return " ".join(["launch/patient", "offline_access", *identity, *asked])


def beside(registration: Registration, settings: Mapping[str, Any]) -> dict[str, str]:
    """`aud`: a token for this FHIR server and no other. Before that, what the server says of itself must be what we rest on. Raises `PeerFailed`."""
    base, about = base_of(settings), oauth.metadata(registration)
    smart = _said(f"{base}/.well-known/smart-configuration")
    same = all(smart.get(name) == about[name] for name in ("authorization_endpoint", "token_endpoint"))
    able = smart.get("capabilities")
    s256 = smart.get("code_challenge_methods_supported")
    if not same or not isinstance(able, list) or not {a for a in able if isinstance(a, str)} >= _NEEDED:
        raise PeerFailed("invalid_answer", retryable=False)
    if not isinstance(s256, list) or "S256" not in s256:
        raise PeerFailed("invalid_answer", retryable=False)
    stated = _said(f"{base}/metadata")
    if stated.get("resourceType") != "CapabilityStatement" or not str(stated.get("fhirVersion", "")).startswith(_VERSIONS):
        raise PeerFailed("invalid_answer", retryable=False)
    return {"aud": base}


def _said(address: str) -> dict[str, Any]:
    """What a server says of itself to everybody. Raises `PeerFailed`."""
    with guarded_client() as client:
        return peer.json_object_of(
            peer.send(client, "GET", address, headers={"Accept": "application/json"}).content, brackets=MOST_BRACKETS
        )


def context(tokens: Mapping[str, Any]) -> dict[str, str]:
    """The launch context: whose records the token opens. Raises `PeerFailed`."""
    patient = tokens.get("patient")
    if not isinstance(patient, str) or not _ID.fullmatch(patient):
        raise PeerFailed("invalid_answer", retryable=False)
    return {"patient": patient}


MANNER = Manner(scope=scope, beside=beside, context=context, asserts_to_token_endpoint=True)
