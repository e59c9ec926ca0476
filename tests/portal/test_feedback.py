"""Feedback on suggestions: each thing once, the citizen's own, taken back at will, gone with the consent; and what tries to poison it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone

from aurora.journeys import give_feedback, withdraw
from aurora.twin import feedback, suggestions
from aurora.twin.feedback import RUNS_MEASURED, Feedback, Kind
from consent.errors import InvalidInput, NotFound
from consent.scope import citizen_scope
from tests.portal.at_once import in_thread
from tests.support.cast import FORM, REGISTER, TAX, Cast, Person
from tests.support.copies import everything
from tests.support.mandated import acting, attorney, consented, mandate, somebody

PAGE = "/en/suggestions/"
WHOLE = ("family", "taxation", "housing", "social-security", "life")
GIVE, UNDO = "/en/suggestions/feedback/", "/en/suggestions/feedback/undo/"


@pytest.fixture
def person(cast: Cast) -> Person:
    """Somebody who lets suggestions be made from the register: by the services, since how it is connected is tested elsewhere."""
    made = somebody("Kaino Palaute")
    consented(made, REGISTER, purpose="service-suggestions")
    return made


def page_of(face: Client, **headers: str) -> Any:
    return face.get(PAGE, headers=headers).context["page"]  # type: ignore[attr-defined]


def post(face: Client, path: str, **form: str) -> HttpResponse:
    return face.post(path, urlencode(form), content_type=FORM)  # type: ignore[return-value]


def rows(person: Person) -> list[tuple[str, str, str]]:
    with citizen_scope(person.id):
        return sorted(Feedback.objects.values_list("service", "kind", "why"))


def kinds(person: Person, *which: str) -> list[tuple[str, str, str]]:
    return [row for row in rows(person) if row[1] in (which or ("helpful", "not_for_me", "applied"))]


def first(face: Client, at: int = 0) -> tuple[str, dict[str, str]]:
    """The run and service of one suggestion, as its form sends them."""
    view = page_of(face).suggestions[at].feedback
    return view.service, {"run": view.run, "service": view.service, "for": view.whom}


def test_a_page_that_was_shown_notes_its_open_cards_once(person: Person) -> None:
    face = person.browser()
    page = page_of(face)
    shown = sorted((one.code, "shown", "") for one in page.suggestions)
    assert rows(person) == shown and len(shown) == 5 and page.rest
    page_of(face)
    assert rows(person) == shown


def test_the_rest_of_the_list_is_shown_and_noted_when_it_is_asked_for(person: Person) -> None:
    """Else nothing could be learnt of what is explored in the places after the fifth."""
    face = person.browser()
    first = page_of(face)
    assert first.rest and first.rest[0].name["en"].encode() not in face.get(PAGE).content, "what is not noted is not on the page"
    whole = face.get(first.more_url).context["page"]  # type: ignore[attr-defined]
    assert [one.code for one in whole.suggestions] == [one.code for one in (*first.suggestions, *first.rest)]
    assert whole.rest == () and whole.more_url == ""
    assert sorted(one.code for one in whole.suggestions) == [service for service, _, _ in kinds(person, "shown")]
    # What is said of one of them leads back to its card.
    view = whole.suggestions[-1].feedback
    answer = post(face, GIVE, run=view.run, service=view.service, kind="helpful", **{"for": view.whom})
    back = face.get(answer["Location"]).context["page"]  # type: ignore[attr-defined]
    assert answer["Location"].endswith(f"#service-{view.service}") and back.suggestions[-1].feedback.helpful
    for typed in ("", "no-such-service", first.suggestions[0].code, "\x00"):
        assert len(face.get(PAGE, {"upto": typed}).context["page"].suggestions) == 5  # type: ignore[attr-defined]


def test_what_no_person_asked_for_notes_nothing(person: Person) -> None:
    face = person.browser()
    for headers in (
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Moz": "prefetch"},
        {"Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        view = page_of(face, **headers).suggestions[0].feedback
        assert face.get(view.open_url, headers=headers).status_code == 302
        assert rows(person) == [], headers
    assert face.head(PAGE).status_code == 200 and face.head(view.open_url).status_code == 302
    assert rows(person) == []


def test_opening_a_suggested_service_is_noted_once_and_leads_to_its_page(person: Person) -> None:
    face = person.browser()
    view = page_of(face).suggestions[1]
    assert view.url == view.feedback.open_url
    for _ in range(2):
        answer = face.get(view.url, headers={"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"})
        assert (answer.status_code, answer["Location"]) == (302, f"/en/services/{view.code}/")
        assert "no-store" in answer["Cache-Control"]
    assert kinds(person, "opened") == [(view.code, "opened", "")]


def test_an_opening_of_what_was_not_suggested_is_not_noted(person: Person) -> None:
    face = person.browser()
    view = page_of(face).suggestions[0].feedback
    assert face.get(f"/en/suggestions/open/{uuid4()}/{view.service}/").status_code == 302
    with citizen_scope(person.id):
        record = suggestions.get(UUID(view.run)).content["record"]
    listed = {item["service"] for item in record["slate"]}
    other = next(code for code in ("hearing-aids", "farm-advice", "pension-advice") if code not in listed)
    assert face.get(f"/en/suggestions/open/{view.run}/{other}/").status_code == 302
    assert face.get(f"/en/suggestions/open/{view.run}/no-such-service/").status_code == 404
    assert kinds(person, "opened") == []


def test_helpful_and_applied_are_said_shown_and_taken_back(person: Person) -> None:
    face = person.browser()
    service, form = first(face)
    for kind in ("helpful", "applied", "helpful"):
        answer = post(face, GIVE, **form, kind=kind)
        assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}?upto={service}#service-{service}")
    assert kinds(person) == [(service, "applied", ""), (service, "helpful", "")]
    view = page_of(face).suggestions[0].feedback
    assert view.helpful and view.applied and not view.by_other
    assert b"Marked as helpful" in face.get(PAGE).content
    assert post(face, UNDO, service=service, kind="helpful").status_code == 302
    assert post(face, UNDO, service=service, kind="helpful").status_code == 302  # nothing left of it is no error
    assert kinds(person) == [(service, "applied", "")]


def test_what_is_not_for_the_citizen_is_gone_until_they_take_that_back(person: Person) -> None:
    face = person.browser()
    page = page_of(face)
    view = page.suggestions[0].feedback
    form = face.get(view.reason_url).context["page"]  # type: ignore[attr-defined]
    assert [choice.code for choice in form.choices] == ["situation", "have_it", "facts_wrong", "other"]
    assert not any(choice.checked for choice in form.choices)
    answer = post(face, view.reason_url, why="have_it", **{"for": ""})
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}#set-aside")
    after = page_of(face)
    assert after.run_id != page.run_id and [one.service for one in after.set_aside] == [view.service]
    assert view.service not in {one.code for one in (*after.suggestions, *after.rest)}
    assert b"I have it already" in face.get(PAGE).content
    assert give_feedback.hidden(citizen_id=person.id) == {view.service}
    post(face, UNDO, service=view.service, kind="not_for_me", **{"for": ""})
    back = page_of(face)
    assert back.set_aside == () and view.service in {one.code for one in (*back.suggestions, *back.rest)}


def test_a_second_word_takes_the_place_of_its_opposite(person: Person) -> None:
    face = person.browser()
    service, form = first(face)
    post(face, GIVE, **form, kind="helpful")
    give_feedback.give(
        citizen_id=person.id, run_id=UUID(form["run"]), service=service, kind="not_for_me", why="situation", now=timezone.now()
    )  # fmt: skip
    assert kinds(person) == [(service, "not_for_me", "situation")]
    # The page of the earlier run is still open in another tab.
    post(face, GIVE, **form, kind="helpful")
    assert kinds(person) == [(service, "helpful", "")]


def test_wrong_facts_lead_to_my_data(person: Person) -> None:
    face = person.browser()
    view = page_of(face).suggestions[0].feedback
    answer = post(face, view.reason_url, why="facts_wrong", **{"for": ""})
    assert (answer.status_code, answer["Location"]) == (302, "/en/my-data/")


def test_own_words_are_sealed_bounded_and_shown_again_when_too_long(person: Person) -> None:
    face = person.browser()
    view = page_of(face).suggestions[0].feedback
    long = post(face, view.reason_url, why="other", words="ä" * 301, **{"for": ""})
    assert long.status_code == 400 and ("ä" * 301).encode() in long.content and b"at most 300 characters" in long.content
    none = post(face, view.reason_url, words="x", **{"for": ""})
    assert none.status_code == 400 and b"Choose why this is not for you." in none.content
    assert kinds(person) == []
    post(face, view.reason_url, why="other", words="  Sold the\x00 car\u202e  ", **{"for": ""})
    with citizen_scope(person.id):
        row = Feedback.objects.get(kind="not_for_me")
        assert feedback.words_of(row) == "Sold the car" and b"Sold" not in bytes(row.sealed)
    (told,) = [one for one in everything(person.id)["feedback"] if one["kind"] == "not_for_me"]
    assert told["words"] == "Sold the car" and told["service"] == view.service and told["service_name"]["fi"] and "mandate" not in told
    # Words belong to that reason only: with another one they go.
    post(face, view.reason_url, why="situation", words="kept?", **{"for": ""})
    with citizen_scope(person.id):
        assert Feedback.objects.get(kind="not_for_me").sealed is None


def test_feedback_on_what_was_not_suggested_is_not_found(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    face = person.browser()
    _, form = first(face)
    for wrong in (
        {"run": str(uuid4())},
        {"run": "x"},
        {"run": ""},
        {"service": "no-such-service"},
        {"service": ""},
        {"service": "a\r\nSet-Cookie: x=1"},
    ):
        assert post(face, GIVE, **{**form, **wrong}, kind="helpful").status_code == 404, wrong
    monkeypatch.setattr(suggestions, "_context", lambda run_id: b"another row")
    assert post(face, GIVE, **form, kind="helpful").status_code == 404, "a run that cannot be opened"
    assert kinds(person) == []


def test_only_what_a_person_can_say_can_be_sent(person: Person) -> None:
    face = person.browser()
    _, form = first(face)
    for kind in ("shown", "opened", "", "loved", "helpful' OR 1=1"):
        assert post(face, GIVE, **form, kind=kind).status_code == 400, kind
        assert post(face, UNDO, service=form["service"], kind=kind).status_code == 400, kind
    assert len(kinds(person, "shown")) == 5 and kinds(person) == kinds(person, "opened") == []


def test_a_form_from_elsewhere_changes_nothing(person: Person) -> None:
    face = person.browser(enforce_csrf_checks=True)
    service, form = first(face)
    for path in (GIVE, UNDO, f"/en/suggestions/not-for-me/{form['run']}/{service}/"):
        assert post(face, path, **form, kind="helpful", why="have_it").status_code == 403
    assert kinds(person) == []


def test_strangers_see_nothing_and_say_nothing(cast: Cast, person: Person) -> None:
    face = person.browser()
    service, form = first(face)
    post(face, GIVE, **form, kind="helpful")
    stranger = cast.cecilia
    assert post(stranger.browser(), GIVE, **form, kind="applied").status_code == 404
    with pytest.raises(NotFound):
        give_feedback.give(
            citizen_id=stranger.id, run_id=UUID(form["run"]), service=service, kind="not_for_me", why="have_it", now=timezone.now()
        )  # fmt: skip
    give_feedback.undo(citizen_id=stranger.id, service=service, kind="helpful", now=timezone.now())
    assert kinds(person) == [(service, "helpful", "")]
    with citizen_scope(stranger.id):
        assert not Feedback.objects.filter(citizen_id=person.id).exists()
        assert Feedback.objects.filter(citizen_id=person.id).delete()[0] == 0
        with pytest.raises(Exception, match="row-level security"), transaction.atomic():
            Feedback.objects.create(citizen_id=person.id, run_id=uuid4(), service="x", kind="helpful", at=timezone.now())
    assert not Feedback.objects.exists(), "without a scope there are no rows"


def test_the_database_holds_one_row_a_thing_and_lets_nobody_move_it(person: Person) -> None:
    face = person.browser()
    service, form = first(face)
    same = {"citizen_id": person.id, "run_id": UUID(form["run"]), "service": service, "at": timezone.now()}
    with citizen_scope(person.id):
        with pytest.raises(IntegrityError), transaction.atomic():
            Feedback.objects.create(**same, kind="shown")
        for wrong in (
            {"kind": "loved"}, {"kind": "not_for_me"}, {"kind": "helpful", "why": "have_it"}, {"kind": "helpful", "sealed": b"x"},
            {"kind": "opened", "mandate_id": uuid4()},
        ):  # fmt: skip
            with pytest.raises(IntegrityError), transaction.atomic():
                Feedback.objects.create(**same, **wrong)
        for moved in ({"service": "other"}, {"kind": "applied"}, {"run_id": uuid4()}):
            with pytest.raises(Exception, match="permission denied"), transaction.atomic():
                Feedback.objects.update(**moved)


def test_who_says_the_same_at_once_has_said_it_once(person: Person) -> None:
    service, form = first(person.browser())

    def say() -> None:
        give_feedback.give(citizen_id=person.id, run_id=UUID(form["run"]), service=service, kind="helpful", now=timezone.now())

    threads = [in_thread(say) for _ in range(6)]
    for thread, _ in threads:
        thread.join(120)
    assert [outcome for _, outcome in threads] == [[None]] * 6
    assert kinds(person) == [(service, "helpful", "")]


def test_feedback_goes_with_the_last_consent_for_suggestions_and_not_before(person: Person) -> None:
    consented(person, TAX, purpose="service-suggestions")
    consented(person, REGISTER)
    face = person.browser()
    service, form = first(face)
    post(face, GIVE, **form, kind="helpful")
    ends = [one for one in person.consents(state="given") if one.purpose_id == "service-suggestions"]
    others = [one for one in person.consents(state="given") if one.purpose_id == "own-overview"]
    assert len(ends) == 2 and others
    withdraw.end(citizen_id=person.id, consent_id=ends[0].pk, now=timezone.now())
    assert kinds(person, "shown") == [], "what was measured goes with the runs"
    assert kinds(person) == [(service, "helpful", "")]
    withdraw.end(citizen_id=person.id, consent_id=ends[1].pk, now=timezone.now())
    assert rows(person) == []


def test_a_part_of_a_consent_that_ends_leaves_what_was_said(person: Person) -> None:
    face = person.browser()
    service, form = first(face)
    post(face, GIVE, **form, kind="applied")
    (consent,) = [one for one in person.consents(state="given") if one.purpose_id == "service-suggestions"]
    withdraw.end(citizen_id=person.id, consent_id=consent.pk, categories=["population.person"], now=timezone.now())
    assert kinds(person) == [(service, "applied", "")]


def test_of_old_runs_nothing_stays_measured(person: Person) -> None:
    runs = [uuid4() for _ in range(RUNS_MEASURED + 3)]
    with citizen_scope(person.id):
        for run in runs:
            feedback.measure(citizen_id=person.id, run_id=run, services=["a", "b"], kind=Kind.SHOWN, now=timezone.now())
        assert set(Feedback.objects.values_list("run_id", flat=True)) == set(runs[3:])


def test_a_citizens_note_is_in_no_log(person: Person) -> None:
    face = person.browser()
    service, form = first(face)
    before = len(person.entries())
    post(face, GIVE, **form, kind="helpful")
    face.get(f"/en/suggestions/open/{form['run']}/{service}/")
    assert len(person.entries()) == before


@override_settings(AURORA_FEEDBACK={"citizen_a_minute": 3, "citizen_a_day": 500, "address_a_minute": 600})
def test_who_gives_it_too_often_is_asked_to_wait(person: Person) -> None:
    face = person.browser()
    _, form = first(face)
    answers = [post(face, GIVE, **form, kind="helpful") for _ in range(5)]
    assert [one.status_code for one in answers] == [302, 302, 302, 429, 429]
    assert int(answers[-1]["Retry-After"]) <= 60 and b"very often" in answers[-1].content
    # What is noted by itself stays silent about it, and the page is there.
    assert face.get(f"/en/suggestions/open/{form['run']}/{form['service']}/").status_code == 302
    assert kinds(person, "opened") == []


@override_settings(AURORA_FEEDBACK={"citizen_a_minute": 60, "citizen_a_day": 500, "address_a_minute": 4})
def test_many_citizens_of_one_address_are_bounded_together(cast: Cast, person: Person) -> None:
    _, form = first(person.browser())
    faces = [person.browser(), cast.cecilia.browser(), cast.aino.browser()]
    answers = [post(face, GIVE, **form, kind="helpful").status_code for face in faces * 2]
    assert answers[4:] == [429, 429] and 429 not in answers[:4]


def test_who_acts_for_another_says_it_with_the_theme_only_and_it_is_logged(cast: Cast) -> None:
    aamu, valto = somebody("Aamu Päämies"), attorney()
    for source in (REGISTER, TAX):
        consented(aamu, source, purpose="service-suggestions")
    service, form = first(aamu.browser())
    narrow = acting(valto, mandate(aamu, valto, "taxation"))  # and the register's data are used too
    assert post(narrow, GIVE, **{**form, "for": "x"}, kind="helpful").status_code == 403
    assert narrow.get(f"/en/suggestions/open/{form['run']}/{service}/").status_code == 403

    wide = acting(valto, mandate(aamu, valto, *WHOLE))
    service, form = first(wide, 1)
    assert post(wide, GIVE, **{**form, "for": ""}, kind="helpful").status_code == 409, "a page of oneself, while acting for another"
    assert post(wide, GIVE, **form, kind="helpful").status_code == 302
    assert page_of(wide).suggestions[1].feedback.by_other
    (entry,) = [one for one in aamu.entries() if one.event == "citizen:feedback:given"]
    shown = aamu.browser().get(f"/en/activity/{entry.id}/")
    assert shown.status_code == 200 and valto.name.encode() in shown.content
    assert post(wide, UNDO, service=service, kind="helpful", **{"for": form["for"]}).status_code == 302
    assert [one.event for one in aamu.entries()].count("citizen:feedback:undone") == 1 and kinds(aamu) == []


def test_who_acts_for_another_takes_back_nothing_that_the_person_said(cast: Cast) -> None:
    aamu, valto = somebody("Aamu Päämies"), attorney()
    consented(aamu, REGISTER, purpose="service-suggestions")
    service, form = first(aamu.browser())
    give_feedback.give(citizen_id=aamu.id, run_id=UUID(form["run"]), service=service, kind="helpful", now=timezone.now())
    wide = acting(valto, mandate(aamu, valto, *WHOLE))
    whom = page_of(wide).suggestions[0].feedback.whom
    assert post(wide, f"/en/suggestions/not-for-me/{form['run']}/{service}/", why="have_it", **{"for": whom}).status_code == 403
    assert post(wide, UNDO, service=service, kind="helpful", **{"for": whom}).status_code == 403
    assert kinds(aamu) == [(service, "helpful", "")]


def test_a_value_never_shows_in_a_repr() -> None:
    said = feedback.Said(uuid4(), "veterans-benefits", Kind.APPLIED, "", timezone.now())
    assert "veterans" not in repr(said) and "veterans" not in str(Feedback(service="veterans-benefits", kind="applied"))
    with pytest.raises(InvalidInput):
        give_feedback.undo(citizen_id=uuid4(), service="x", kind="shown", now=timezone.now())
    assert connection.vendor == "postgresql"
