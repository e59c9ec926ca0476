"""What a model says beside what followed: by a consent of its own, logged, sealed, counted in totals, and gone with the consent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.utils import timezone

from aurora.identity import citizens
from aurora.identity.eid import Identified
from aurora.journeys import _record, evaluate, model_outcomes, withdraw
from aurora.twin import evaluations, reports, write
from aurora.twin.evaluations import OUTCOMES
from aurora.twin.models import Evaluation, OutcomeReport
from aurora.twin.values import NewFact
from consent.scope import citizen_scope
from recommender.models import EvaluatorVersion
from tests.support import evaluators, patients
from tests.support.cast import Cast, Person
from tests.support.copies import everything
from tests.support.patients import HOSPITAL, SURGERY, details, entries, evaluated, rows, tell

State = Evaluation.State
CATEGORY = "hospital.surgery_outcome"
PAIRED, REFUSED = "aurora:outcome:paired", "aurora:outcome:refused"
NAMES = {"happened": f"{CATEGORY}.operated", "months": f"{CATEGORY}.months_followed"}


@pytest.fixture
def version(cast: Cast) -> Iterator[EvaluatorVersion]:
    with patients.model(outcomes=NAMES, outputs=[evaluators.output(outcome=f"{CATEGORY}.infection")]) as found:
        yield found


@pytest.fixture
def patient(cast: Cast, new_person: Person) -> Person:
    new_person.connect(HOSPITAL)
    return new_person


def follow(person: Person, **facts: Any) -> None:
    """The hospital says what followed."""
    now = timezone.now()
    told = {"operated": True, "months_followed": 24, "infection": False, **facts}
    new = [NewFact(CATEGORY, 1, key, value, "reported", HOSPITAL, now, uuid4()) for key, value in told.items() if value is not None]
    with citizen_scope(person.id):
        write.write(citizen_id=person.id, facts=new, now=now)
        write.forget_derived(citizen_id=person.id, categories=[CATEGORY])  # as a pull does


def paired(*people: Person) -> list[Evaluation]:
    """The worker's round: what is due is queued and run; the rows of that purpose."""
    model_outcomes.pair_due(now=timezone.now())
    found = []
    for person in people:
        for row in rows(person):
            if row.purpose == OUTCOMES and row.state in Evaluation.OPEN:
                evaluate.run(evaluation_id=row.pk)
        found += [row for row in rows(person) if row.purpose == OUTCOMES]
    return found


def end(person: Person, purpose: str = OUTCOMES) -> None:
    for record in person.consents(state="given", purpose_id=purpose):
        withdraw.end(citizen_id=person.id, consent_id=record.pk, now=timezone.now())


def test_a_pair_goes_through_the_door_for_its_own_purpose_and_lies_sealed(patient: Person, version: EvaluatorVersion) -> None:
    follow(patient, infection=True)
    [row] = paired(patient)
    assert (row.state, row.purpose, row.categories) == (State.DONE, OUTCOMES, [SURGERY, CATEGORY])
    [entry] = entries(patient, PAIRED)
    assert (entry.pk, entry.actor, entry.purpose, entry.categories) == (row.entry_id, "aurora", OUTCOMES, [SURGERY, CATEGORY])
    assert details(patient, entry)["evaluator"] == version.identifier
    with citizen_scope(patient.id):
        record = _record.opened(row)
    assert record.values["infection"] == pytest.approx(evaluators.answer(evaluators.FIT), abs=1e-6)
    assert {k: record.followed[k] for k in ("happened", "months", "events")} == {
        "happened": True,
        "months": 24,
        "events": {"infection": True},
    }
    assert b"infection" not in bytes(row.sealed or b"") and "infection" not in repr(record)


def outcomes(person: Person) -> list[dict[str, Any]]:
    return [one for one in everything(person.id)["evaluations"] if one["purpose"] == f"urn:aurora:purpose:{OUTCOMES}"]


