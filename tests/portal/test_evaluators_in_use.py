"""A released model is run and shown only while it may be: what changes after its release stops it, before its run and in the midst of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from aurora.journeys import evaluate
from aurora.twin.models import Evaluation
from consent.errors import NotFound
from consent.models import DataCategoryVersion
from recommender.evaluators import hold
from recommender.models import EvaluatorVersion
from tests.portal.at_once import in_thread, until_waiting
from tests.support import evaluators, patients
from tests.support.cast import Cast, Person
from tests.support.patients import HOSPITAL, SURGERY, asked, entries, evaluated, row_of, rows, tell

State = Evaluation.State
AGE = 0  # its place among the inputs


@pytest.fixture
def version(cast: Cast) -> Iterator[EvaluatorVersion]:
    with patients.model() as found:
        yield found


@pytest.fixture
def patient(cast: Cast, new_person: Person) -> Person:
    new_person.connect(HOSPITAL)
    return new_person


@contextmanager
def vocabulary(change: Callable[[dict[str, Any]], None]) -> Iterator[None]:
    """A second version of the hospital's kind of data, of the same meaning by its own word."""
    first = DataCategoryVersion.objects.get(category_id=SURGERY, version=1)
    schema = copy.deepcopy(first.schema)
    change(schema["properties"])
    columns = [f.column for f in DataCategoryVersion._meta.concrete_fields if f.column not in ("id", "version", "schema")]
    with patients.admin() as database:
        database.execute(
            f"INSERT INTO {DataCategoryVersion._meta.db_table} (version, schema, {', '.join(columns)}) "
            f"SELECT 2, %s::jsonb, {', '.join(columns)} FROM {DataCategoryVersion._meta.db_table} WHERE id = %s",
            [json.dumps(schema), first.pk],
        )
        try:
            yield
        finally:
            database.execute("DELETE FROM consent_datacategoryversion WHERE category_id = %s AND version = 2", [SURGERY])


def in_months(facts: dict[str, Any]) -> None:
    facts["age"] |= {"x-unit": "months", "maximum": 1500}


def shown(person: Person, version: EvaluatorVersion) -> tuple[Any, str]:
    answer: Any = person.browser().get(f"/en/evaluations/{version.pk}/")
    return answer.context["page"], answer.content.decode()


def offered(person: Person) -> list[str]:
    page: Any = person.browser().get("/en/evaluations/").context["page"]  # type: ignore[attr-defined]
    return [card.url for card in page.evaluators]


# The vocabulary


def test_a_model_whose_unit_is_no_longer_the_data_s_is_not_run_and_what_it_made_goes(patient: Person, version: EvaluatorVersion) -> None:
    made = evaluated(patient, version)
    with vocabulary(in_months):
        page, text = shown(patient, version)
        assert page.state.value == "stopped" and page.estimates == () and not page.can_ask and "no longer has the form" in text
        assert f"/en/evaluations/{version.pk}/" not in offered(patient)
        with pytest.raises(NotFound):
            asked(patient, version)
        assert made.state == State.DONE and evaluate.forget_retired() >= 1 and rows(patient) == []


def test_what_waits_while_the_unit_changes_reads_nothing(patient: Person, version: EvaluatorVersion) -> None:
    waiting = asked(patient, version)
    with vocabulary(in_months):
        evaluate.run(evaluation_id=waiting)
        row = row_of(patient, waiting)
        assert (row.state, row.code, row.entry_id) == (State.FAILED, "unfit", None) and entries(patient) == []


def test_a_fact_that_was_fetched_in_another_unit_gives_no_figure(patient: Person) -> None:
    """The model is made for months, and so is the data of today; this person's age was fetched in years."""
    inputs = evaluators.document()["inputs"]
    inputs[AGE] |= {"unit": "months", "minimum": 0, "maximum": 1500}
    with vocabulary(in_months), patients.model(inputs=inputs) as version:
        tell(patient, age=67, sex="female", diabetes=True)
        row = evaluated(patient, version)
        page, text = shown(patient, version)
        assert row.state == State.NOT_APPLICABLE and page.estimates == ()
        assert [unfit.label["en"] for unfit in page.unfit] == ["Age at the assessment"] and "fetched in another form" in text


def test_a_version_that_changes_words_only_stops_nothing(patient: Person, version: EvaluatorVersion) -> None:
    with vocabulary(lambda facts: facts["age"].update({"x-label": evaluators.texts("Age")})):
        assert evaluated(patient, version).state == State.DONE


# The owner


def test_the_models_of_an_owner_who_is_no_longer_active_are_neither_run_nor_shown(patient: Person, version: EvaluatorVersion) -> None:
    with patients.model() as other:
        evaluated(patient, other)
        waiting = asked(patient, version)
        with away(HOSPITAL):
            page, text = shown(patient, other)
            assert page.state.value == "stopped" and page.estimates == () and "does not take part in Aurora" in text
            assert offered(patient) == []
            evaluate.run(evaluation_id=waiting)
            row = row_of(patient, waiting)
            assert (row.state, row.code, row.entry_id) == (State.FAILED, "owner_away", None)
            assert evaluate.forget_retired() >= 1 and [r.pk for r in rows(patient)] == [waiting]
        assert evaluated(patient, version).state == State.DONE, "the owner is back"


@contextmanager
def away(agency: str) -> Iterator[None]:
    with patients.admin() as database:
        database.execute("UPDATE consent_agency SET active = false WHERE code = %s", [agency])
        try:
            yield
        finally:
            database.execute("UPDATE consent_agency SET active = true WHERE code = %s", [agency])


# The version


def test_one_that_is_retired_after_its_worker_began_is_not_run(
    patient: Person, version: EvaluatorVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = asked(patient, version)
    monkeypatch.setattr(evaluate.crash, "reach", lambda point: patients.retire(version) if point == "evaluate.claimed" else None)
    monkeypatch.setattr(evaluate.models, "evaluate", lambda *_: pytest.fail("it was run"))
    evaluate.run(evaluation_id=waiting)
    row = row_of(patient, waiting)
    assert (row.state, row.code, row.entry_id) == (State.FAILED, "retired", None) and entries(patient) == []


def test_a_page_says_that_an_outcome_is_being_deleted_as_long_as_there_is_one(patient: Person, version: EvaluatorVersion) -> None:
    evaluated(patient, version)
    patients.retire(version)
    leaving, gone = "is being deleted", "has been deleted"
    page, text = shown(patient, version)
    assert page.state.value == "retired" and page.leaving and leaving in text and gone not in text
    assert evaluate.forget_retired() >= 1
    page, text = shown(patient, version)
    assert page.state.value == "retired" and not page.leaving and leaving not in text and gone not in text


def test_who_retires_it_while_it_runs_waits_for_it_and_others_run_it_beside(
    patient: Person, version: EvaluatorVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, real, retiring = asked(patient, version), evaluate.models.evaluate, []

    def slow(*args: Any) -> Any:
        beside, told = in_thread(lambda: hold_beside(version))
        beside.join(120)
        retiring.append((told, in_thread(lambda: patients.retire(version))))
        until_waiting(1)
        return real(*args)

    monkeypatch.setattr(evaluate.models, "evaluate", slow)
    evaluate.run(evaluation_id=waiting)
    [(told, (thread, ended))] = retiring
    thread.join(120)
    assert told == [True] and ended == [None] and row_of(patient, waiting).state == State.DONE
    version.refresh_from_db()
    assert version.state == EvaluatorVersion.State.RETIRED


def hold_beside(version: EvaluatorVersion) -> bool:
    with transaction.atomic():
        return hold.released(version.pk)
