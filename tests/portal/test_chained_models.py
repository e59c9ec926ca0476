"""A model whose input is what another model worked out: kept first, allowed apart, told of on the page, and useless when the first proves faulty."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from aurora.journeys import evaluate, keep_estimate, own_data, replay_evaluation
from aurora.journeys.withdraw import end
from aurora.messages import letters, outbox
from aurora.twin.models import Evaluation
from consent.scope import citizen_scope
from recommender.errors import EvaluatorRefused
from recommender.evaluators import chain, registry
from recommender.evaluators import contract as contracts
from recommender.models import EvaluatorVersion
from tests.support import evaluators, patients
from tests.support.cast import Cast, Person
from tests.support.patients import HOSPITAL, entries, evaluated, tell

State = Evaluation.State
RISK, STAY = "derived.surgery_risk", "derived.hospital_stay"
WEIGHT, BIAS = 3.0, -1.0


def second(**changes: Any) -> dict[str, Any]:
    """A contract whose one input is the first model's result."""
    known = {"fact": f"{RISK}.infection", "feature": "infection", "kind": "number", "unit": "probability", "minimum": 0, "maximum": 1}
    made = evaluators.output(code="long_stay", model="models/long_stay.onnx")
    return evaluators.document(
        **{"identifier": f"stay-{uuid4().hex[:12]}", "inputs": [known], "outputs": [made], "result": STAY, **changes}
    )


def signed(document: dict[str, Any]) -> EvaluatorVersion:
    """A version in the table as if it had come before anybody looked for circles; its release verifies its signature."""
    models = {output["model"]: evaluators.model(weights=(WEIGHT,), bias=BIAS) for output in document["outputs"]}
    signature = evaluators.sign(evaluators.package(document, models=models))
    return evaluators.registered(document, models=models, signature=signature)  # type: ignore[no-any-return]


@pytest.fixture
def first(cast: Cast) -> Iterator[EvaluatorVersion]:
    with patients.model(result=RISK) as found:
        yield found


@pytest.fixture
def stay(first: EvaluatorVersion) -> Iterator[EvaluatorVersion]:
    version = evaluators.released(second(), models={"models/long_stay.onnx": evaluators.model(weights=(WEIGHT,), bias=BIAS)})
    yield version
    version.refresh_from_db()
    if version.state == EvaluatorVersion.State.RELEASED:
        patients.retire(version)


@pytest.fixture
def patient(cast: Cast, new_person: Person) -> Person:
    new_person.connect(HOSPITAL)
    return new_person


def keep(person: Person, version: EvaluatorVersion) -> None:
    evaluated(person, version)
    keep_estimate.keep(citizen_id=person.id, evaluator_id=version.pk, now=timezone.now())


def allow(person: Person, decision: str = "allow", **fields: str) -> Any:
    browser, url = person.browser(), f"/en/estimates/{RISK}/use/"
    token = browser.get(url).context["page"].notice_token
    return browser.post(url, {"notice_token": token, "decision": decision, "end": "3", **fields})


def stands(person: Person, version: EvaluatorVersion) -> evaluate.Evaluated:
    with citizen_scope(person.id):
        ground = evaluate.Ground(citizen_id=person.id, now=timezone.now())
        return evaluate.newest(citizen_id=person.id, versions=[version], ground=ground)[version.pk]


def test_the_second_model_reads_what_the_first_made_and_says_which(
    patient: Person, first: EvaluatorVersion, stay: EvaluatorVersion
) -> None:
    keep(patient, first)
    assert evaluated(patient, stay).state == State.REFUSED, "kept is not yet allowed for this"
    assert allow(patient).status_code == 302
    row = evaluated(patient, stay)
    found = stands(patient, stay)
    assert stands(patient, first).stands, "allowing the second model changes nothing of what the first used"
    risk = evaluators.answer(evaluators.FIT)
    assert row.state == State.DONE and row.categories == [RISK]
    assert found.values["long_stay"] == pytest.approx(1 / (1 + math.exp(-(WEIGHT * risk + BIAS))), abs=1e-6)
    assert dict(found.made_by) == {RISK: first.pk}
    page = patient.browser().get(f"/en/evaluations/{stay.pk}/").content.decode()
    assert "Another model's result went in" in re.sub("&#x27;", "'", page) and f"{first.identifier} 1" in page
    assert replay_evaluation.replay(evaluation_id=row.pk, by="The test", now=timezone.now()).same


