"""SMART App Launch 2.x, standalone: which scopes, which FHIR server, and which patient the token is for.

Without `openid fhirUser`: who the citizen is says the patient record's national identifier, and a profile of the signed-in user is more than we need.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from aurora.outbound import oauth
from aurora.outbound.oauth import PeerFailed, Registration, get_json
from aurora.sources.connectors.fhir.declare import PATIENT, base_of
from aurora.sources.connectors.manner import Manner

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
    smart = get_json(f"{base}/.well-known/smart-configuration")
    same = all(smart.get(name) == about[name] for name in ("authorization_endpoint", "token_endpoint"))
    able = smart.get("capabilities")
    s256 = smart.get("code_challenge_methods_supported")
    if not same or not isinstance(able, list) or not {*_NEEDED} <= {a for a in able if isinstance(a, str)}:
        raise PeerFailed("invalid_answer", retryable=False)
    if not isinstance(s256, list) or "S256" not in s256:
        raise PeerFailed("invalid_answer", retryable=False)
    stated = get_json(f"{base}/metadata")
    if stated.get("resourceType") != "CapabilityStatement" or not str(stated.get("fhirVersion", "")).startswith(_VERSIONS):
        raise PeerFailed("invalid_answer", retryable=False)
    return {"aud": base}


def context(tokens: Mapping[str, Any]) -> dict[str, str]:
    """The launch context: whose records the token opens. Raises `PeerFailed`."""
    patient = tokens.get("patient")
    if not isinstance(patient, str) or not _ID.fullmatch(patient):
        raise PeerFailed("invalid_answer", retryable=False)
    return {"patient": patient}


MANNER = Manner(scope=scope, beside=beside, context=context, asserts_to_token_endpoint=True)
