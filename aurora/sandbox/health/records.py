"""The FHIR R4 resources of one patient, made from what was drawn (`draws`) and what has been changed since (`changes`)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from aurora.sandbox import national_id, people, wards
from aurora.sandbox.health import changes, draws, smart
from aurora.sandbox.health.changes import Change
from aurora.sandbox.health.draws import Person
from aurora.sandbox.runtime import Runtime
from recommender.training import households

Resource = dict[str, Any]
# The sandbox country's own systems. `urn:aurora-sandbox` is nobody's.
NATIONAL_ID, REGION, MUNICIPALITY, MARITAL = (
    f"urn:aurora-sandbox:{name}" for name in ("national-id", "region", "municipality", "marital-status")
)
CODED = "urn:aurora-sandbox:extension:coded"
ICD10, LOINC, SNOMED, UCUM = "http://hl7.org/fhir/sid/icd-10", "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
_MARITAL = {"single": ("S", "Never Married"), "single_parent": ("S", "Never Married"), "married": ("M", "Married")}
_SMOKING = {"never": ("266919005", "Never smoked tobacco"), "former": ("8517006", "Ex-smoker"), "current": ("77176002", "Smoker")}
# code, name, UCUM, decimals, around the middle, at each n-th visit
_MEASURED = (
    ("8867-4", "Heart rate", "/min", 0, 5.0, 1),
    ("29463-7", "Body weight", "kg", 1, 1.5, 1),
    ("39156-5", "Body mass index (BMI) [Ratio]", "kg/m2", 1, 0.4, 1),
    ("8302-2", "Body height", "cm", 0, 0.3, 3),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", "g/L", 0, 3.0, 2),
    ("59261-8", "Hemoglobin A1c/Hemoglobin.total in Blood by IFCC protocol", "mmol/mol", 0, 2.0, 2),
    ("14647-2", "Cholesterol [Moles/volume] in Serum or Plasma", "mmol/L", 1, 0.2, 2),
    ("22748-8", "Cholesterol in LDL [Moles/volume] in Serum or Plasma", "mmol/L", 1, 0.2, 2),
    ("14646-4", "Cholesterol in HDL [Moles/volume] in Serum or Plasma", "mmol/L", 1, 0.1, 2),
    ("98979-8", "Glomerular filtration rate/1.73 sq M.predicted (CKD-EPI 2021)", "mL/min/{1.73_m2}", 0, 3.0, 2),
)


def of(household: int, resource: str, here: Runtime) -> list[Resource]:
    """All resources of one type, as they stand now; a child of the register has none."""
    if wards.find(household):
        return []
    person = draws.person(household, here.config.personas)
    made = {"Patient": _patients, "Condition": _conditions, "Observation": _observations, "Procedure": _procedures}[resource](person, here)
    return [_as_changed(one, changes.of(household, here)) for one in made]


def _as_changed(one: Resource, known: list[Change]) -> Resource:
    """Retracted ones are marked so and keep their id: R4 has no other way to take back what was told."""
    mine = [c for c in known if c.target == f"{one['resourceType']}/{one['id']}"]
    if not mine:
        return one
    wrong = {"coding": [{"system": f"{_TERMINOLOGY}/condition-ver-status", "code": "entered-in-error"}]}
    said: Resource = {"verificationStatus": wrong} if one["resourceType"] == "Condition" else {"status": "entered-in-error"}
    if one["resourceType"] == "Condition":
        one = {name: value for name, value in one.items() if name != "clinicalStatus"}
    return {**one, **said, "meta": {"versionId": str(1 + len(mine)), "lastUpdated": stamp(mine[-1].at)}}


def _patients(person: Person, here: Runtime) -> Iterator[Resource]:
    corrected = [c for c in changes.of(person.household, here) if c.target in changes.FACTS]
    told = {c.target: c for c in corrected}
    region = told["region"].value if "region" in told else person.region
    marital = told["marital_status"].value if "marital_status" in told else person.marital
    town = told["municipality"].value if "municipality" in told else person.municipality
    code, display = _MARITAL[marital]
    given, _, family = _name(person.household, here).partition(" ")
    noted = max([here.loaded_at - timedelta(days=430), *(c.at for c in told.values())])
    yield {
        **_head("Patient", smart.patient_id(person.household), noted, version=1 + len(corrected)),
        "active": True,
        "identifier": [{"use": "official", "system": NATIONAL_ID, "value": national_id.make(person.household)}],
        "name": [{"use": "official", "family": family, "given": [given]}],
        "gender": "female" if person.female else "male",
        "birthDate": draws.born(person.household),
        "address": [{"use": "home", "state": region, "_state": _coded(REGION, region), "_city": _coded(MUNICIPALITY, town)}],
        "maritalStatus": {"coding": [_coding(f"{_TERMINOLOGY}/v3-MaritalStatus", code, display), {"system": MARITAL, "code": marital}]},
    }  # fmt: skip


def _conditions(person: Person, here: Runtime) -> Iterator[Resource]:
    for number, ill in enumerate(person.illnesses):
        since = _ago(here, ill.years)
        over = {"abatementDateTime": (since + timedelta(days=ill.lasted)).date().isoformat()} if ill.lasted else {}
        status = (
            {}
            if ill.kind == "entered-in-error"
            else {"clinicalStatus": _status("condition-clinical", "resolved" if ill.lasted else "active")}
        )
        yield {
            **_head("Condition", _id(person, "condition", number), since + timedelta(days=ill.lasted)),
            **status,
            "verificationStatus": _status("condition-ver-status", ill.kind),
            "code": {"coding": [_coding(ICD10, ill.code, ill.text)], "text": ill.text},
            "subject": _subject(person),
            "onsetDateTime": since.date().isoformat(),
            **over,
            "recordedDate": since.date().isoformat(),
        }


def _procedures(person: Person, here: Runtime) -> Iterator[Resource]:
    for number, done in enumerate(person.procedures):
        at = _ago(here, done.years)
        yield {
            **_head("Procedure", _id(person, "procedure", number), at),
            "status": "completed",
            "code": {"coding": [_coding(SNOMED, done.code, done.text)], "text": done.text},
            "subject": _subject(person),
            "performedDateTime": at.date().isoformat(),
        }


def _observations(person: Person, here: Runtime) -> Iterator[Resource]:
    for visit in range(person.visits):
        at = _ago(here, 0.15 + visit * 0.9 + draws.uniform(person.household, f"visit {visit}") * 0.3)
        yield _pressure(person, at, visit)
        for code, text, unit, decimals, around, each in _MEASURED:
            if visit % each == 0:
                value = _around(person, code, visit, around, decimals)
                one = _observation(person, f"{code} {visit}", at, code, text)
                yield {**one, "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit}}
    code, text = _SMOKING[person.smoking]
    smoking = _observation(person, "smoking", _ago(here, 0.7), "72166-2", "Tobacco smoking status")
    yield {**smoking, "valueCodeableConcept": {"coding": [_coding(SNOMED, code, text)], "text": text}}


def _pressure(person: Person, at: datetime, visit: int) -> Resource:
    parts = [
        {
            "code": {"coding": [_coding(LOINC, code, text)]},
            "valueQuantity": {"value": _around(person, code, visit, 6.0, 0), "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"},
        }
        for code, text in (("8480-6", "Systolic blood pressure"), ("8462-4", "Diastolic blood pressure"))
    ]
    return {**_observation(person, f"bp {visit}", at, "85354-9", "Blood pressure panel with all children optional"), "component": parts}


def _observation(person: Person, name: str, at: datetime, code: str, text: str) -> Resource:
    return {
        **_head("Observation", _id(person, name, 0), at),
        "status": "final",
        "code": {"coding": [_coding(LOINC, code, text)], "text": text},
        "subject": _subject(person),
        "effectiveDateTime": stamp(at),
    }


def _head(resource: str, identifier: str, at: datetime, *, version: int = 1) -> Resource:
    return {"resourceType": resource, "id": identifier, "meta": {"versionId": str(version), "lastUpdated": stamp(at)}}


def _coding(system: str, code: str, display: str) -> dict[str, str]:
    return {"system": system, "code": code, "display": display}


def _status(name: str, code: str) -> Resource:
    return {"coding": [{"system": f"{_TERMINOLOGY}/{name}", "code": code}]}


def _coded(system: str, code: str) -> Resource:
    return {"extension": [{"url": CODED, "valueCoding": {"system": system, "code": code}}]}


def _subject(person: Person) -> dict[str, str]:
    return {"reference": f"Patient/{smart.patient_id(person.household)}"}


def _id(person: Person, name: str, number: int) -> str:
    return hashlib.sha256(f"health {name} {number} {person.household}".encode()).hexdigest()[:32]


def _ago(here: Runtime, years: float) -> datetime:
    return here.loaded_at - timedelta(days=round(years * 365.25), hours=3)


def _around(person: Person, code: str, visit: int, deviation: float, decimals: int) -> float | int:
    found = round(draws.normal(person.household, f"{code} at {visit}", person.base[code], deviation), decimals)
    return int(found) if decimals == 0 else found


def _name(household: int, here: Runtime) -> str:
    return next((p.name for p in here.config.personas if p.index == household), "") or people.name_of(household)


def register_says(household: int, fact: str) -> str:
    """What the population register has of the same fact: what a correction usually is."""
    return str(households.facts_of(household)["population.person"].get(fact, ""))


def stamp(at: datetime) -> str:
    """A FHIR instant, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