def test_the_citizen_takes_their_own_along(patient: Person, version: EvaluatorVersion, cast: Cast) -> None:
    """GDPR art. 15: it was derived of them, though it is counted only."""
    follow(patient, infection=True)
    [row] = paired(patient)
    [taken] = outcomes(patient)
    assert (taken["identifier"], taken["purpose"], taken["state"]) == (version.identifier, f"urn:aurora:purpose:{OUTCOMES}", "done")
    assert taken["values"]["infection"] == pytest.approx(evaluators.answer(evaluators.FIT), abs=1e-6)
    assert taken["followed"]["events"] == {"infection": True} and taken["entry"] == f"urn:uuid:{row.entry_id}"
    assert outcomes(cast.cecilia) == []
    end(patient)
    assert outcomes(patient) == []


def test_it_is_made_once_and_anew_when_something_else_is_told(patient: Person, version: EvaluatorVersion) -> None:
    follow(patient)
    [row] = paired(patient)
    assert model_outcomes.pair_due(now=timezone.now()) == 0
    assert [r.pk for r in paired(patient)] == [row.pk] and len(entries(patient, PAIRED)) == 1
    follow(patient, infection=True)
    [again] = paired(patient)
    assert again.pk != row.pk and len(entries(patient, PAIRED)) == 2


def test_it_is_not_the_citizens_estimate_and_the_estimate_is_no_pair(patient: Person, version: EvaluatorVersion) -> None:
    follow(patient)
    own = evaluated(patient, version)
    [row] = paired(patient)
    assert own.purpose == "surgery-risk" and row.pk != own.pk
    page = patient.browser().get(f"/en/evaluations/{version.pk}/").context["page"]
    assert page.made_at == own.finished_at
    end(patient)
    assert [r.pk for r in rows(patient)] == [own.pk], "the estimate rests on another consent"


@pytest.mark.parametrize("missing", [OUTCOMES, "nothing told"])
def test_without_consent_or_outcome_nothing_is_looked_for(patient: Person, version: EvaluatorVersion, missing: str) -> None:
    if missing == OUTCOMES:
        follow(patient)
        end(patient)
    assert paired(patient) == [] and entries(patient, PAIRED, REFUSED) == []


def test_a_consent_to_a_part_is_none(patient: Person, version: EvaluatorVersion) -> None:
    follow(patient)
    [given] = patient.consents(state="given", purpose_id=OUTCOMES)
    withdraw.end(citizen_id=patient.id, consent_id=given.pk, categories=[SURGERY], now=timezone.now())
    [row] = paired(patient)
    assert (row.state, row.code) == (State.REFUSED, "consent_withdrawn") and len(entries(patient, REFUSED)) == 1
    assert model_outcomes.pair_due(now=timezone.now()) == 0, "it is not tried again and again"


@pytest.mark.parametrize(
    ("told", "state"),
    [({"operated": None}, State.NOT_APPLICABLE), ({"operated": False, "months_followed": 0, "infection": None}, State.DONE)],
    ids=["untold", "no operation"],
)
def test_what_is_not_told_is_no_pair_and_no_operation_is_one(
    patient: Person, version: EvaluatorVersion, told: dict[str, Any], state: State
) -> None:
    follow(patient, **told)
    [row] = paired(patient)
    assert row.state == state


def test_inputs_noted_after_what_followed_make_no_pair(patient: Person, version: EvaluatorVersion) -> None:
    follow(patient)
    tell(patient, age=67, sex="female", diabetes=True)
    [row] = paired(patient)
    assert row.state == State.NOT_APPLICABLE
    with citizen_scope(patient.id):
        assert {why for _, why in _record.opened(row).because} == {"too_late"}


def many(cast: Cast, number: int) -> list[Person]:
    """People of whom the hospital tells. Half of them had an infection."""
    found = []
    for at in range(number):
        who = Identified("https://eid.test", f"T-{uuid4().hex}", "Wilhelmiina Testinen")
        person = Person(citizens.find_or_create(identified=who, language="en", now=timezone.now()), who.name, who.national_id)
        person.connect(HOSPITAL)
        tell(person, age=30 + at, sex="female", diabetes=at % 3 == 0)
        follow(person, infection=at % 2 == 0)
        found.append(person)
    return found


