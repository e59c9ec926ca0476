"""An evaluation made again: the same bits, or it is found in which part something was changed."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from aurora.journeys import _record, replay_evaluation
from aurora.journeys.replay_evaluation import Replayed
from aurora.twin.models import Evaluation
from consent.errors import NotFound
from consent.scope import citizen_scope
from recommender.errors import EvaluatorFailed
from recommender.evaluators import runner
from recommender.models import EvaluatorVersion
from tests.support import evaluators, patients
from tests.support.cast import Cast, Person
from tests.support.patients import HOSPITAL, asked, change, details, entries, evaluated, row_of, tell

REPLAYED = "aurora:evaluation:replayed"


@pytest.fixture
def version(cast: Cast) -> Iterator[EvaluatorVersion]:
    with patients.model() as found:
        yield found


@pytest.fixture
def patient(cast: Cast, new_person: Person) -> Person:
    new_person.connect(HOSPITAL)
    return new_person


def again(row: Evaluation) -> Replayed:
    return replay_evaluation.replay(evaluation_id=row.pk, now=timezone.now())


def reseal(person: Person, row: Evaluation, **changes: object) -> None:
    """Whoever holds the citizen's key writes something else into the record."""
    with citizen_scope(person.id):
        record = _record.opened(row).ended(**changes)
        change(person, row.pk, sealed=_record.sealed(record, citizen_id=person.id, evaluation_id=row.pk))


def test_a_figure_comes_out_again_to_the_bit_in_a_new_process_and_the_log_tells_of_it(patient: Person, version: EvaluatorVersion) -> None:
    row = evaluated(patient, version)
    runner.kept().close()
    found = again(row)
    assert (found.same, found.differs, found.evaluator) == (True, (), version.name)
    assert found.package_sha256 == version.package_sha256
    [entry] = entries(patient, REPLAYED)
    assert (entry.pk, entry.actor, entry.purpose, entry.categories) == (found.entry_id, "aurora", "surgery-risk", row.categories)
    assert details(patient, entry)["evaluation"] == str(row.pk)
    with citizen_scope(patient.id):
        record = _record.opened(row)
    assert record.row == (67.0, 0.0, 1.0) and dict(record.given) == evaluators.FIT and len(record.sources) == 3
    for value in (*record.values.values(), *record.row, "female", "infection"):
        assert str(value) not in repr(found) + repr(record)


def test_what_was_not_applicable_is_so_again(patient: Person, version: EvaluatorVersion) -> None:
    tell(patient, age=17, sex="other")
    found = again(evaluated(patient, version))
    assert found.same


def test_facts_that_changed_since_do_not_matter_but_a_changed_record_does(patient: Person, version: EvaluatorVersion) -> None:
    row = evaluated(patient, version)
    with citizen_scope(patient.id):
        record = _record.opened(row)
    patients.tell(patient, age=30, sex="male", diabetes=False)
    assert again(row).same
    # The smallest change that a float knows.
    nearest = {code: value * (1 + 2**-52) for code, value in record.values.items()}
    reseal(patient, row, values=nearest)
    assert again(row).differs == ("outcome",)
    reseal(patient, row, given={**record.given, "hospital.surgery.age": 68})
    assert again(row_of(patient, row.pk)).differs == ("row",)
    reseal(patient, row, package="0" * 64)
    assert again(row_of(patient, row.pk)).differs == ("package",)
    reseal(patient, row, version=uuid4())
    assert again(row_of(patient, row.pk)).differs == ("package",)


@pytest.mark.parametrize("place", [0, 20, -1])
def test_a_changed_byte_of_the_row_is_found(patient: Person, version: EvaluatorVersion, place: int) -> None:
    row = evaluated(patient, version)
    sealed = bytearray(bytes(row.sealed or b""))
    sealed[place] ^= 1
    change(patient, row.pk, sealed=bytes(sealed))
    found = again(row)
    assert (found.same, found.differs) == (False, ("record",))
    assert len(entries(patient, REPLAYED)) == 1


@pytest.mark.parametrize("name", ["models/infection.onnx", "contract.json", "vectors.json"])
def test_a_changed_byte_of_the_artefact_is_found(patient: Person, version: EvaluatorVersion, name: str) -> None:
    row = evaluated(patient, version)
    path = f"evaluators/{version.files[name][:2]}/{version.files[name]}"
    with default_storage.open(path, "rb") as file:
        content = file.read()
    try:
        default_storage.delete(path)
        default_storage.save(path, ContentFile(bytes([content[0] ^ 1]) + content[1:]))
        # The process that ran it holds the model in memory, and would answer as before.
        assert again(row).differs == ("artefact",)
        default_storage.delete(path)
        assert again(row).differs == ("artefact",)
    finally:
        default_storage.delete(path)
        default_storage.save(path, ContentFile(content))
    assert again(row).same


def test_a_contract_that_was_changed_in_the_table_is_found(patient: Person, version: EvaluatorVersion) -> None:
    row = evaluated(patient, version)
    with patients.admin() as database:
        database.execute(
            "UPDATE recommender_evaluatorversion SET contract_json = jsonb_set(contract_json, '{outputs,0,column}', '1') WHERE id = %s",
            [version.pk],
        )
    assert again(row).differs == ("contract",)


def test_a_model_that_cannot_be_run_now_is_no_difference(
    patient: Person, version: EvaluatorVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = evaluated(patient, version)

    def late(*args: object, **kwargs: object) -> None:
        raise runner.RunnerError("timeout")

    monkeypatch.setattr(runner.Runner, "load_and_run", late)
    with pytest.raises(EvaluatorFailed) as failed:
        again(row)
    assert failed.value.retryable and len(entries(patient, REPLAYED)) == 1


def test_what_is_not_there_or_has_no_outcome_cannot_be_made_again(patient: Person, version: EvaluatorVersion) -> None:
    with pytest.raises(NotFound):
        replay_evaluation.replay(evaluation_id=uuid4(), now=timezone.now())
    waiting = asked(patient, version)
    with pytest.raises(NotFound):
        replay_evaluation.replay(evaluation_id=waiting, now=timezone.now())
    assert entries(patient, REPLAYED) == []
