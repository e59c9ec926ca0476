"""Consent records in the words of ISO/IEC TS 27560: of our shape, of real terms, and whole in every state."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from consent_world import NOW, World
from jsonschema import Draft202012Validator

from consent import records, services
from consent.management.commands.load_vocabulary import documents
from consent.models import AgencyVersion, ConsentEvent, ConsentEventKind, ConsentRecord
from consent.records import Acting, Setting
from consent.scope import citizen_scope
from tests.support import jsonld

SETTING = Setting(base_url="https://aurora.example", jurisdiction="FI")
PRINCIPAL = "a" * 32
TERMS = {
    namespace: set(names)
    for namespace, *names in (
        line.split() for line in (Path(__file__).parent / "dpv-2.3-terms.txt").read_text().splitlines() if not line.startswith("#")
    )
}
SHAPE = Draft202012Validator(json.loads((records.SCHEMAS / "profile.json").read_text()))


def no_such_term(document: dict[str, Any]) -> set[str]:
    """The IRIs of a document that lie in a namespace of DPV and are no terms of it."""
    found = set(jsonld.iris(jsonld.expand(document)))
    spaces = sorted(TERMS, key=len, reverse=True)
    known = {iri: next((s for s in spaces if iri.startswith(s)), None) for iri in found if "w3id.org/dpv" in iri}
    return {i for i, s in known.items() if s is not None and i.removeprefix(s) not in TERMS[s]} | {
        i for i, s in known.items() if s is None and not i.startswith("https://w3id.org/dpv/schema/dpv-27560#")
    }


@pytest.fixture
def world(db: None) -> World:
    return World()


def written(world: World, record: ConsentRecord, acting: Acting | None = None) -> dict[str, Any]:
    with citizen_scope(world.aino):
        fresh = ConsentRecord.objects.get(pk=record.pk)
        history = list(fresh.events.all())
        people = {history[-1].pk: acting} if acting else None
        document = records.as_27560(fresh, principal=PRINCIPAL, events=history, setting=SETTING, acting=people)
    SHAPE.validate(document)
    assert no_such_term(document) == set()
    assert json.loads(json.dumps(document)) == document
    return document


def states(document: dict[str, Any]) -> list[str]:
    return [e["@type"][0] for e in document["dpv:hasConsentStatus"]]


def test_a_consent_is_written_with_who_whom_what_why_and_how_long(world: World) -> None:
    record, _ = world.give(once=True)
    document = written(world, record)
    process = document["dpv:hasProcess"]
    assert document["dct:identifier"] == str(record.pk)
    assert document["dpv:hasDataSubject"]["dct:identifier"] == PRINCIPAL
    assert document["dpv:hasDataController"]["dct:identifier"] == world.office.code
    assert [d["dct:identifier"] for d in process["dpv:hasPersonalData"]] == world.categories[:2]
    assert {d["dpv:hasDataSource"] for d in process["dpv:hasPersonalData"]} == {f"urn:aurora:agency:{world.source.code}"}
    assert (process["dpv:hasPurpose"]["dct:identifier"], process["dpv:hasPurpose"]["dct:hasVersion"]) == (world.purpose, "1")
    assert process["dpv:hasDuration"]["rdf:value"] == records.moment(record.expires_at)
    assert process["dpv:hasFrequency"] == "dpv:SingularFrequency"
    assert process["dpv:hasRecipientThirdParty"] == "dpv:NotApplicable"
    assert document["dpv:hasJurisdiction"] == "loc:FI"
    assert document["dpv:hasNotice"]["dct:identifier"] == f"sha256:{record.notice_id}"
    assert document["dpv:hasNotice"]["aurora:noticeText"] == record.notice.content
    assert document["dpv:hasConsentControl"]["dpv:isExercisedAt"] == f"https://aurora.example/en/consents/{record.pk}/withdraw/"
    assert str(world.aino) not in json.dumps(document)


def test_a_refusal_has_a_record_of_what_was_asked_for(world: World) -> None:
    with citizen_scope(world.aino):
        record = services.decline(
            citizen_id=world.aino, recipient=world.office, source=None, purpose=world.purpose, notice=world.notice(), now=NOW
        )
    document = written(world, record)
    assert states(document) == ["dpv:ConsentRefused"]
    assert [d["dct:identifier"] for d in document["dpv:hasProcess"]["dpv:hasPersonalData"]] == sorted(world.categories)


def test_the_recipient_is_who_it_said_it_was_then(world: World) -> None:
    record, _ = world.give()
    for version, onward in ((1, {}), (2, dict.fromkeys(("fi", "sv", "en"), "To the archive"))):
        AgencyVersion.objects.create(
            agency=world.office, version=version, binding_since=1, name=dict.fromkeys(("fi", "sv", "en"), f"Office {version}"), onward=onward,
            legal_name="Office of Benefits", business_id="1234567-1", contact_email="privacy@office.example", country="FI", since=NOW.date(),
        )  # fmt: skip
    first = written(world, record)
    controller = first["dpv:hasDataController"]
    assert (controller["dct:hasVersion"], controller["dpv:hasName"]["@value"]) == ("1", "Office 1")
    assert (controller["schema:legalName"], controller["dpv:hasContact"]) == ("Office of Benefits", "mailto:privacy@office.example")
    assert first["dpv:hasProcess"]["dpv:hasRecipientThirdParty"] == "dpv:NotApplicable"
    with citizen_scope(world.aino):
        ConsentRecord.objects.filter(pk=record.pk).update(recipient_version=2)
    second = written(world, record)
    assert second["dpv:hasDataController"]["dpv:hasName"]["@value"] == "Office 2"
    assert second["dpv:hasProcess"]["dpv:hasRecipientThirdParty"]["dct:description"]["@value"] == "To the archive"


def test_every_event_of_its_history_is_there(world: World) -> None:
    record, _ = world.give()
    with citizen_scope(world.aino):
        services.end(consent_id=record.pk, now=NOW + timedelta(hours=1), categories=world.categories[:1])
        services.end(consent_id=record.pk, now=NOW + timedelta(hours=2), by=world.office.code)
    document = written(world, record)
    assert states(document) == ["dpv:ConsentGiven", "aurora:ConsentNarrowed", "dpv:ConsentRevoked"]
    _, narrowed, revoked = document["dpv:hasConsentStatus"]
    assert [d["dct:identifier"] for d in narrowed["dpv:hasPersonalData"]] == world.categories[:1]
    assert narrowed["dpv:isIndicatedBy"] == {"@id": f"urn:aurora:subject:{PRINCIPAL}"}
    assert revoked["dpv:isIndicatedBy"]["dct:identifier"] == world.office.code
    assert [e["@id"] for e in document["dpv:hasConsentStatus"]] == [f"urn:uuid:{record.pk}#event-{n}" for n in (1, 2, 3)]


@pytest.mark.parametrize("kind", ConsentEventKind)
def test_no_kind_of_event_is_without_a_state(world: World, kind: ConsentEventKind) -> None:
    record, _ = world.give()
    with citizen_scope(world.aino):
        by = "aurora" if kind is ConsentEventKind.EXPIRED else "citizen"
        made = ConsentEvent.objects.create(consent=record, citizen_id=world.aino, at=NOW, kind=kind, by=by, categories=world.categories[:1])
        document = records.as_27560(record, principal=PRINCIPAL, events=[made], setting=SETTING)
    SHAPE.validate(document)
    assert no_such_term(document) == set()


def test_who_acted_for_whom_is_named_where_it_happened(world: World) -> None:
    record, _ = world.give()
    document = written(world, record, Acting(actor="Bertil Berg", citizen="Aino Aalto", kind="power_of_attorney"))
    who = document["dpv:hasConsentStatus"][0]["dpv:isIndicatedBy"]
    assert (who["dpv:hasName"], who["aurora:actsFor"]["dpv:hasName"]) == ("Bertil Berg", "Aino Aalto")


def test_the_texts_are_in_the_language_that_was_shown(world: World) -> None:
    record, _ = world.give()
    document = written(world, record)
    found = json.dumps(document)
    assert document["dct:language"] == "en" and '"@language": "en"' in found and '"@language": "fi"' not in found


@pytest.mark.parametrize("damage", ["a name", "no notice", "a wrong state", "a foreign term"])
def test_the_shape_refuses_what_is_not_of_it(world: World, damage: str) -> None:
    record, _ = world.give()
    document = written(world, record)
    if damage == "a name":
        document["dpv:hasDataSubject"]["dpv:hasName"] = "Aino"
    elif damage == "no notice":
        del document["dpv:hasNotice"]
    elif damage == "a wrong state":
        document["dpv:hasConsentStatus"][0]["@type"] = ["dpv:ConsentUnknown"]
    else:
        document["dpv:hasProcess"]["dpv:hasPurpose"]["skos:broader"] = "https://elsewhere.example/purpose"
    assert not SHAPE.is_valid(document)


def test_every_word_of_the_vocabulary_is_a_term_of_dpv() -> None:
    terms = {doc["dpv"] for kind in ("purposes", "categories") for doc in documents(kind)}
    assert len(terms) > 5
    spaces = sorted(TERMS, key=len, reverse=True)
    unknown = {t for t in terms if not any(t.startswith(s) and t.removeprefix(s) in TERMS[s] for s in spaces)}
    assert unknown == set()


def test_a_term_that_is_none_is_found(world: World) -> None:
    record, _ = world.give()
    document = written(world, record)
    document["dpv:hasProcess"]["dpv:hasProcessing"] = ["dpv:Gobble"]
    assert no_such_term(document) == {"https://w3id.org/dpv#Gobble"}
