"""Which scopes are asked for, what a server must say of itself before a citizen is sent there, and what its tokens must tell."""

from __future__ import annotations

from typing import Any

import pytest
from fhir_peer import CATEGORIES, settings, version

from aurora.outbound.oauth import PeerFailed, Registration
from aurora.sources.connectors import manner
from aurora.sources.connectors.declared import SettingsWrong
from aurora.sources.connectors.fhir import check
from tests.support.hostile_peer import Peer

MANNER = manner("fhir")
CAPABLE = [
    "launch-standalone",
    "context-standalone-patient",
    "client-confidential-asymmetric",
    "permission-patient",
    "permission-v2",
    "sso",
]


@pytest.mark.parametrize(
    ("ticked", "scopes"),
    [
        (["health.conditions"], {"patient/Patient.r", "patient/Condition.rs"}),
        (["health.patient"], {"patient/Patient.rs"}),
        (["health.measurements", "health.procedures"], {"patient/Patient.r", "patient/Observation.rs", "patient/Procedure.rs"}),
        (sorted(CATEGORIES), {f"patient/{resource}.rs" for resource in CATEGORIES.values()}),
    ],
    ids=["illnesses", "the patient", "two", "all"],
)
def test_no_scope_is_asked_for_what_was_not_ticked(peer: Peer, ticked: list[str], scopes: set[str]) -> None:
    """The identity is always read: without it nobody knows whose records they are. Searching it is another thing."""
    assert set(MANNER.scope(ticked, settings(peer)).split()) == {"launch/patient", "offline_access", *scopes}


def test_other_sources_are_asked_for_categories() -> None:
    assert manner("json_oauth").scope(["tax.income", "tax.housing"], {}) == "tax.income tax.housing"
    assert manner("json_oauth").context({"access_token": "x", "patient": "p-1"}) == {}


def served(peer: Peer, **changes: Any) -> Registration:
    about = peer.publishes()
    smart = {
        "authorization_endpoint": about["authorization_endpoint"],
        "token_endpoint": about["token_endpoint"],
        "capabilities": CAPABLE,
        "code_challenge_methods_supported": ["S256"],
    } | {name: value for name, value in changes.items() if name != "stated"}
    peer.says("/fhir/.well-known/smart-configuration", {name: value for name, value in smart.items() if value is not ...})
    peer.says("/fhir/metadata", changes.get("stated", {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}))
    return Registration(peer.url, "aurora", {}, "http://localhost/callback")


def test_a_token_is_asked_for_this_server(peer: Peer) -> None:
    assert MANNER.beside(served(peer), settings(peer)) == {"aud": f"{peer.url}/fhir"}


def test_a_server_that_tells_of_very_much_is_heard(peer: Peer) -> None:
    """Real statements of capability name some 150 resource types."""
    much = {
        "resourceType": "CapabilityStatement",
        "fhirVersion": "4.0.1",
        "rest": [{"resource": [{"type": "X", "searchParam": [{}] * 20}] * 150}],
    }
    assert MANNER.beside(served(peer, stated=much), settings(peer))["aud"]


@pytest.mark.parametrize(
    "changes",
    [
        {"token_endpoint": "https://elsewhere.example/token"}, {"authorization_endpoint": ...}, {"capabilities": CAPABLE[1:]},
        {"capabilities": ["permission-v1"]}, {"capabilities": "all"}, {"capabilities": [None]}, {"code_challenge_methods_supported": ["plain"]},
        {"code_challenge_methods_supported": ...}, {"stated": {"resourceType": "CapabilityStatement", "fhirVersion": "5.0.0"}},
        {"stated": {"resourceType": "CapabilityStatement", "fhirVersion": "3.0.2"}}, {"stated": {"resourceType": "Patient", "fhirVersion": "4.0.1"}},
        {"stated": {"resourceType": "CapabilityStatement"}},
    ],
    ids=[
        "tokens elsewhere", "no endpoint", "no launch", "old scopes", "words", "null", "plain PKCE", "no PKCE", "R5", "STU3", "no statement", "no version",
    ],
)  # fmt: skip
def test_nobody_is_sent_to_a_server_that_says_otherwise(peer: Peer, changes: dict[str, Any]) -> None:
    with pytest.raises(PeerFailed) as failed:
        MANNER.beside(served(peer, **changes), settings(peer))
    assert failed.value.code == "invalid_answer"


@pytest.mark.parametrize("patient", [None, "", "a b", "x" * 65, "p/1", 7, ["p-1"]])
def test_a_token_without_a_patient_is_of_no_use(patient: Any) -> None:
    with pytest.raises(PeerFailed):
        MANNER.context({"access_token": "x", "patient": patient})


def test_the_patient_of_a_token_is_kept() -> None:
    assert MANNER.context({"access_token": "x", "patient": "p-1", "need_patient_banner": True}) == {"patient": "p-1"}


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"fhir_base": "https://h.example/fhir/"}, "fhir_base"), ({"fhir_base": "ftp://h.example"}, "fhir_base"),
        ({"fhir_base": "https://h.example/fhir?x=1"}, "fhir_base"), ({"categories": {"health.patient": "Medication"}}, "categories"),
        ({"categories": {**CATEGORIES, "tax.income": "Patient"}}, "tax.income"), ({"categories": {"health.patient": "Patient"}}, "health.conditions"),
        ({"zodiac": "leo"}, "zodiac"), ({"whole_after_days": -1}, "whole_after_days"), ({"identifier_system": ""}, "identifier_system"),
    ],
    ids=["a slash", "a scheme", "a query", "a resource", "a stranger's category", "one left out", "unknown", "days", "no system"],
)  # fmt: skip
def test_what_an_operator_declares_is_checked(peer: Peer, changes: dict[str, Any], at: str) -> None:
    held = {category: version(category) for category in CATEGORIES}
    check(settings(peer), held)
    with pytest.raises(SettingsWrong, match=at):
        check(settings(peer) | changes, held)
