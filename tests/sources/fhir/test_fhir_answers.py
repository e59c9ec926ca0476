"""What becomes of right records, and of those that are left out; and every wrong answer, which is refused whole."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from fhir_peer import (
    LOINC,
    NATIONAL,
    PATIENT,
    SNOMED,
    UPDATED,
    Server,
    bundle,
    condition,
    observation,
    patient,
    procedure,
    settings,
    status,
    version,
)

from aurora.outbound.oauth import PeerFailed, Registration
from aurora.sources.connectors import Asked, Times
from aurora.sources.connectors.fhir import fetch, talk
from tests.support.hostile_peer import Peer, answer


@pytest.fixture
def server(peer: Peer) -> Server:
    return Server(peer)


def refused(server: Server, category: str, code: str = "invalid_answer", **more: Any) -> PeerFailed:
    with pytest.raises(PeerFailed) as failed:
        server.fetch(category, **more)
    assert failed.value.code == code
    return failed.value


# The patient record


def test_a_patient_is_their_own_facts(server: Server) -> None:
    found = server.whole("health.patient")
    assert (found.national_id, found.category, found.gone) == (NATIONAL, "health.patient", None)
    assert found.facts == {"birth_year": 1994, "sex": "female", "marital_status": "married", "municipality": "837", "region": "R32"}
    assert found.observed_at == datetime.fromisoformat(UPDATED) and found.mark.etag == 'W/"1"'


def test_a_patient_that_has_not_changed_is_not_told_again(server: Server) -> None:
    mark = server.whole("health.patient").mark
    assert type(server.fetch("health.patient", since=mark)).__name__ == "Unchanged"
    server.record = patient(meta={"versionId": "2", "lastUpdated": UPDATED}, gender="male")
    changed = server.fetch("health.patient", since=mark)
    assert changed.facts["sex"] == "male"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("marital", "means"),
    [
        ([("v3", "S")], "single"), ([("v3", "D")], "single"), ([("v3", "W")], "single"), ([("v3", "L")], None), ([], None),
        ([("v3", "S"), ("own", "single_parent")], "single_parent"), ([("urn:other", "M")], None),
    ],
    ids=["never", "divorced", "widowed", "separated", "none", "the nation's own", "another system"],
)  # fmt: skip
def test_marital_status_is_the_nations_or_hl7s(server: Server, marital: list[tuple[str, str]], means: str | None) -> None:
    systems = {"v3": "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "own": "urn:x:marital"}
    server.record = patient(maritalStatus={"coding": [{"system": systems.get(s, s), "code": c} for s, c in marital]})
    assert server.whole("health.patient").facts.get("marital_status") == means


@pytest.mark.parametrize(
    "address",
    [
        {"use": "old"}, {"use": "temp"}, {"use": "billing"}, {"use": "home", "type": "postal"}, {"use": "home", "period": {"end": "2020-01-01"}},
        {"use": "home", "_state": None}, {"use": "home", "_state": {"extension": [{"url": "urn:x:coded", "valueString": "R32"}]}},
    ],
    ids=["old", "a while", "bills", "letters", "moved out", "words only", "no coding"],
)  # fmt: skip
def test_a_region_is_that_of_the_home(server: Server, address: dict[str, Any]) -> None:
    usual = patient()["address"][0]
    server.record = patient(address=[{k: v for k, v in (usual | address).items() if v is not None}])
    assert "region" not in server.whole("health.patient").facts


@pytest.mark.parametrize(
    "identifiers",
    [
        [], [{"system": "urn:x:chart", "value": NATIONAL}], [{"system": "urn:x:id", "value": NATIONAL, "use": "old"}],
        [{"system": "urn:x:id", "value": NATIONAL}, {"system": "urn:x:id", "value": "S000124-0"}], [{"system": "urn:x:id", "value": "9" * 65}],
    ],
    ids=["none", "another system", "a former one", "two", "too long"],
)  # fmt: skip
def test_whose_records_these_are_must_be_said(server: Server, identifiers: list[dict[str, str]]) -> None:
    server.record = patient(identifier=identifiers)
    refused(server, "health.patient")
    server.holds["Condition"] = [condition()]
    refused(server, "health.conditions")


def test_another_patients_record_is_none(server: Server) -> None:
    server.record = patient(id="p-2")
    refused(server, "health.patient")


def test_of_other_categories_only_the_identifier_is_read(server: Server) -> None:
    server.whole("health.conditions", condition())
    assert [r.path for r in server.peer.seen] == ["/fhir/Condition", f"/fhir/Patient/{PATIENT}"]
    assert server.asked["Condition"][0]["patient"] == PATIENT


# Conditions


def test_an_illness_has_its_name_and_its_time(server: Server) -> None:
    over = condition("c2", "J45.9", since="2014", abatementDateTime="2016-02", clinicalStatus=status("condition-clinical", "resolved"))
    found = server.whole("health.conditions", condition(), over)
    assert found.facts == {"icd10.I10": "Illness I10", "icd10.J45.9": "Illness J45.9"} and found.national_id == NATIONAL
    noted = timezone.make_aware(datetime(2019, 3, 5))
    assert found.times["icd10.I10"] == Times(noted, date(2019, 3, 4), None)
    assert found.times["icd10.J45.9"] == Times(noted, date(2014, 1, 1), date(2016, 2, 29))


@pytest.mark.parametrize("code", ["entered-in-error", "refuted", "unconfirmed", "provisional", "differential", "whatever"])
def test_what_is_not_confirmed_is_left_out(server: Server, code: str) -> None:
    doubtful = condition(verificationStatus=status("condition-ver-status", code), clinicalStatus=...)
    assert server.whole("health.conditions", doubtful).facts == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"clinicalStatus": status("condition-clinical", "resolved")}, {"clinicalStatus": status("condition-clinical", "remission")},
        {"clinicalStatus": status("condition-clinical", "sometimes")}, {"code": {"text": "Feels unwell"}}, {"code": ...},
        {"code": {"coding": [{"system": "urn:x:own", "code": "7"}]}}, {"code": {"coding": [{"system": "http://snomed.info/sct", "code": "a b"}]}},
        {"abatementDateTime": "2010-01-01", "clinicalStatus": status("condition-clinical", "resolved")},
    ],
    ids=["over since nobody knows", "in remission", "unheard of", "in words only", "nothing", "a system of its own", "no code", "ended before it began"],
)  # fmt: skip
def test_what_has_no_code_or_no_end_is_left_out(server: Server, changes: dict[str, Any]) -> None:
    assert server.whole("health.conditions", condition(**changes), condition("c2", "E11.9")).facts == {"icd10.E11.9": "Illness E11.9"}


def test_of_an_illness_that_came_twice_the_one_that_holds_is_told(server: Server) -> None:
    former = condition("c9", since="2021-01-01", abatementDateTime="2021-03-01", clinicalStatus=status("condition-clinical", "resolved"))
    found = server.whole("health.conditions", former, condition("c1", since="2019-03-04"))
    assert found.times["icd10.I10"].valid_to is None and found.times["icd10.I10"].valid_from == date(2019, 3, 4)


def test_the_sources_own_words_are_kept_short(server: Server) -> None:
    long = condition(code={"text": "x" * 500, "coding": [{"system": SNOMED, "code": "38341003"}]})
    (value,) = server.whole("health.conditions", long).facts.values()
    assert len(value) == 200


def test_nothing_is_an_answer_too(server: Server) -> None:
    found = server.whole("health.conditions")
    assert found.facts == {} and found.gone is None and found.national_id == NATIONAL


# Measurements


def test_only_what_the_vocabulary_names_is_asked_for(server: Server) -> None:
    server.whole("health.measurements", observation())
    asked = server.asked["Observation"][0]["code"].split(",")
    assert f"{LOINC}|29463-7" in asked and len(asked) == len(set(asked)) > 15


def test_the_newest_of_each_is_told(server: Server) -> None:
    older = observation("o2", value=80, effectiveDateTime="2025-02-01T10:00:00Z")
    found = server.whole("health.measurements", older, observation(), observation("o3", "8302-2", 1.71, "m"))
    assert found.facts == {"body_weight": 72.4, "body_height": 171}
    assert found.times["body_weight"] == Times(datetime(2026, 2, 1, 10, tzinfo=UTC))


def test_a_blood_pressure_is_two(server: Server) -> None:
    parts = [
        {
            "code": {"coding": [{"system": LOINC, "code": c}]},
            "valueQuantity": {"value": v, "system": "http://unitsofmeasure.org", "code": u},
        }
        for c, v, u in (("8480-6", 17.1, "kPa"), ("8462-4", 82, "mm[Hg]"))
    ]
    found = server.whole("health.measurements", observation(loinc="85354-9", component=parts, valueQuantity=...))
    assert found.facts == {"blood_pressure_systolic": 128, "blood_pressure_diastolic": 82}


@pytest.mark.parametrize(
    ("code", "value", "unit", "key", "kept"),
    [
        ("718-7", 13.4, "g/dL", "haemoglobin", 134), ("718-7", 134, "g/L", "haemoglobin", 134), ("59261-8", 42, "mmol/mol", "hba1c", 42),
        ("4548-4", 6.0, "%", "hba1c", 42), ("14647-2", 5.2, "mmol/L", "cholesterol", 5.2), ("2093-3", 201, "mg/dL", "cholesterol", 5.2),
        ("98979-8", 88, "mL/min/{1.73_m2}", "egfr", 88), ("29463-7", 160, "[lb_av]", "body_weight", 72.6), ("8302-2", 5.5, "m", "body_height", None),
    ],
    ids=["g per dl", "g per l", "IFCC", "NGSP", "mmol", "mg", "filtration", "pounds", "beyond what can be"],
)  # fmt: skip
def test_units_become_the_vocabularys(server: Server, code: str, value: float, unit: str, key: str, kept: float | None) -> None:
    if kept is None:
        server.holds["Observation"] = [observation(loinc=code, value=value, unit=unit)]
        refused(server, "health.measurements")
    else:
        assert server.whole("health.measurements", observation(loinc=code, value=value, unit=unit)).facts == {key: kept}


@pytest.mark.parametrize(
    "quantity",
    [
        {"value": 72, "code": "[stone_av]", "system": "http://unitsofmeasure.org"}, {"value": 72, "code": "KG", "system": "http://unitsofmeasure.org"},
        {"value": 72, "unit": "kg"}, {"value": 72, "code": "kg", "system": "urn:x:units"}, {"code": "kg", "system": "http://unitsofmeasure.org"},
        {"value": 72, "code": "kg", "system": "http://unitsofmeasure.org", "comparator": "<"},
    ],
    ids=["another unit", "another case", "no code", "no UCUM", "no number", "less than"],
)  # fmt: skip
def test_what_cannot_be_read_hides_what_is_older(server: Server, quantity: dict[str, Any]) -> None:
    """An older weight in the place of the newest would be a wrong one."""
    older = observation("o2", value=80, effectiveDateTime="2025-02-01T10:00:00Z")
    found = server.whole("health.measurements", observation(valueQuantity=quantity), older, observation("o3", "718-7", 140, "g/L"))
    assert found.facts == {"haemoglobin": 140}


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "entered-in-error"}, {"status": "preliminary"}, {"status": "cancelled"}, {"status": "unknown"}, {"status": "nonsense"},
        {"valueQuantity": ..., "dataAbsentReason": {"text": "refused"}}, {"valueQuantity": ...}, {"effectiveDateTime": ...},
        {"effectiveDateTime": (datetime.now(UTC) + timedelta(days=40)).isoformat()}, {"effectiveDateTime": "1850-01-01"},
        {"code": {"coding": [{"system": LOINC, "code": "77777-7"}]}},
    ],
    ids=[
        "in error", "preliminary", "cancelled", "unknown", "no status", "absent", "no value", "undated", "not yet", "long ago", "not asked for",
    ],
)  # fmt: skip
def test_what_was_not_measured_says_nothing(server: Server, changes: dict[str, Any]) -> None:
    older = observation("o2", value=80, effectiveDateTime="2025-02-01T10:00:00Z")
    assert server.whole("health.measurements", observation(**changes), older).facts == {"body_weight": 80}


@pytest.mark.parametrize(
    ("system", "code", "means"),
    [(SNOMED, "266919005", "never"), (LOINC, "LA15920-4", "former"), (SNOMED, "449868002", "current"), (SNOMED, "1", None), (LOINC, "266919005", None)],
    ids=["never", "former", "daily", "unheard of", "of another system"],
)  # fmt: skip
def test_smoking_is_a_code(server: Server, system: str, code: str, means: str | None) -> None:
    said = observation(loinc="72166-2", valueQuantity=..., valueCodeableConcept={"coding": [{"system": system, "code": code}]})
    assert server.whole("health.measurements", said).facts.get("smoking") == means


# Procedures


def test_what_was_done_holds_from_its_day_on(server: Server) -> None:
    again = procedure("d2", performedDateTime="2015-05", performedPeriod=...)
    found = server.whole("health.procedures", procedure(), again, procedure("d3", "73761001", status="not-done"))
    assert found.facts == {"snomed.80146002": "Appendectomy"}
    assert found.times["snomed.80146002"] == Times(timezone.make_aware(datetime(2015, 5, 1)), date(2015, 5, 1), None)


# Wrong answers


def strangers(**changes: Any) -> dict[str, Any]:
    return condition("c2", "E11.9", **changes)


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/p-2"}, {"reference": "Group/p-1"}, {"identifier": {"system": "urn:x:id", "value": NATIONAL}},
        {"reference": f"https://elsewhere.example/fhir/Patient/{PATIENT}"}, {"reference": f"Patient/{PATIENT}x"}, {"display": "Aino"},
    ],
    ids=["another", "a group", "by identifier", "of another server", "longer", "by name"],
)  # fmt: skip
def test_one_resource_of_somebody_else_spoils_them_all(server: Server, subject: dict[str, Any]) -> None:
    server.holds["Condition"] = [condition(), strangers(subject=subject)]
    refused(server, "health.conditions", "wrong_citizen")


def test_a_subject_may_be_named_in_full_and_by_version(server: Server) -> None:
    full = condition("c2", "E11.9", subject={"reference": f"{server.peer.url}/fhir/Patient/{PATIENT}/_history/2"})
    assert len(server.whole("health.conditions", condition(), full).facts) == 2


WRONG: dict[str, Any] = {
    "a list": [condition()],
    "one resource": condition(),
    "no searchset": bundle(condition(), type="collection"),
    "entries of words": bundle(entry="many"),
    "an entry of nothing": bundle(entry=[{}]),
    "an entry that is null": bundle(entry=[None]),
    "another type": bundle(observation()),
    "a resource without id": bundle(condition(id=...)),
    "R5": bundle(condition(participant=[{"actor": {"display": "x"}}])),
    "of another shape": bundle(condition(code="I10")),
    "no subject": bundle(condition(subject=...)),
    "a link of words": bundle(condition(), link="next"),
    "two next pages": bundle(condition(), link=[{"relation": "next", "url": "/fhir/page2"}, {"relation": "next", "url": "/fhir/page3"}]),
    "brackets without end": b'{"resourceType":"Bundle","x":' + b"[" * 15_000 + b"]" * 15_000 + b"}",
    "garbage": b"\xff\xfe<Bundle/>",
    "XML": b"<Bundle xmlns='http://hl7.org/fhir'/>",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_fhir_r4_search_is_refused(server: Server, name: str) -> None:
    server.says("Condition", WRONG[name])
    assert not refused(server, "health.conditions").retryable


def test_an_observation_of_r5_is_refused(server: Server) -> None:
    server.says("Observation", bundle(observation(triggeredBy=[{"observation": {"reference": "Observation/1"}, "type": "reflex"}])))
    refused(server, "health.measurements")


# Pages


def test_pages_are_followed_and_the_lease_is_asked_between(server: Server) -> None:
    stills: list[int] = []
    server.says("Condition", bundle(condition(), following=f"{server.peer.url}/fhir/page2"), bundle(condition("c2", "E11.9"), following="page3"),
                bundle(condition("c3", "J45.9")))  # fmt: skip
    found = server.fetch("health.conditions", still=lambda: stills.append(1))
    assert len(found.facts) == 3 and len(stills) == 3  # type: ignore[union-attr]


def test_a_lease_that_is_lost_ends_it(server: Server) -> None:
    def lost() -> None:
        raise PeerFailed("lease_lost", retryable=False)

    server.says("Condition", bundle(condition(), following="page2"), bundle())
    refused(server, "health.conditions", "lease_lost", still=lost)
    assert server.peer.asked("/fhir/page2") == []


@pytest.mark.parametrize(
    "address",
    ["http://elsewhere.example/fhir/page2", "https://127.0.0.1/fhir/page2", "http://127.0.0.1:1/fhir/page2", "file:///etc/passwd", "http://[", 7, None],
    ids=["another host", "another scheme", "another port", "a file", "no address", "a number", "null"],
)  # fmt: skip
def test_a_page_elsewhere_is_not_asked_for(server: Server, address: Any) -> None:
    """The token goes along with every page."""
    links = [{"relation": "next", "url": address}]
    server.says("Condition", bundle(condition(), link=links))
    refused(server, "health.conditions")
    assert len(server.peer.asked("/fhir/Condition")) == 1


def test_a_page_with_a_password_in_its_address_is_not_asked_for(server: Server) -> None:
    server.says("Condition", bundle(condition(), following=server.peer.url.replace("http://", "http://x:y@") + "/fhir/page2"))
    refused(server, "health.conditions")


def test_a_page_that_leads_back_to_itself_ends(server: Server) -> None:
    server.says("Condition", bundle(condition(), following="page2"), bundle(condition("c2"), following="page2"))
    refused(server, "health.conditions", "too_large")
    assert len(server.peer.asked("/fhir/page2")) == 1


def test_pages_without_end_end(server: Server) -> None:
    def endless(handler: Any) -> None:
        answer(bundle(following=f"{server.peer.url}/fhir/Condition?page={len(server.peer.seen)}"))(handler)

    server.peer.answers["/fhir/Condition"] = endless
    refused(server, "health.conditions", "too_large")
    assert len(server.peer.seen) == talk.MOST_PAGES


def test_more_bytes_than_agreed_are_not_listened_to(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "MOST_BYTES", 3_000)
    wordy = [condition(f"c{n}", note=[{"text": "x" * 900}]) for n in range(3)]
    server.says("Condition", bundle(wordy[0], following="page2"), bundle(*wordy[1:]))
    refused(server, "health.conditions", "too_large")


def test_more_resources_than_agreed_are_not_taken(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aurora.sources.connectors.fhir.read.MOST_RESOURCES", 2)
    server.holds["Condition"] = [condition(f"c{n}") for n in range(3)]
    refused(server, "health.conditions", "too_large")


def test_a_page_that_has_grown_old_is_asked_for_anew_later(server: Server) -> None:
    server.says("Condition", bundle(condition(), following="page2"))
    server.peer.says("/fhir/page2", {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "processing"}]}, 410)
    assert refused(server, "health.conditions", "source_down").retryable


# Refusals


def outcome(code: str, severity: str = "error") -> dict[str, Any]:
    issue = {"severity": severity, "code": code, "diagnostics": "Aino Soini S000810-4"}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


@pytest.mark.parametrize(
    ("status_code", "issue", "code", "retryable"),
    [
        (401, "login", "revoked", False), (403, "expired", "revoked", False), (403, "forbidden", "invalid_answer", False),
        (404, "not-found", "invalid_answer", False), (400, "invalid", "invalid_answer", False), (429, "throttled", "too_many_requests", True),
        (500, "exception", "source_down", True), (503, "transient", "source_down", True), (400, "timeout", "timeout", True),
        (403, "too-costly", "too_large", False), (200, "transient", "source_down", True), (200, "invalid", "invalid_answer", False),
    ],
)  # fmt: skip
def test_an_operation_outcome_is_one_of_our_codes(server: Server, status_code: int, issue: str, code: str, retryable: bool) -> None:
    server.peer.says("/fhir/Condition", outcome(issue), status_code, Retry_After="7")
    failed = refused(server, "health.conditions", code)
    assert failed.retryable is retryable and failed.retry_after == (7 if status_code in (429, 500, 503) else 0)
    assert "Aino" not in str(failed) and "Aino" not in repr(failed)


def test_a_search_that_says_among_its_results_that_it_failed_did(server: Server) -> None:
    server.says("Condition", bundle(condition(), outcome("exception", "fatal")))
    assert refused(server, "health.conditions", "source_down").retryable


def test_a_search_that_only_warns_did_not_fail(server: Server) -> None:
    server.says("Condition", bundle(condition(), outcome("not-supported", "warning")))
    assert server.fetch("health.conditions").facts == {"icd10.I10": "Illness I10"}  # type: ignore[union-attr]


def test_without_a_patient_nothing_is_asked(server: Server) -> None:
    """A connection from before its source was of this kind."""
    asked = Asked(Registration(server.peer.url, "aurora", {}, ""), "a-token", version("health.patient"), settings=settings(server.peer))
    with pytest.raises(PeerFailed) as failed:
        fetch(asked)
    assert failed.value.code == "invalid_answer" and server.peer.seen == []


def test_no_value_is_shown(server: Server) -> None:
    found = server.whole("health.conditions", condition())
    assert "Illness" not in repr(found) and NATIONAL not in repr(found) and PATIENT not in repr(found.mark)