def test_provenance_follows_through_the_chain(patient: Person, first: EvaluatorVersion, stay: EvaluatorVersion) -> None:
    keep(patient, first)
    allow(patient)
    keep(patient, stay)
    page = patient.browser().get("/en/my-data/").context["page"]
    [group] = [g for g in page.groups if g.category.code == STAY]
    [came] = group.origin.came_from
    assert came.label["en"].startswith("Infection") and len(came.came_from) == 3 and not came.came_from[0].came_from
    assert {part.source["en"] for part in came.came_from} == {came.source["en"]} and group.origin.gone == 0
    tell(patient, age=68, sex="female", diabetes=True)
    page = patient.browser().get("/en/my-data/").context["page"]
    [group] = [g for g in page.groups if g.category.code == RISK]
    assert group.origin.came_from == () and group.origin.gone == 3


def test_a_first_model_that_proves_faulty_takes_the_second_s_result_along(
    patient: Person, first: EvaluatorVersion, stay: EvaluatorVersion
) -> None:
    keep(patient, first)
    allow(patient)
    keep(patient, stay)
    assert stands(patient, stay).stands
    patients.retire(first)
    assert not stands(patient, stay).stands, "from the steward's commit on"
    row = evaluated(patient, stay)
    assert row.state == State.NOT_APPLICABLE
    assert stands(patient, stay).because == ((f"{RISK}.infection", evaluate.NO_MODEL),), "it is there still, and not to be relied on"
    assert "no longer in use" in patient.browser().get(f"/en/evaluations/{stay.pk}/").content.decode()
    evaluate.forget_retired()
    mine = own_data.view(citizen_id=patient.id, now=timezone.now()).facts
    assert not [f for f in mine if f.provenance == "derived"], "what was kept of the second rested on it"
    told = entries(patient, "aurora:estimate:deleted")
    assert len(told) == 2
    with citizen_scope(patient.id):
        found = [outbox.open_row(row) for row in outbox.for_citizen(citizen_id=patient.id).filter(kind="estimate_recalled")]
    said = [letters.compose(one, language="en") for one in found]
    assert {path for one in said for _, path in one.links} == {f"/en/activity/{e.pk}/" for e in told}
    assert {one.title for one in said} == {"Aurora deleted an estimate that you had kept"} and all(one.sentences for one in said)
    assert evaluated(patient, stay).state == State.NOT_APPLICABLE
    assert stands(patient, stay).because == ((f"{RISK}.infection", evaluate.NO_MODEL),), "and nobody makes it any more"


@pytest.mark.parametrize("gone", ["deleted", "replaced"])
def test_a_fault_is_followed_through_a_result_that_is_gone_meanwhile(
    patient: Person, first: EvaluatorVersion, stay: EvaluatorVersion, gone: str
) -> None:
    keep(patient, first)
    allow(patient)
    keep(patient, stay)
    if gone == "deleted":
        keep_estimate.delete(citizen_id=patient.id, evaluator_id=first.pk, now=timezone.now())
    else:
        tell(patient, age=30, sex="male", diabetes=False)
        keep(patient, first)
    assert STAY in {f.category for f in own_data.view(citizen_id=patient.id, now=timezone.now()).facts}, "theirs to keep"
    patients.retire(first)
    evaluate.forget_retired()
    mine = own_data.view(citizen_id=patient.id, now=timezone.now()).facts
    assert not [f for f in mine if f.provenance == "derived"], "a wrong figure makes every figure wrong that was worked out of it"
    assert {e.categories[0] for e in entries(patient, "aurora:estimate:deleted")} == ({STAY} if gone == "deleted" else {RISK, STAY})


def test_what_is_behind_a_result_is_found_however_far() -> None:
    def parsed(**changes: Any) -> contracts.Contract:
        return contracts.of(second(**changes))

    third = [evaluators.document()["inputs"][0] | {"fact": f"{STAY}.long_stay"}]
    known = [parsed(), parsed(inputs=third, result="derived.third"), contracts.of(evaluators.document(result=RISK))]
    assert chain.behind(["derived.third"], known) == {"derived.third", STAY, RISK, "hospital.surgery"}
    assert chain.behind([RISK], known) == {RISK, "hospital.surgery"} and chain.behind([RISK], []) == {RISK}


def test_a_newer_kept_result_ends_what_rested_on_the_former(patient: Person, first: EvaluatorVersion, stay: EvaluatorVersion) -> None:
    keep(patient, first)
    allow(patient)
    evaluated(patient, stay)
    tell(patient, age=30, sex="male", diabetes=False)
    keep(patient, first)
    with citizen_scope(patient.id):
        assert not Evaluation.objects.filter(citizen_id=patient.id, evaluator_id=stay.pk, state=State.DONE).exists()


