"""An estimate that a citizen keeps: a derived fact that says from what, theirs until they delete it or its model proves faulty."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from aurora.journeys import evaluate, keep_estimate, own_data
from aurora.journeys._door import AccessRefused, open_door
from aurora.journeys.withdraw import end
from aurora.twin.models import Evaluation, Fact
from aurora.twin.values import FactView
from consent import days, notices, queries, services
from consent.errors import Conflict, NotFound
from consent.ledger.events import Event
from consent.rules import AccessRequest
from consent.scope import citizen_scope
from recommender.evaluators import registry
from recommender.models import EvaluatorVersion
from tests.support import evaluators, patients
from tests.support.cast import Cast, Person
from tests.support.copies import everything
from tests.support.patients import HOSPITAL, SURGERY, consent_to, details, entries, evaluated, rows, tell

RISK, KEPT = "derived.surgery_risk", "citizen:estimate:kept"


@pytest.fixture
def version(cast: Cast) -> Iterator[EvaluatorVersion]:
    with patients.model(result=RISK) as found:
        yield found


@pytest.fixture
def patient(cast: Cast, new_person: Person) -> Person:
    new_person.connect(HOSPITAL)
    return new_person


def kept(person: Person, version: EvaluatorVersion) -> UUID:
    return keep_estimate.keep(citizen_id=person.id, evaluator_id=version.pk, now=timezone.now())


def facts(person: Person, category: str = RISK) -> list[FactView]:
    return [f for f in own_data.view(citizen_id=person.id, now=timezone.now()).facts if f.category == category]


def withdrawn(person: Person, *, keep: bool = False) -> None:
    for purpose in ("surgery-risk", "own-overview", "model-outcomes"):
        for record in person.consents(state="given", purpose_id=purpose):
            end(citizen_id=person.id, consent_id=record.pk, now=timezone.now(), keep=keep)


def test_what_is_kept_is_a_derived_fact_that_says_from_what_and_by_which_version(patient: Person, version: EvaluatorVersion) -> None:
    row = evaluated(patient, version)
    entry_id = kept(patient, version)
    [fact] = facts(patient)
    assert (fact.key, fact.provenance, fact.source, fact.derived_by) == ("infection", "derived", HOSPITAL, version.pk)
    assert fact.value == pytest.approx(evaluators.answer(evaluators.FIT), abs=1e-6) and fact.observed_at == row.finished_at
    mine = own_data.view(citizen_id=patient.id, now=timezone.now()).facts
    assert {f.name for f in mine if f.id in fact.derived_from} == set(evaluators.FIT) and len(fact.derived_from) == 3
    [entry] = entries(patient, KEPT)
    assert (entry.pk, entry.actor, entry.categories, entry.source) == (entry_id, "citizen", [RISK], HOSPITAL)
    assert details(patient, entry)["evaluation"] == str(row.pk)
    [exported] = [f for f in everything(patient.id)["facts"] if f["category"] == f"urn:aurora:category:{RISK}"]
    assert exported["provenance"] == "derived" and exported["derived_by"] == f"urn:uuid:{version.pk}" and len(exported["derived_from"]) == 3


def test_only_what_stands_can_be_kept(patient: Person, version: EvaluatorVersion) -> None:
    with pytest.raises(Conflict):
        kept(patient, version)
    tell(patient, age=17, sex="female", diabetes=True)
    evaluated(patient, version)
    with pytest.raises(Conflict):
        kept(patient, version)  # not applicable: there is no figure
    tell(patient, age=67, sex="female", diabetes=True)
    evaluated(patient, version)
    tell(patient, age=68, sex="female", diabetes=True)
    with pytest.raises(Conflict):
        kept(patient, version)  # of facts that have changed since
    assert facts(patient) == []
    with patients.model() as plain:
        evaluated(patient, plain)
        with pytest.raises(NotFound):
            kept(patient, plain)  # its contract names no kind of data for it


def test_a_newer_result_takes_its_place_and_the_database_holds_no_estimate_without_its_origin(
    patient: Person, version: EvaluatorVersion
) -> None:
    evaluated(patient, version)
    kept(patient, version)
    [first] = facts(patient)
    tell(patient, age=80, sex="male", diabetes=True)
    evaluated(patient, version)
    assert [f.id for f in facts(patient)] == [first.id], "until they keep the newer one"
    kept(patient, version)
    [second] = facts(patient)
    assert second.id != first.id and second.value > first.value
    with citizen_scope(patient.id):
        assert Fact.objects.filter(citizen_id=patient.id, category=RISK).count() == 1
        for wrong in ({"derived_from": None}, {"kept_at": None}, {"provenance": "reported"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Fact.objects.filter(pk=second.id).update(**wrong)


def test_withdrawing_deletes_the_estimate_and_leaves_what_was_kept_of_it(patient: Person, version: EvaluatorVersion) -> None:
    evaluated(patient, version)
    kept(patient, version)
    withdrawn(patient)
    assert [f.key for f in facts(patient)] == ["infection"] and facts(patient, SURGERY) == []
    assert [r for r in rows(patient) if r.state == Evaluation.State.DONE] == []
    own_data.forget_kept(citizen_id=patient.id, category=RISK, source=HOSPITAL, now=timezone.now())
    assert facts(patient) == []


def test_deleting_takes_the_estimate_and_what_was_kept_and_is_logged(patient: Person, version: EvaluatorVersion) -> None:
    evaluated(patient, version)
    keep_estimate.delete(citizen_id=patient.id, evaluator_id=version.pk, now=timezone.now())
    assert rows(patient) == []
    evaluated(patient, version)
    kept(patient, version)
    keep_estimate.delete(citizen_id=patient.id, evaluator_id=version.pk, now=timezone.now())
    assert rows(patient) == [] and facts(patient) == []
    told = entries(patient, "citizen:estimate:deleted")
    assert [details(patient, e)["facts_erased"] for e in told] == [0, 1]
    with pytest.raises(NotFound):
        keep_estimate.delete(citizen_id=patient.id, evaluator_id=version.pk, now=timezone.now())


def test_a_model_retired_for_cause_takes_along_what_was_kept_and_one_that_made_room_does_not(
    patient: Person, version: EvaluatorVersion
) -> None:
    evaluated(patient, version)
    kept(patient, version)
    newer = evaluators.registered({**version.contract_json, "version": 2})
    registry.ask_release(version_id=newer.pk, by=evaluators.ASKER, now=timezone.now())
    found = EvaluatorVersion.objects.filter(pk=newer.pk)
    at = timezone.now()
    EvaluatorVersion.objects.filter(pk=version.pk).update(
        state="retired", closed_by=evaluators.APPROVER, closed_at=at, reason="replaced by version 2"
    )
    found.update(state="released", released_by=evaluators.APPROVER, released_at=at)
    evaluate.forget_retired()
    assert [f.derived_by for f in facts(patient)] == [version.pk], "replaced: it has no fault"
    evaluated(patient, newer)
    kept(patient, newer)
    patients.retire(newer)
    evaluate.forget_retired()
    assert facts(patient) == []
    [entry] = entries(patient, "aurora:estimate:deleted")
    assert (entry.categories, entry.source, details(patient, entry)["facts_erased"]) == ([RISK], HOSPITAL, 1)


def test_an_agency_reads_it_by_a_consent_that_names_it_and_no_other(patient: Person, version: EvaluatorVersion, cast: Cast) -> None:
    evaluated(patient, version)
    kept(patient, version)
    cast.office.granted(patient)
    [given] = patient.consents(state="given", purpose_id=cast.office.purpose)
    request = AccessRequest(patient.id, given.recipient.code, given.purpose_id, frozenset({RISK}))
    asks = {"granted": Event.AGENCY_READ, "refused": Event.AGENCY_READ_REFUSED}
    with pytest.raises(AccessRefused) as refused, open_door(request, now=timezone.now(), **asks):
        pass
    assert refused.value.code == "category_not_covered"
    [category] = queries.current_categories([RISK])
    text = notices.compose(
        language="en", recipient=given.recipient, source=None, purpose=given.purpose_version, categories=[category], terms=(),
        recipient_version=given.recipient_version,
    )  # fmt: skip
    with citizen_scope(patient.id):
        services.give(
            citizen_id=patient.id, recipient=given.recipient, source=None, purpose=given.purpose_id, categories=[RISK],
            notice=notices.keep(text, now=timezone.now()), until=days.today() + timedelta(days=30), now=timezone.now(),
        )  # fmt: skip
    with open_door(request, now=timezone.now(), **asks) as opened:
        assert [(f.name, f.provenance) for f in opened.facts] == [(f"{RISK}.infection", "derived")]


def test_the_pages_keep_show_and_delete(patient: Person, version: EvaluatorVersion) -> None:
    browser, url = patient.browser(), f"/en/evaluations/{version.pk}/"
    asked = browser.get(url).content.decode()
    assert all(output.name.en in asked.split("Work it out")[0].split("You will be told")[1] for output in version.contract.outputs)
    evaluated(patient, version)
    page = browser.get(url).content.decode()
    assert "Keep among my data" in page and "Delete estimate" in page and "It is deleted when you withdraw the consent." in page
    assert browser.post(f"{url}keep/").status_code == 302
    page = browser.get(url).content.decode()
    assert "It is deleted when you withdraw" not in page and "It stays among your data when you withdraw" in page
    assert "You have kept this estimate" in page and "Keep among my data" not in page and f"/en/estimates/{RISK}/use/" in page
    mine = browser.get("/en/my-data/").content.decode()
    for said in (
        "What it means, what it does not, who is responsible",
        "How many of a hundred like you (en)",
        "models@hospital.example",
        "Age at the",
    ):
        assert said in mine
    assert browser.post(f"{url}delete/").status_code == 302
    assert "Delete estimate" not in browser.get(url).content.decode()
    assert browser.post(f"{url}delete/").status_code == 404


def test_nobody_keeps_or_deletes_for_another(patient: Person, version: EvaluatorVersion, cast: Cast) -> None:
    evaluated(patient, version)
    kept(patient, version)
    stranger = cast.cecilia.browser()
    assert stranger.post(f"/en/evaluations/{version.pk}/delete/").status_code == 404
    assert f"{RISK}" not in stranger.get("/en/my-data/").content.decode().split("Not in Aurora")[0]
    assert len(facts(patient)) == 1 and consent_to(patient)
