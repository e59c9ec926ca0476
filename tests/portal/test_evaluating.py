"""Another organisation's model on a citizen's facts: by consent, once, whoever dies on the way; and what came of it goes with what it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from django.db.models import F
from django.utils import timezone

from aurora.celery import app
from aurora.identity.vault import VaultClosed
from aurora.journeys import evaluate
from aurora.journeys.withdraw import end
from aurora.twin import evaluations
from aurora.twin.models import Evaluation, Fact
from consent import purposes
from consent.errors import NotFound
from consent.models import ConsentRecord, Purpose
from consent.scope import citizen_scope
from recommender.errors import EvaluatorFailed
from recommender.evaluators import registry
from recommender.models import EvaluatorVersion
from tests.portal.at_once import in_thread, until_waiting
from tests.support import evaluators, patients
from tests.support.cast import REGISTER, TAX, Cast, Person
from tests.support.copies import everything
from tests.support.patients import HOSPITAL, SURGERY, asked, consent_to, details, entries, evaluated, left, row_of, rows, tell

State = Evaluation.State
RISK = evaluators.answer(evaluators.FIT)


@pytest.fixture
def version(cast: Cast) -> Iterator[EvaluatorVersion]:
    with patients.model() as found:
        yield found


@pytest.fixture
def patient(cast: Cast, new_person: Person) -> Person:
    new_person.connect(HOSPITAL)
    return new_person


def outcome(person: Person, version: EvaluatorVersion) -> evaluate.Evaluated | None:
    with citizen_scope(person.id):
        ground = evaluate.Ground(citizen_id=person.id, now=timezone.now())
        return evaluate.newest(citizen_id=person.id, versions=[version], ground=ground).get(version.pk)


def withdrawn(person: Person, purpose: str = patients.PURPOSE) -> None:
    end(citizen_id=person.id, consent_id=consent_to(person, purpose).pk, now=timezone.now())


def fails(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    def refuse(*args: Any) -> None:
        raise EvaluatorFailed(code)

    monkeypatch.setattr(evaluate.models, "evaluate", refuse)


# What it is


def test_the_model_s_own_figure_comes_out_with_one_entry_that_names_it(patient: Person, version: EvaluatorVersion) -> None:
    row = evaluated(patient, version)
    found = outcome(patient, version)
    assert found is not None and found.state == State.DONE and found.stands
    assert dict(found.values) == {"infection": pytest.approx(RISK, abs=1e-6)}
    [entry] = entries(patient)
    assert entry.pk == row.entry_id and (entry.event, entry.actor, entry.purpose) == ("aurora:evaluation:made", "aurora", "surgery-risk")
    assert entry.categories == [SURGERY] and entry.consent_ids == [consent_to(patient).pk]
    told = details(patient, entry)
    assert (told["owner"], told["evaluator"], told["version"]) == (HOSPITAL, version.identifier, 1)
    assert told["package"] == version.package_sha256 and told["evaluation"] == str(row.pk)


def test_the_outcome_is_sealed_and_opens_for_its_own_row_only(patient: Person, version: EvaluatorVersion) -> None:
    row = evaluated(patient, version)
    assert row.sealed is not None and b"infection" not in bytes(row.sealed)
    shown = repr(outcome(patient, version)) + repr(row)
    assert "infection" not in shown and f"{RISK:.3f}" not in shown
    with patients.model() as other:
        elsewhere = asked(patient, other)
        evaluate.run(evaluation_id=elsewhere)
        patients.change(patient, elsewhere, sealed=row.sealed)
        with pytest.raises(VaultClosed):
            outcome(patient, other)


def test_looking_again_is_no_new_access_and_asking_again_gives_what_stands(patient: Person, version: EvaluatorVersion) -> None:
    first = evaluated(patient, version)
    assert asked(patient, version) == first.pk
    evaluate.run(evaluation_id=first.pk)  # a message that comes twice
    assert len(entries(patient)) == 1 and len(rows(patient)) == 1


@pytest.mark.parametrize(
    ("facts", "because"),
    [
        ({"age": 17, "sex": "female", "diabetes": True}, [("age", "out_of_range")]),
        ({"age": 67, "sex": "female"}, [("diabetes", "missing")]),
        ({"age": 67, "sex": "other", "diabetes": False}, [("sex", "unknown_value")]),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_does_not_fit_gives_reasons_and_no_figure(
    patient: Person, version: EvaluatorVersion, facts: dict[str, Any], because: list[tuple[str, str]]
) -> None:
    tell(patient, **facts)
    row = evaluated(patient, version)
    found = outcome(patient, version)
    assert row.state == State.NOT_APPLICABLE and found is not None and found.values == {}
    assert list(found.because) == [(f"{SURGERY}.{key}", why) for key, why in because]
    assert [e.pk for e in entries(patient)] == [row.entry_id], "the facts were read"


# What may be


def test_without_a_consent_it_is_refused_and_the_refusal_is_logged(new_person: Person, version: EvaluatorVersion) -> None:
    row = evaluated(new_person, version)
    [entry] = entries(new_person)
    assert (row.state, row.code, row.entry_id) == (State.REFUSED, "no_consent", entry.pk)
    assert (entry.event, entry.decision) == ("aurora:evaluation:refused", "no_consent")
    assert details(new_person, entry)["evaluator"] == version.identifier


def test_a_consent_for_another_purpose_is_none_for_this(patient: Person, version: EvaluatorVersion) -> None:
    withdrawn(patient)
    row = evaluated(patient, version)
    assert consent_to(patient, "own-overview") and (row.state, row.code) == (State.REFUSED, "consent_withdrawn")


def test_what_waits_while_the_consent_is_withdrawn_is_refused_when_it_runs(patient: Person, version: EvaluatorVersion) -> None:
    waiting = asked(patient, version)
    withdrawn(patient)
    assert row_of(patient, waiting).state == State.QUEUED
    evaluate.run(evaluation_id=waiting)
    row = row_of(patient, waiting)
    assert (row.state, row.code) == (State.REFUSED, "consent_withdrawn")
    assert [e.event for e in entries(patient)] == ["aurora:evaluation:refused"]


def test_all_or_nothing(patient: Person, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that needs the taxes too gets nothing at all of a consent to the hospital's data."""
    taxed = {"fact": "tax.income.wages", "feature": "wages", "kind": "number", "unit": "crowns_per_year", "minimum": 0, "maximum": 10**6}
    monkeypatch.setattr(purposes, "limited", lambda: {patients.PURPOSE: {SURGERY, "tax.income"}})
    with patients.model(inputs=[*evaluators.document()["inputs"], taxed]) as wide:
        row = evaluated(patient, wide)
        assert (row.state, row.categories) == (State.REFUSED, [SURGERY, "tax.income"])
        assert [e.event for e in entries(patient)] == ["aurora:evaluation:refused"]


