"""The pages of estimates, over HTTP: what is needed and from whom, asking, progress, every way in which it can end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from aurora.journeys import evaluate
from aurora.journeys.withdraw import end
from consent.scope import citizen_scope
from recommender.errors import EvaluatorFailed
from recommender.models import EvaluatorVersion
from tests.support import evaluators, mandated, patients
from tests.support.cast import FORM, REGISTER, Cast, Person
from tests.support.patients import HOSPITAL, consent_to, entries, evaluated, rows, tell

AT_MOST = {"list": 17, "page": 18, "fragment": 18}


@pytest.fixture
def version(cast: Cast) -> Iterator[EvaluatorVersion]:
    with patients.model() as found:
        yield found


@pytest.fixture
def patient(cast: Cast, new_person: Person) -> Person:
    new_person.connect(HOSPITAL)
    return new_person


def address(version: EvaluatorVersion, language: str = "en") -> str:
    return f"/{language}/evaluations/{version.pk}/"


def shown(face: Client, version: EvaluatorVersion, language: str = "en") -> tuple[Any, str]:
    """The page's context and its text."""
    answer: Any = face.get(address(version, language))
    assert answer.status_code == 200
    return answer.context["page"], answer.content.decode()


def need(page: Any) -> tuple[str, str]:
    [found] = page.needs
    return found.state.value, found.url


# What it needs


def test_what_is_missing_is_said_with_the_way_to_it(new_person: Person, version: EvaluatorVersion) -> None:
    face = new_person.browser()
    page, text = shown(face, version)
    assert need(page) == ("not_connected", f"/en/sources/{HOSPITAL}/connect/") and not page.can_ask
    assert "Work it out" not in text and f'href="/en/sources/{HOSPITAL}/connect/"' in text
    new_person.connect(HOSPITAL)
    page, text = shown(face, version)
    assert need(page) == ("have", "") and page.state.value == "ready" and "Work it out" in text
    end(citizen_id=new_person.id, consent_id=consent_to(new_person).pk, now=timezone.now())
    page, text = shown(face, version)
    assert need(page) == ("not_allowed", f"/en/sources/{HOSPITAL}/connect/") and "Work it out" not in text


def test_a_source_that_had_nothing_is_not_called_complete(patient: Person, version: EvaluatorVersion) -> None:
    with citizen_scope(patient.id):
        patients.write.erase(citizen_id=patient.id, categories=[patients.SURGERY], source=HOSPITAL)
    page, _ = shown(patient.browser(), version)
    assert need(page) == ("not_fetched", "/en/sources/") and not page.can_ask


def test_the_list_tells_what_each_model_is_whose_and_how_one_stands_with_it(patient: Person, version: EvaluatorVersion) -> None:
    with patients.model(name=evaluators.texts("Another model")) as other:
        evaluated(patient, other)
        answer: Any = patient.browser().get("/en/evaluations/")
        states = {card.url: card.state.value for card in answer.context["page"].evaluators}
        assert states == {address(version): "ready", address(other): "done"}
        text = answer.content.decode()
        assert "Another model (en)" in text and "Talking about surgery (en)" in text and "Infection (en)" in text
    gone: Any = patient.browser().get("/en/evaluations/").context["page"]  # type: ignore[attr-defined]
    assert [card.url for card in gone.evaluators] == [address(version)], "one that is retired is not offered"


# Asking


def test_asking_leads_back_to_the_page_which_shows_progress_and_then_the_figure(patient: Person, version: EvaluatorVersion) -> None:
    face = patient.browser()
    answer = face.post(address(version), b"", content_type=FORM)
    assert (answer.status_code, answer["Location"]) == (302, address(version))
    page, text = shown(face, version)
    assert page.state.value == "running" and "<noscript>" in text and f'hx-get="{address(version)}progress/" hx-trigger="every 1s"' in text
    assert "Work it out" not in text
    [waiting] = rows(patient)
    evaluate.run(evaluation_id=waiting.pk)
    fragment = face.get(f"{address(version)}progress/").content.decode()
    page, text = shown(face, version)
    value = evaluators.answer(evaluators.FIT)
    said = f"About {round(value * 100)} in 100"
    assert page.state.value == "done" and said in text and said in fragment
    assert "hx-get" not in fragment + text and "http-equiv" not in text and "<html" not in fragment
    [entry] = entries(patient)
    assert f"/en/activity/{entry.pk}/" in text
    told = face.get(f"/en/activity/{entry.pk}/").content.decode()
    assert "Aurora used your data to work out an estimate" in told and "Allowed" in told


@pytest.mark.parametrize(("language", "said"), [("fi", "Noin {} sadasta"), ("sv", "Ungefär {} av 100"), ("en", "About {} in 100")])
def test_the_figure_is_a_frequency_and_a_probability_beside_other_people_s_in_each_language(
    patient: Person, version: EvaluatorVersion, language: str, said: str
) -> None:
    evaluated(patient, version)
    page, text = shown(patient.browser(), version, language)
    value = evaluators.answer(evaluators.FIT)
    [estimate] = page.estimates
    assert said.format(round(value * 100)) in text and estimate.percent in text and estimate.position in text
    assert "<svg" in text and "<table" in text and estimate.scale.value == pytest.approx(value, abs=1e-6)
    share = version.contract.outputs[0].reference.share_at_or_below(value)
    assert f"{round(share * 100)}" in estimate.position and f"{100 - round(share * 100)}" in estimate.position
    for words in ("meaning", "limits", "population", "intended_use"):
        assert getattr(version.contract, words).of(language) in text
    assert "models@hospital.example" in text and version.identifier in text