def test_totals_are_told_from_ten_on_and_a_withdrawal_leaves_the_next_report(cast: Cast, version: EvaluatorVersion) -> None:
    people = many(cast, 24)
    paired(*people[:5])
    assert model_outcomes.report_due(now=timezone.now()) == 2  # all together, and one quarter
    first, quarter = model_outcomes.performance(version)
    assert first.quarter is None and quarter.quarter is not None and quarter.quarter.day == 1
    for told in (first.content, quarter.content):
        assert told["people"] is None and told["without"] is None
        [output] = told["outputs"]  # type: ignore[misc]
        assert output["people"] is output["events"] is output["auc"] is output["said_without"] is None and output["calibration"] == []
    paired(*people)
    assert model_outcomes.report_due(now=timezone.now()) == 2
    told = model_outcomes.performance(version)[0].content
    assert told["people"] == 20 and told["outputs"][0]["auc"] is not None  # type: ignore[index]
    for person in people[:9]:
        end(person)
    assert model_outcomes.report_due(now=timezone.now()) == 0, "the difference of two reports would be nine people"
    end(people[9])
    assert model_outcomes.report_due(now=timezone.now()) == 2
    told = model_outcomes.performance(version)[0].content
    assert told["people"] == 10 and told["outputs"][0]["auc"] is None  # type: ignore[index]
    left = [row.pk for person in people for row in rows(person) if row.purpose == OUTCOMES]
    assert len(reports.pairs_of(evaluator_id=version.pk)[None]) == len(left) == 14
    patients.retire(version)
    evaluate.forget_retired()
    assert not [row for person in people for row in rows(person)], "what it made goes"
    assert model_outcomes.report_due(now=timezone.now()) == 0 and len(model_outcomes.performance(version)) == 2, "what was told stays told"


def test_what_is_fetched_again_is_nobody_who_came_or_went(cast: Cast, version: EvaluatorVersion) -> None:
    """Every night's pull makes all pairs anew. Else each report would differ from the last by those who withdrew in between."""
    people = many(cast, 11)
    paired(*people)
    assert model_outcomes.report_due(now=timezone.now()) == 2
    for at, person in enumerate(people):
        follow(person, infection=at % 2 == 0)
    end(people[0])
    paired(*people)
    assert model_outcomes.report_due(now=timezone.now()) == 0, "the difference of two reports would be one person"
    for at, person in enumerate(people[1:], start=1):
        follow(person, infection=at % 2 == 1)
    paired(*people)
    assert model_outcomes.report_due(now=timezone.now()) == 2, "of ten people something else is told"


def test_what_is_found_across_citizens_is_ids_and_for_the_service_only(patient: Person, version: EvaluatorVersion, cast: Cast) -> None:
    follow(patient)
    assert evaluations.to_pair(evaluator_id=version.pk, outcome=CATEGORY, now=timezone.now(), most=1000).count(patient.id) == 1
    assert evaluations.to_pair(evaluator_id=version.pk, outcome=CATEGORY, now=timezone.now() + timedelta(days=400), most=10) == []
    assert evaluations.to_pair(evaluator_id=UUID(int=0), outcome="tax.income", now=timezone.now(), most=10) == []
    assert {field.name for field in OutcomeReport._meta.fields} == {
        "id",
        "evaluator_id",
        "quarter",
        "made_at",
        "content",
        "pairs",
        "looked_at",
    }
    with patients.admin() as database:
        for name in ("outcomes_to_pair", "outcome_pairs", "estimates_kept_of"):
            rights = database.execute("SELECT proacl::text FROM pg_proc WHERE proname = %s", [name]).fetchone()
            assert rights is not None and "aurora_app=X" in rights[0] and not rights[0].startswith("{=X")
        assert isinstance(database, psycopg.Connection)