@pytest.mark.parametrize("state", ["registered", "asked", "declined"])
def test_what_is_not_released_does_not_exist(patient: Person, state: str) -> None:
    contract = evaluators.document(identifier=f"hip-risk-{uuid4().hex[:12]}")
    waiting = evaluators.registered(contract)
    if state == "asked":
        registry.ask_release(version_id=waiting.pk, by=evaluators.ASKER, now=timezone.now())
    if state == "declined":
        registry.decline(version_id=waiting.pk, by=evaluators.ASKER, reason="A test.", now=timezone.now())
    with pytest.raises(NotFound):
        asked(patient, waiting)
    assert patient.browser().get(f"/en/evaluations/{waiting.pk}/").status_code == 404
    assert rows(patient) == []


# Whoever dies on the way


def test_a_lost_message_and_a_dead_worker_are_found_and_one_entry_stands(patient: Person, version: EvaluatorVersion) -> None:
    waiting, now = asked(patient, version), timezone.now()
    assert waiting in evaluations.overdue(now=now, most=1000)
    with citizen_scope(patient.id):
        assert evaluations.claim(evaluation_id=waiting, now=now)
    assert waiting not in evaluations.overdue(now=now, most=1000)
    evaluate.run(evaluation_id=waiting)
    assert row_of(patient, waiting).state == State.RUNNING, "another's"
    left(patient, waiting)
    assert waiting in evaluations.overdue(now=timezone.now(), most=1000)
    evaluate.run(evaluation_id=waiting)
    assert row_of(patient, waiting).state == State.DONE and len(entries(patient)) == 1
    assert waiting not in evaluations.overdue(now=timezone.now() + timedelta(days=365), most=1000)


def test_the_sweep_sends_a_message_that_carries_the_row_s_id_and_nothing_else(patient: Person, version: EvaluatorVersion) -> None:
    waiting = asked(patient, version)
    with app.connection_for_read() as connection, connection.SimpleQueue(app.conf.task_default_queue) as queue:
        queue.clear()
        messages = [queue.get(timeout=60) for _ in range(evaluate.sweep(now=timezone.now()))]
        for message in messages:
            message.ack()
    assert ("aurora.evaluate", [[str(waiting)], {}]) in [(m.headers["task"], m.payload[:2]) for m in messages]