def test_a_forged_form_asks_for_nothing(patient: Person, version: EvaluatorVersion) -> None:
    face = patient.browser(enforce_csrf_checks=True)
    assert face.post(address(version), b"", content_type=FORM).status_code == 403
    assert rows(patient) == []


@pytest.mark.parametrize("tail", ["", "progress/"])
def test_an_evaluator_that_is_not_there_is_404(patient: Person, tail: str) -> None:
    face = patient.browser()
    nobody = f"/en/evaluations/{patients.STEWARD}/{tail}"
    assert face.get(nobody).status_code == 404
    if not tail:
        assert face.post(nobody, b"", content_type=FORM).status_code == 404


def test_an_owner_s_text_is_text(patient: Person) -> None:
    odd = dict.fromkeys(("fi", "sv", "en"), "<script>alert(1)</script>")
    bad = {"name": "<b>Somebody</b>", "contact": 'https://hospital.example/"><script>'}
    with patients.model(name=odd, meaning=odd, limits=odd, responsible=bad) as version:
        evaluated(patient, version)
        _, text = shown(patient.browser(), version)
        assert "<script>alert" not in text and "<b>Somebody" not in text and '"><script>' not in text


# How it can end


def test_not_applicable_names_the_fact_and_the_range(patient: Person, version: EvaluatorVersion) -> None:
    tell(patient, age=17, sex="other")
    evaluated(patient, version)
    page, text = shown(patient.browser(), version)
    assert page.state.value == "not_applicable" and page.estimates == () and "Not applicable, because" in text
    said = {unfit.label["en"]: unfit.sentence for unfit in page.unfit}
    assert "from 18 years to 100 years" in said["Age at the assessment"] and "in 100" not in said["Age at the assessment"]
    assert len(said) == 3 and any("not in the data" in s for s in said.values()) and any("It knows: " in s for s in said.values())


def test_who_can_correct_a_fact_is_its_source_and_not_the_model_s_owner(patient: Person) -> None:
    with patients.model() as version:
        tell(patient, age=17)
        evaluated(patient, version)
        with patients.admin() as database:
            moved = "UPDATE consent_datacategory SET source_id = (SELECT id FROM consent_agency WHERE code = %s) WHERE code = %s"
            database.execute(moved, [REGISTER, patients.SURGERY])
            try:
                page, text = shown(patient.browser(), version)
            finally:
                database.execute(moved, [HOSPITAL, patients.SURGERY])
        assert page.unfit and all(unfit.source != page.owner for unfit in page.unfit)
        assert f"(from: {page.unfit[0].source['en']})" in text and f"ask {page.owner['en']}" not in text


def test_a_refusal_says_why_and_leads_to_the_consents(patient: Person, version: EvaluatorVersion) -> None:
    waiting = patients.asked(patient, version)
    end(citizen_id=patient.id, consent_id=consent_to(patient).pk, now=timezone.now())
    evaluate.run(evaluation_id=waiting)
    face = patient.browser()
    page, text = shown(face, version)
    [entry] = entries(patient)
    assert page.state.value == "refused" and "The consent had been ended." in text
    assert 'href="/en/consents/"' in text and f"/en/activity/{entry.pk}/" in text
    told = face.get(f"/en/activity/{entry.pk}/").content.decode()
    assert "Aurora was refused your data for an estimate" in told and "Refused" in told
    listed = face.get("/en/activity/?kind=evaluate").content.decode()
    assert "Aurora was refused your data for an estimate" in listed and "You gave a consent" not in listed


def test_a_failure_is_one_clear_sentence_and_can_be_tried_again(
    patient: Person, version: EvaluatorVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def broken(*args: Any) -> None:
            raise EvaluatorFailed("artefact_damaged")

        patch.setattr(evaluate.models, "evaluate", broken)
        evaluated(patient, version)
    page, text = shown(patient.browser(), version)
    assert page.state.value == "failed" and "not what its owner signed" in text and "Work it out again" in text


def test_what_rests_on_older_data_is_not_shown_and_said_to_be_so(patient: Person, version: EvaluatorVersion) -> None:
    evaluated(patient, version)
    tell(patient, age=30, sex="male", diabetes=False)
    page, text = shown(patient.browser(), version)
    assert page.state.value == "ready" and page.outdated and page.estimates == () and "have changed since" in text


# Others


def test_nobody_gets_there_for_another(version: EvaluatorVersion) -> None:
    principal, attorney = mandated.principal(), mandated.attorney()
    face = mandated.acting(attorney, mandated.mandate(principal, attorney))
    for path in ("/en/evaluations/", address(version), f"{address(version)}progress/"):
        assert face.get(path).status_code == 403
    assert mandated.post(face, address(version)).status_code == 403
    assert rows(principal) == [] and rows(attorney) == []
    assert "/en/evaluations/" not in face.get("/en/consents/").content.decode()


# What it costs


def _counts(face: Client, version: EvaluatorVersion) -> dict[str, int]:
    found = {}
    for name, path in {"list": "/en/evaluations/", "page": address(version), "fragment": f"{address(version)}progress/"}.items():
        face.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert face.get(path).status_code == 200
        found[name] = len(queries)
    return found


@pytest.mark.usefixtures("kept_meanwhile")
def test_the_pages_cost_so_many_statements_whatever_there_is(patient: Person, version: EvaluatorVersion) -> None:
    face = patient.browser()
    evaluated(patient, version)
    little = _counts(face, version)
    with ExitStack() as models:
        for _ in range(3):
            evaluated(patient, models.enter_context(patients.model()))
        patient.connect(REGISTER)
        assert _counts(face, version) == little
    assert little == AT_MOST
