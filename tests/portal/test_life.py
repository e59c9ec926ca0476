"""My life situation: what a citizen says of themselves, kept for them alone, and used only where they allow it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from aurora.twin.declared import VERSIONS
from aurora.twin.models import Fact, Provenance
from consent.scope import citizen_scope
from recommender.facts import METERS
from tests.support.cast import FORM, Cast, Person
from tests.support.held import by_name, keys_of
from tests.support.mandated import acting, attorney, mandate, principal

LIFE, DELETE = "/en/life/", "/en/life/delete/"
ANSWERS = {"finance": "2", "health": "9", "municipality": "491"}
ALLOW = {"decision": "allow", "categories": ["life.situation", "life.home"], "end": "3"}
DECLARED, RETRACTED = "citizen:twin:declared", "citizen:twin:retracted"


def page_of(face: Client, address: str = LIFE) -> Any:
    return face.get(address).context["page"]  # type: ignore[attr-defined]


def send(face: Client, address: str = LIFE, **form: Any) -> Any:
    form.setdefault("notice_token", page_of(face, address).notice_token)
    return face.post(address, urlencode(form, doseq=True), content_type=FORM)


def saved(face: Client, **form: Any) -> None:
    answer = send(face, **form)
    assert answer.status_code == 302 and answer["Location"].endswith("?done=saved"), answer.content[:400]


def facts(person: Person, *, key: str = "", **which: Any) -> list[Fact]:
    with citizen_scope(person.id):
        rows = by_name(Fact.objects.filter(citizen_id=person.id, **which))
    return [row for row, named, _ in rows if key in ("", named)]


def keys(person: Person, rows: list[Fact]) -> list[str]:
    with citizen_scope(person.id):
        return keys_of(rows)


def current(person: Person) -> set[str]:
    return set(keys(person, facts(person, superseded_at__isnull=True)))


def said(face: Client) -> dict[str, str]:
    page = page_of(face)
    return {q.code: q.value for q in page.questions if q.value} | ({"municipality": page.municipality} if page.municipality else {})


def events(person: Person) -> list[str]:
    return [e.event for e in person.entries()]


def errors(answer: Any) -> set[str]:
    assert answer.status_code == 400
    return {e.field for e in answer.context["page"].errors}


def test_what_is_told_is_kept_as_declared_and_shown_again(cast: Cast, new_person: Person) -> None:
    face = new_person.browser()
    saved(face, decision="decline", **ANSWERS)
    assert said(face) == ANSWERS
    kept = facts(new_person)
    assert {(f.category, key, f.provenance, f.source) for f, key in zip(kept, keys(new_person, kept), strict=True)} == {
        ("life.situation", "finance", Provenance.DECLARED, "citizen"),
        ("life.situation", "health", Provenance.DECLARED, "citizen"),
        ("life.home", "municipality", Provenance.DECLARED, "citizen"),
    }
    told = [e for e in new_person.entries() if e.event == DECLARED]
    assert [set(e.categories) for e in told] == [{"life.situation", "life.home"}]


def test_no_consent_is_given_by_saving_alone(cast: Cast, new_person: Person) -> None:
    face = new_person.browser()
    saved(face, decision="decline", **ANSWERS)
    assert [c.state for c in new_person.consents()] == ["declined"]
    assert not face.get("/en/suggestions/").context["page"].allowed
    assert "aurora:twin:suggested" not in events(new_person)


def test_nothing_is_ticked_or_filled_in_beforehand(cast: Cast, new_person: Person) -> None:
    page = page_of(new_person.browser())
    assert not any(c.checked for c in (*page.categories, *page.ends))
    assert not any(q.value for q in page.questions) and not page.municipality and not page.delete_url


def test_allowing_gives_a_consent_for_suggestions_only_with_its_receipt(cast: Cast, new_person: Person) -> None:
    face = new_person.browser()
    saved(face, **ALLOW, **ANSWERS)
    (consent,) = new_person.consents()
    assert (consent.recipient.code, consent.purpose_id, consent.source.code) == ("aurora", "service-suggestions", "citizen")
    assert set(consent.categories) == {"life.situation", "life.home"} and consent.state == "given"
    assert len(new_person.receipts(consent.pk)) == 1
    assert {c["code"] for c in consent.notice.content["categories"]} == {"life.situation", "life.home", "life.household"}, "what was asked"
    assert {"citizen:consent:given", DECLARED} <= set(events(new_person))
    page = page_of(face)
    assert page.permission is not None and page.permission.consent_url.endswith(f"{consent.pk}/")
    for address in (
        page.permission.consent_url,
        page.permission.withdraw_url,
        f"/en/consents/{consent.pk}/",
        "/en/consents/",
        "/en/my-data/",
    ):
        assert face.get(address).status_code == 200, address
    (receipt,) = new_person.receipts(consent.pk)
    shown = face.get(f"/en/consents/{consent.pk}/receipts/{receipt.pk}/")
    assert shown.status_code == 200 and "You yourself" in shown.content.decode()


def test_suggestions_use_what_is_allowed_and_no_more(cast: Cast, new_person: Person) -> None:
    face = new_person.browser()
    saved(face, **(ALLOW | {"categories": ["life.situation"]}), **ANSWERS)
    page = face.get("/en/suggestions/").context["page"]
    assert page.allowed and page.suggestions
    (made,) = [e for e in new_person.entries() if e.event == "aurora:twin:suggested"]
    assert set(made.categories) == {"life.situation"}


def test_saving_with_a_permission_asks_nothing_again(cast: Cast, new_person: Person) -> None:
    face = new_person.browser()
    saved(face, **ALLOW, **ANSWERS)
    saved(face, decision="save", **(ANSWERS | {"finance": "8"}))
    assert len(new_person.consents()) == 1
    assert said(face)["finance"] == "8"


def test_what_is_left_out_is_deleted_with_its_past(cast: Cast, new_person: Person) -> None:
    face = new_person.browser()
    saved(face, decision="decline", **ANSWERS)
    saved(face, decision="decline", **(ANSWERS | {"health": "3"}))
    assert len(facts(new_person, key="health")) == 2
    saved(face, decision="decline", finance="2", municipality="491")
    assert facts(new_person, key="health") == [] and current(new_person) == {"finance", "municipality"}


def test_a_newer_answer_supersedes_the_former(cast: Cast, new_person: Person) -> None:
    face = new_person.browser()
    saved(face, decision="decline", finance="2")
    saved(face, decision="decline", finance="4")
    former, newer = facts(new_person, key="finance")
    assert former.superseded_at is not None and newer.superseded_at is None


def test_a_flood_of_saves_does_not_grow_the_twin(cast: Cast, new_person: Person) -> None:
    face = new_person.browser()
    token = page_of(face).notice_token
    for turn in range(VERSIONS + 5):
        assert send(face, decision="decline", notice_token=token, finance=str(turn % 11)).status_code == 302
    assert len(facts(new_person, key="finance")) == VERSIONS + 1
    assert len(new_person.consents()) == 1, "the same no is recorded once"


def test_all_of_it_is_deleted_at_once_with_its_past(cast: Cast, new_person: Person) -> None:
    face = new_person.browser()
    saved(face, **ALLOW, **ANSWERS)
    saved(face, decision="save", **(ANSWERS | {"finance": "8"}))
    face.get("/en/suggestions/")
    assert page_of(face).delete_url == DELETE
    assert face.post(DELETE).status_code == 302
    assert facts(new_person) == [] and said(face) == {}
    assert events(new_person)[-1] == RETRACTED
    assert face.post(DELETE).status_code == 404, "there is nothing more to delete"
    assert new_person.consents()[0].state == "given", "to end it is a decision of its own"


@pytest.mark.parametrize("keep", [True, False], ids=["kept", "deleted"])
def test_withdrawing_deletes_or_keeps(cast: Cast, new_person: Person, keep: bool) -> None:
    face = new_person.browser()
    saved(face, **ALLOW, **ANSWERS)
    (consent,) = new_person.consents()
    asked = face.get(f"/en/consents/{consent.pk}/withdraw/")
    assert asked.context["page"].declared and asked.context["page"].can_keep
    form = {"decision": "withdraw"} | ({"keep": "yes"} if keep else {})
    done = face.post(f"/en/consents/{consent.pk}/withdraw/", urlencode(form), content_type=FORM)
    assert done.status_code == 200 and done.context["page"].kept == keep
    assert said(face) == (ANSWERS if keep else {})
    assert not face.get("/en/suggestions/").context["page"].allowed


def test_withdrawing_leaves_alone_what_was_never_allowed(cast: Cast, new_person: Person) -> None:
    face = new_person.browser()
    saved(face, **(ALLOW | {"categories": ["life.situation"]}), **ANSWERS)
    (consent,) = new_person.consents()
    face.post(f"/en/consents/{consent.pk}/withdraw/", urlencode({"decision": "withdraw"}), content_type=FORM)
    assert current(new_person) == {"municipality"}


def test_my_data_names_the_citizen_as_the_source(cast: Cast, new_person: Person) -> None:
    face = new_person.browser()
    missing = {g.category.code: g for g in face.get("/en/my-data/").context["page"].missing}
    assert missing["life.situation"].declared_url == LIFE and not missing["life.situation"].connect_url
    saved(face, decision="decline", **ANSWERS)
    shown = face.get("/en/my-data/")
    groups = {g.category.code: g for g in shown.context["page"].groups}
    assert groups["life.situation"].source_name["en"] == "You yourself" and groups["life.situation"].declared_url == LIFE
    assert "2 of 10" in shown.content.decode() and "Mikkeli" in shown.content.decode()


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_page_is_whole_in_each_language(cast: Cast, new_person: Person, language: str) -> None:
    face = new_person.browser()
    page = page_of(face, f"/{language}/life/")
    assert len(page.questions) == len(METERS) and all(q.question[language] and q.label[language] for q in page.questions)
    assert len(page.municipalities) > 300
    assert send(face, f"/{language}/life/", **ALLOW, **ANSWERS).status_code == 302
    assert new_person.consents()[0].notice.language == language


@pytest.mark.parametrize("grade", ["11", "-1", "5.5", "1e1", "ten", " 5", "05", "٥", "<b>5</b>", "5\x00", "9" * 5000])
def test_what_is_no_grade_is_refused_and_nothing_is_kept(cast: Cast, new_person: Person, grade: str) -> None:
    face = new_person.browser()
    assert errors(send(face, decision="decline", finance=grade, health="4")) == {"finance"}
    assert facts(new_person) == [] and new_person.consents() == []


@pytest.mark.parametrize("place", ["000", "49", "4910", "Mikkeli", "R06", "' OR 1=1", "491\x00"])
def test_what_is_no_municipality_is_refused(cast: Cast, new_person: Person, place: str) -> None:
    assert errors(send(new_person.browser(), decision="decline", municipality=place)) == {"municipality"}
    assert facts(new_person) == []


def test_every_mistake_is_told_at_once_and_what_was_typed_stays(cast: Cast, new_person: Person) -> None:
    answer = send(new_person.browser(), decision="allow", finance="12", health="4", end="own", own_day="1", own_month="1", own_year="2020")
    assert errors(answer) == {"finance", "categories", "own_date"}
    page = answer.context["page"]
    assert {q.code: q.value for q in page.questions if q.value} == {"health": "4"}


@pytest.mark.parametrize("decision", ["", "yes", "ALLOW", "withdraw"])
def test_without_a_decision_nothing_happens(cast: Cast, new_person: Person, decision: str) -> None:
    assert errors(send(new_person.browser(), decision=decision, finance="4")) == {"decision"}
    assert facts(new_person) == []


@pytest.mark.parametrize("category", ["tax.income", "life.other", "population.person"])
def test_nothing_else_can_be_allowed_here(cast: Cast, new_person: Person, category: str) -> None:
    answer = send(new_person.browser(), **(ALLOW | {"categories": ["life.situation", category]}), finance="4")
    assert errors(answer) == {"categories"} and new_person.consents() == [] and facts(new_person) == []


def test_another_text_s_token_decides_nothing(cast: Cast, new_person: Person) -> None:
    face = new_person.browser()
    for token in ("", "0" * 64, page_of(face, "/sv/life/").notice_token, "ä"):
        assert errors(send(face, **ALLOW, finance="4", notice_token=token)) == {"notice"}
    assert facts(new_person) == [] and new_person.consents() == []


def test_of_two_windows_the_older_text_decides_nothing(cast: Cast, new_person: Person) -> None:
    face = new_person.browser()
    old = page_of(face).notice_token
    saved(face, **ALLOW, **ANSWERS)
    assert errors(send(face, decision="decline", notice_token=old, finance="9")) == {"notice"}
    assert said(face) == ANSWERS


def test_a_stranger_sees_nothing_of_it(cast: Cast, new_person: Person) -> None:
    saved(new_person.browser(), decision="decline", **ANSWERS)
    assert said(cast.cecilia.browser()) == {}
    with citizen_scope(cast.cecilia.id):
        assert not Fact.objects.filter(source="citizen").exists()


def test_an_account_is_needed(cast: Cast) -> None:
    for answer in (Client(HTTP_HOST="localhost:8000").get(LIFE), Client(HTTP_HOST="localhost:8000").post(DELETE)):
        assert answer.status_code == 302 and "/sign-in/" in answer["Location"]


def test_nobody_tells_it_for_another_and_an_attorney_sees_it_only_by_its_theme(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    saved(aamu.browser(), decision="decline", **ANSWERS)
    for themes, seen in ((("taxation",), False), (("taxation", "life"), True)):
        face = acting(valto, mandate(aamu, valto, *themes))
        assert face.get(LIFE).status_code == 403 == face.post(DELETE).status_code
        groups = {g.category.code for g in face.get("/en/my-data/").context["page"].groups}  # type: ignore[attr-defined]
        assert ("life.situation" in groups) == seen
    assert current(aamu) >= {"finance", "health", "municipality"}