def test_a_worker_whose_lease_went_to_another_leaves_nothing(patient: Person, version: EvaluatorVersion) -> None:
    waiting, now = asked(patient, version), timezone.now()
    with citizen_scope(patient.id):
        slow = evaluations.claim(evaluation_id=waiting, now=now)
    assert slow is not None
    left(patient, waiting)
    evaluate.run(evaluation_id=waiting)
    with pytest.raises(evaluate._LeaseLost):
        evaluate._through_the_door(slow, version, "basis", now)
    assert len(entries(patient)) == 1 and row_of(patient, waiting).state == State.DONE


def test_a_worker_killed_in_the_midst_of_it_leaves_no_entry_and_the_next_one_makes_it(
    patient: Person, version: EvaluatorVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = asked(patient, version)

    def dies(point: str) -> None:
        if point == "evaluate.before_commit":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(evaluate.crash, "reach", dies)
        with pytest.raises(KeyboardInterrupt):
            evaluate.run(evaluation_id=waiting)
    assert entries(patient) == [] and row_of(patient, waiting).state == State.RUNNING
    left(patient, waiting)
    evaluate.run(evaluation_id=waiting)
    assert len(entries(patient)) == 1 and row_of(patient, waiting).state == State.DONE


def test_a_refusal_whose_worker_died_is_told_once_more_and_ends(
    new_person: Person, version: EvaluatorVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = asked(new_person, version)

    def dies(point: str) -> None:
        if point == "evaluate.refused":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(evaluate.crash, "reach", dies)
        with pytest.raises(KeyboardInterrupt):
            evaluate.run(evaluation_id=waiting)
    left(new_person, waiting)
    evaluate.run(evaluation_id=waiting)
    assert row_of(new_person, waiting).state == State.REFUSED and len(entries(new_person)) == 2


def test_a_model_that_may_yet_answer_is_tried_again_without_an_entry_and_in_the_end_has_failed_with_one(
    patient: Person, version: EvaluatorVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = asked(patient, version)
    fails(monkeypatch, "timeout")
    for attempt in range(1, evaluations.MAXIMUM_ATTEMPTS):
        before = timezone.now()
        evaluate.run(evaluation_id=waiting)
        row = row_of(patient, waiting)
        assert (row.state, row.code, row.attempt, row.entry_id) == (State.QUEUED, "timeout", attempt, None)
        assert row.due_at > before and entries(patient) == []
        patients.change(patient, waiting, due_at=timezone.now())
    evaluate.run(evaluation_id=waiting)
    row = row_of(patient, waiting)
    assert (row.state, row.code, row.sealed) == (State.FAILED, "timeout", None)
    assert [e.pk for e in entries(patient)] == [row.entry_id]


def test_a_model_that_cannot_answer_has_failed_at_once_and_can_be_asked_again(
    patient: Person, version: EvaluatorVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        fails(patch, "model_out_of_bounds")
        row = evaluated(patient, version)
    assert (row.state, row.code) == (State.FAILED, "model_out_of_bounds") and [e.pk for e in entries(patient)] == [row.entry_id]
    again = evaluated(patient, version)
    assert again.state == State.DONE and [r.pk for r in rows(patient)] == [again.pk]


def test_one_at_which_every_worker_died_is_given_up_without_running_the_model_again(
    patient: Person, version: EvaluatorVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = asked(patient, version)
    with citizen_scope(patient.id):
        assert evaluations.claim(evaluation_id=waiting, now=timezone.now())
    patients.change(patient, waiting, attempt=evaluations.MAXIMUM_ATTEMPTS)
    left(patient, waiting)
    monkeypatch.setattr(evaluate.models, "evaluate", lambda *_: pytest.fail("it was run"))
    evaluate.run(evaluation_id=waiting)
    row = row_of(patient, waiting)
    assert (row.state, row.code) == (State.FAILED, "gave_up") and [e.pk for e in entries(patient)] == [row.entry_id]


def test_one_whose_facts_cannot_be_opened_is_given_up_in_the_end(patient: Person, version: EvaluatorVersion) -> None:
    waiting = asked(patient, version)
    with citizen_scope(patient.id):
        Fact.objects.filter(category=SURGERY).update(sealed=b"\x00" * 60)
    for attempt in range(1, evaluations.MAXIMUM_ATTEMPTS + 1):
        with pytest.raises(VaultClosed):
            evaluate.run(evaluation_id=waiting)
        assert (row_of(patient, waiting).state, row_of(patient, waiting).attempt) == (State.RUNNING, attempt)
        left(patient, waiting)
    with pytest.raises(VaultClosed):
        evaluate.run(evaluation_id=waiting)
    row = row_of(patient, waiting)
    assert (row.state, row.code, row.entry_id) == (State.FAILED, "gave_up", None) and entries(patient) == []
    assert waiting not in evaluations.overdue(now=timezone.now() + timedelta(days=1), most=1000)


def test_of_two_who_ask_at_once_both_get_the_same_one(patient: Person, version: EvaluatorVersion) -> None:
    with citizen_scope(patient.id):
        first, new = evaluations.enqueue(
            citizen_id=patient.id, evaluator_id=version.pk, purpose=patients.PURPOSE, categories=[SURGERY], now=timezone.now()
        )
        second, asking = in_thread(lambda: asked(patient, version))
        until_waiting(1)
    second.join(120)
    assert new and asking == [first] and len(rows(patient)) == 1


def test_who_withdraws_while_the_model_runs_waits_for_it_and_takes_its_outcome_away(
    patient: Person, version: EvaluatorVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, real, withdrawing = asked(patient, version), evaluate.models.evaluate, []

    def slow(*args: Any) -> Any:
        withdrawing.append(in_thread(lambda: withdrawn(patient)))
        until_waiting(1)
        return real(*args)

    monkeypatch.setattr(evaluate.models, "evaluate", slow)
    evaluate.run(evaluation_id=waiting)
    [(thread, ended)] = withdrawing
    thread.join(120)
    assert ended == [None] and rows(patient) == []
    assert [e.event for e in person_entries(patient)] == ["aurora:evaluation:made", "citizen:consent:withdrawn"]


def person_entries(person: Person) -> list[Any]:
    return entries(person, "aurora:evaluation:made", "aurora:evaluation:refused", "citizen:consent:withdrawn")


WHEN, SOME = datetime(2026, 11, 26, tzinfo=UTC), UUID(int=7)


@pytest.mark.parametrize(
    "values",
    [
        {"state": "somewhere"}, {"state": "done", "finished_at": WHEN, "entry_id": SOME}, {"sealed": b"x"},
        {"state": "refused", "finished_at": WHEN, "code": "no_consent"}, {"lease_token": SOME},
        {"state": "failed", "finished_at": WHEN}, {"state": "running"}, {"finished_at": WHEN},
    ],
    ids=lambda values: "-".join([*values, values.get("state", "queued")]),
)  # fmt: skip
def test_the_database_keeps_a_row_s_state_whole(patient: Person, version: EvaluatorVersion, values: dict[str, Any]) -> None:
    waiting = asked(patient, version)
    with pytest.raises(IntegrityError), transaction.atomic():
        patients.change(patient, waiting, **values)


# What came of it goes with what it rests on


def test_withdrawing_its_consent_takes_it_away(patient: Person, version: EvaluatorVersion) -> None:
    evaluated(patient, version)
    withdrawn(patient)
    assert rows(patient) == []


def test_withdrawing_another_purpose_s_consent_leaves_it(patient: Person, version: EvaluatorVersion) -> None:
    row = evaluated(patient, version)
    withdrawn(patient, "own-overview")
    assert [r.pk for r in rows(patient)] == [row.pk]
    found = outcome(patient, version)
    assert found is not None and found.stands


def test_a_consent_that_has_run_out_hides_it_at_once_and_ending_it_takes_it_away(patient: Person, version: EvaluatorVersion) -> None:
    evaluated(patient, version)
    past = timezone.now() - timedelta(minutes=1)
    mine = consent_to(patient)
    with citizen_scope(patient.id):
        ConsentRecord.objects.filter(pk=mine.pk).update(not_before=past - timedelta(days=1), expires_at=past)
    found = outcome(patient, version)
    assert found is not None and not found.stands and found.values == {}
    end(citizen_id=patient.id, consent_id=mine.pk, by="aurora", now=timezone.now())
    assert rows(patient) == []


def test_a_change_of_what_the_consent_means_hides_it(patient: Person, version: EvaluatorVersion) -> None:
    evaluated(patient, version)
    Purpose.objects.filter(pk=patients.PURPOSE).update(binding_since=2)
    try:
        found = outcome(patient, version)
        assert found is not None and not found.stands and found.values == {}
    finally:
        with patients.admin() as database:
            database.execute("UPDATE consent_purpose SET binding_since = 1 WHERE code = %s", [patients.PURPOSE])


def test_other_values_take_it_away_and_those_of_other_sources_do_not(patient: Person, version: EvaluatorVersion) -> None:
    row = evaluated(patient, version)
    patient.connect(TAX)
    assert [r.pk for r in rows(patient)] == [row.pk] and (found := outcome(patient, version)) is not None and found.stands
    tell(patient, age=30, sex="male", diabetes=False)
    found = outcome(patient, version)
    assert found is not None and not found.stands and found.values == {}
    assert evaluated(patient, version).pk != row.pk and len(rows(patient)) == 1
    found = outcome(patient, version)
    assert found is not None and found.values["infection"] < RISK


def test_a_version_that_is_retired_is_shown_no_more_asked_for_no_more_and_what_it_made_goes(
    patient: Person, version: EvaluatorVersion
) -> None:
    evaluated(patient, version)
    patients.retire(version)
    with pytest.raises(NotFound):
        asked(patient, version)
    page: Any = patient.browser().get(f"/en/evaluations/{version.pk}/").context["page"]  # type: ignore[attr-defined]
    assert page.state.value == "retired" and page.estimates == () and not page.can_ask
    [held] = exported(patient)["evaluations"]
    assert not held["stands"], "what is still held is told of (GDPR art. 15), as what it is"
    assert evaluate.forget_retired() >= 1 and rows(patient) == [] and evaluate.forget_retired() == 0
    assert exported(patient)["evaluations"] == []


def test_what_waits_for_a_version_that_is_retired_reads_nothing(patient: Person, version: EvaluatorVersion) -> None:
    waiting = asked(patient, version)
    patients.retire(version)
    evaluate.run(evaluation_id=waiting)
    row = row_of(patient, waiting)
    assert (row.state, row.code, row.entry_id) == (State.FAILED, "retired", None) and entries(patient) == []


@pytest.mark.parametrize("column", ["id", "citizen_id", "evaluator_id", "purpose", "categories", "requested_at"])
def test_the_service_cannot_make_a_row_another_s_or_of_another_model(patient: Person, version: EvaluatorVersion, column: str) -> None:
    waiting = asked(patient, version)
    with citizen_scope(patient.id), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Evaluation.objects.filter(pk=waiting).update(**{column: F(column)})


def exported(person: Person) -> dict[str, Any]:
    return everything(person.id)


def test_it_is_taken_along_with_the_citizen_s_own_data(patient: Person, version: EvaluatorVersion) -> None:
    row = evaluated(patient, version)
    [found] = exported(patient)["evaluations"]
    assert (
        found["values"] == {"infection": pytest.approx(RISK, abs=1e-6)}
        and found["@type"] == ["dpv:InferredPersonalData"]
        and found["stands"]
    )
    assert (found["owner"], found["identifier"], found["version"]) == (f"urn:aurora:agency:{HOSPITAL}", version.identifier, 1)
    assert found["entry"] == f"urn:uuid:{row.entry_id}" and found["package_sha256"] == version.package_sha256


def test_a_stranger_has_none_of_it(patient: Person, version: EvaluatorVersion, cast: Cast) -> None:
    evaluated(patient, version)
    with citizen_scope(cast.cecilia.id):
        assert not Evaluation.objects.exists()
    page: Any = cast.cecilia.browser().get(f"/en/evaluations/{version.pk}/").context["page"]  # type: ignore[attr-defined]
    assert page.estimates == () and page.state.value == "needs"
    assert Evaluation.objects.count() == 0, "no scope, no rows"
    assert exported(cast.cecilia)["evaluations"] == []


def test_suggestions_are_never_asked_for_at_the_hospital(new_person: Person) -> None:
    page: Any = new_person.browser().get(f"/en/sources/{HOSPITAL}/connect/").context["page"]  # type: ignore[attr-defined]
    assert [c.purpose.code for c in page.purposes] == ["own-overview", "model-outcomes", "surgery-risk"]
    page = new_person.browser().get(f"/en/sources/{REGISTER}/connect/").context["page"]  # type: ignore[attr-defined]
    assert "surgery-risk" not in [c.purpose.code for c in page.purposes]