def test_withdrawing_the_use_in_other_models_ends_the_second_only(patient: Person, first: EvaluatorVersion, stay: EvaluatorVersion) -> None:
    keep(patient, first)
    allow(patient)
    evaluated(patient, stay)
    [given] = [c for c in patient.consents(state="given") if c.categories == [RISK]]
    assert patient.browser().get(f"/en/consents/{given.pk}/").status_code == 200
    asked = patient.browser().get(f"/en/consents/{given.pk}/withdraw/")
    page = asked.context["page"]
    assert asked.status_code == 200 and not page.can_keep, "nothing was fetched that could be kept"
    assert page.consequences[0] == "No other model reads this estimate any more." and "fetched" not in " ".join(page.consequences)
    end(citizen_id=patient.id, consent_id=given.pk, now=timezone.now())
    with citizen_scope(patient.id):
        done = Evaluation.objects.filter(citizen_id=patient.id, state=State.DONE)
        assert [row.evaluator_id for row in done] == [first.pk]
    assert [f for f in own_data.view(citizen_id=patient.id, now=timezone.now()).facts if f.category == RISK]


def test_the_page_that_asks_records_a_no_once_and_takes_no_other_text(patient: Person, first: EvaluatorVersion) -> None:
    keep(patient, first)
    assert allow(patient, "decline").status_code == 302 and allow(patient, "decline").status_code == 302
    assert len(entries(patient, "citizen:consent:declined")) == 1
    assert allow(patient, end="").status_code == 400
    assert allow(patient, "perhaps").status_code == 400
    assert allow(patient, notice_token="another").status_code == 400
    assert not [c for c in patient.consents(state="given") if c.categories == [RISK]]
    for unknown in ("hospital.surgery", STAY, "no.such"):
        assert patient.browser().get(f"/en/estimates/{unknown}/use/").status_code == 404


def test_a_circle_is_refused_however_long(first: EvaluatorVersion) -> None:
    def parsed(**changes: Any) -> contracts.Contract:
        return contracts.of(second(**changes))

    back = evaluators.document()["inputs"][0] | {"fact": f"{STAY}.long_stay"}
    itself = parsed(result=RISK)
    assert chain.circle(itself, []) == (RISK, RISK)
    closing = parsed(inputs=[back], result=RISK)
    assert chain.circle(closing, [parsed()]) == (RISK, STAY, RISK)
    assert chain.circle(closing, []) == () and chain.circle(parsed(), [first.contract]) == ()
    same = parsed(identifier="one")
    assert chain.circle(contracts.of(second(identifier="one", inputs=[back], result=RISK)), [same]) == (), "an older version of itself"


def test_of_two_that_close_a_circle_one_is_released_once_the_other_is_declined(cast: Cast) -> None:
    back = evaluators.document()["inputs"][0] | {"fact": f"{STAY}.long_stay"}
    both = [signed(second()), signed(second(inputs=[back], result=RISK))]
    with pytest.raises(EvaluatorRefused) as refused, transaction.atomic():
        registry._rests_not_on_itself(both[0].contract)  # where it comes in
    assert refused.value.code == "circular_inputs"
    for version in both:
        registry.ask_release(version_id=version.pk, by=evaluators.ASKER, now=timezone.now())
    for version in both:
        with pytest.raises(EvaluatorRefused) as refused:
            registry.release(version_id=version.pk, by=evaluators.APPROVER, now=timezone.now())
        assert refused.value.code == "circular_inputs" and STAY in refused.value.sentence
    registry.decline(version_id=both[1].pk, by=evaluators.ASKER, reason="It rests on itself.", now=timezone.now())
    registry.release(version_id=both[0].pk, by=evaluators.APPROVER, now=timezone.now())
    late = signed(second(inputs=[back], result=RISK))
    registry.ask_release(version_id=late.pk, by=evaluators.ASKER, now=timezone.now())
    try:
        with pytest.raises(EvaluatorRefused) as refused:
            registry.release(version_id=late.pk, by=evaluators.APPROVER, now=timezone.now())
        assert refused.value.code == "circular_inputs"
    finally:
        registry.decline(version_id=late.pk, by=evaluators.ASKER, reason="The test is over.", now=timezone.now())
        patients.retire(both[0])
