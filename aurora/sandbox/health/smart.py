"""SMART App Launch 2: scopes of one patient's data, the launch context, and what `.well-known/smart-configuration` says."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from aurora.sandbox.config import HEALTH

BASE_PATH = "/fhir"
LAUNCH, OFFLINE, IDENTITY = "launch/patient", "offline_access", "patient/Patient.r"
CATEGORIES: Mapping[str, str] = {
    "health.patient": "Patient",
    "health.conditions": "Condition",
    "health.measurements": "Observation",
    "health.procedures": "Procedure",
}
CAPABILITIES = (
    "launch-standalone", "client-confidential-asymmetric", "context-standalone-patient", "permission-offline", "permission-patient", "permission-v2",
)  # fmt: skip
_SCOPE = re.compile(r"patient/([A-Za-z]+)\.(c?r?u?d?s?)")


def scopes() -> frozenset[str]:
    """All that a client may ask for here."""
    return frozenset({LAUNCH, OFFLINE, IDENTITY, *(f"patient/{resource}.rs" for resource in CATEGORIES.values())})


def category_of(scope: str) -> str:
    """The category that a scope opens; "" for the launch, the refresh token and the identity."""
    found = _SCOPE.fullmatch(scope)
    return category_at(found[1]) if found and scope != IDENTITY else ""


def category_at(resource: str) -> str:
    """The category behind a resource type; "" for a type that is not held."""
    return next((category for category, its in CATEGORIES.items() if its == resource), "")


def allows(granted: tuple[str, ...], resource: str, deed: str) -> bool:
    """Whether a token may `r`ead or `s`earch a resource type."""
    return any((found := _SCOPE.fullmatch(scope)) and found[1] == resource and deed in found[2] for scope in granted)


def is_asked_rightly(process: str, params: Mapping[str, str], base_url: str) -> bool:
    """`aud` is this FHIR server (SMART App Launch 2, "Request authorization code"); other agencies have none."""
    return process != HEALTH or params.get("aud") == f"{base_url}{BASE_PATH}"


def launch_context(process: str, granted: tuple[str, ...], household: int) -> dict[str, str]:
    """What stands beside the token: whose records it opens."""
    return {"patient": patient_id(household)} if process == HEALTH and LAUNCH in granted else {}


def patient_id(household: int) -> str:
    """The record's id, which tells nothing of the person."""
    return "p-" + hashlib.sha256(f"health patient {household}".encode()).hexdigest()[:24]


def configuration(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """From the RFC 8414 metadata of the same server. Without `issuer`: that is for servers with OpenID Connect."""
    names = (
        "authorization_endpoint", "token_endpoint", "revocation_endpoint", "jwks_uri", "grant_types_supported", "response_types_supported",
        "token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported", "code_challenge_methods_supported",
        "scopes_supported",
    )  # fmt: skip
    return {**{name: metadata[name] for name in names}, "capabilities": list(CAPABILITIES)}
