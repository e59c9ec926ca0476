"""An evaluation is made again to the bit from what is kept of it; whatever was changed since is found; the citizen reads who had it done."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from aurora.journeys import _record, replay_evaluation
from aurora.journeys.replay_evaluation import Replayed
from aurora.journeys.withdraw import end
from aurora.twin.models import Evaluation
from consent.errors import NotFound
from consent.scope import citizen_scope
from recommender.evaluators import artefacts
from recommender.evaluators.package import CONTRACT
from recommender.models import EvaluatorVersion
from tests.support import evaluators, patients
from tests.support.cast import Cast, Person
from tests.support.patients import HOSPITAL, change, consent_to, details, entries, evaluated, tell

BY, EVENT = "Milla, case 2026/17", "aurora:evaluation:replayed"


@pytest.fixture
def version(cast: Cast) -> Iterator[EvaluatorVersion]:
    with patients.model() as found:
        yield found


@pytest.fixture
def patient(cast: Cast, new_person: Person) -> Person:
    new_person.connect(HOSPITAL)
    return new_person


def again(evaluation_id: UUID) -> Replayed:
    return replay_evaluation.replay(evaluation_id=evaluation_id, by=BY, now=timezone.now())


def changed(person: Person, kept: Evaluation, **values: Any) -> None:
    """Somebody with the citizen's key has written something else."""
    with citizen_scope(person.id):
        record = _record.opened(kept).ended(**values)
        sealed = _record.sealed(record, citizen_id=person.id, evaluation_id=kept.pk)
    change(person, kept.pk, sealed=sealed)


def next_up(value: float) -> float:
    """The next greater float: one bit away."""
    return float(struct.unpack(">d", struct.pack(">q", struct.unpack(">q", struct.pack(">d", value))[0] + 1))[0])


@pytest.mark.parametrize("age", [67, 17], ids=["a figure", "not applicable"])
def test_it_comes_out_the_same_also_of_a_retired_model_and_the_citizen_reads_who_had_it_done(
    patient: Person, version: EvaluatorVersion, age: int
) -> None:
    tell(patient, age=age, sex="female", diabetes=True)
    row = evaluated(patient, version)
    found = again(row.pk)
    assert found.same and found.differs == () and found.evaluator == version.name
    [entry] = entries(patient, EVENT)
    assert (entry.pk, entry.actor, entry.purpose, entry.categories) == (found.entry_id, "aurora", row.purpose, row.categories)
    assert details(patient, entry)["by"] == BY
    assert f"Asked for by: {BY}." in patient.browser().get(f"/en/activity/{entry.pk}/").content.decode()
    patients.retire(version)
    assert again(row.pk).same


def test_one_bit_is_enough(patient: Person, version: EvaluatorVersion) -> None:
    row = evaluated(patient, version)
    with citizen_scope(patient.id):
        record = _record.opened(row)
    changed(patient, row, values={"infection": next_up(record.values["infection"])})
    assert again(row.pk).differs == ("outcome",)
    assert record.row is not None
    changed(patient, row, values=record.values, row=(next_up(record.row[0]), *record.row[1:]))
    assert again(row.pk).differs == ("row",)
    changed(patient, row, row=record.row, given={**record.given, "hospital.surgery.age": 68})
    assert again(row.pk).differs == ("row",)
    changed(patient, row, given=record.given, package="0" * 64)
    assert again(row.pk).differs == ("package",)
    changed(patient, row, package=record.package)
    assert again(row.pk).same, "as it was"
    sealed = bytes(row.sealed or b"")
    change(patient, row.pk, sealed=sealed[:-1] + bytes([sealed[-1] ^ 1]))
    assert again(row.pk).differs == ("record",)


def changed_on_disk(sha256: str) -> None:
    name = artefacts.path(sha256)
    with default_storage.open(name, "rb") as file:
        content = file.read()
    default_storage.delete(name)
    default_storage.save(name, ContentFile(content[:-1] + bytes([content[-1] ^ 1])))


def test_a_changed_file_and_a_changed_contract_are_found(patient: Person, version: EvaluatorVersion) -> None:
    """The contract's file is this version's alone: its name is in it."""
    row = evaluated(patient, version)
    wider = {**version.contract_json, "limits": evaluators.texts("Anything")}
    with patients.admin() as database:
        database.execute("UPDATE recommender_evaluatorversion SET contract_json = %s WHERE id = %s", [json.dumps(wider), version.pk])
    assert again(row.pk).differs == ("contract",)
    with patients.admin() as database:
        was = json.dumps(version.contract_json)
        database.execute("UPDATE recommender_evaluatorversion SET contract_json = %s WHERE id = %s", [was, version.pk])
    assert again(row.pk).same
    changed_on_disk(next(sha256 for name, sha256 in version.files.items() if name == CONTRACT))
    assert again(row.pk).differs == ("artefact",)


def test_the_command_says_same_or_what_differs_and_no_value(patient: Person, version: EvaluatorVersion) -> None:
    row = evaluated(patient, version)
    out = io.StringIO()
    call_command("replay", str(row.pk), by=BY, stdout=out)
    assert out.getvalue() == f"{row.pk}: same\n"
    changed(patient, row, values={"infection": 0.5})
    out, missing = io.StringIO(), uuid4()
    with pytest.raises(CommandError):
        call_command("replay", str(row.pk), str(missing), by=BY, stdout=out)
    first, second = out.getvalue().splitlines()
    assert first == f"{row.pk}: differs: outcome" and second.startswith(f"{missing}: there is no such")
    assert {details(patient, e)["by"] for e in entries(patient, EVENT)} == {BY}


def test_what_went_with_its_consent_is_not_made_again(patient: Person, version: EvaluatorVersion) -> None:
    row = evaluated(patient, version)
    end(citizen_id=patient.id, consent_id=consent_to(patient).pk, now=timezone.now())
    with pytest.raises(NotFound):
        again(row.pk)
    assert entries(patient, EVENT) == []
