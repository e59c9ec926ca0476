"""A household that citizens tell of themselves: typed, beside the register's where the two differ, and used as the register's would be."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from aurora.journeys import erase, settle, suggest
from aurora.twin import write
from aurora.twin.values import NewFact
from consent.scope import citizen_scope
from tests.portal.test_life import ALLOW, errors, events, page_of, saved, send
from tests.support.cast import FORM, REGISTER, Person, version_of

HOUSEHOLD, REGISTERED = "life.household", "population.household"
TOLD = {"household_adults": "2", "household_6_to_12": "1", "household_under_6": "2", "household_spouse_age": "34"}
FACTS = {
    "household_size": 5,
    "children_under_6": 2,
    "children_under_13": 3,
    "children_under_18": 3,
    "young_adults_18_20": 0,
    "adults_21_and_over": 2,
    "elderly_dependants": 0,
    "spouse_age": 34,
}
OF_REGISTER = FACTS | {"household_size": 4, "children_under_6": 1, "children_under_13": 2, "children_under_18": 2}
PERMIT = ALLOW | {"categories": [HOUSEHOLD]}
SIDES = "/en/my-data/disagreements/"


@pytest.fixture(autouse=True)
def _whole_cast(cast: Any) -> None:
    """Purposes and categories are those of the vocabulary."""


def register_says(person: Person, **values: int) -> None:
    now = timezone.now()
    facts = [NewFact(REGISTERED, version_of(REGISTERED), key, value, "reported", REGISTER, now) for key, value in values.items()]
    with citizen_scope(person.id):
        write.write(citizen_id=person.id, facts=facts, now=now, whole={(REGISTERED, REGISTER)})


def connected(person: Person, **values: int) -> None:
    person.connect(REGISTER)
    register_says(person, **values)


def standings(person: Person) -> dict[str, settle.Standing]:
    return {one.concept.code: one for one in settle.side_by_side(citizen_id=person.id, now=timezone.now()).standings}


def used(person: Person) -> tuple[dict[str, Any], dict[str, str]]:
    """What suggestions were made from, of the household by the register's names, and who says each."""
    suggest.suggest(citizen_id=person.id, now=timezone.now())
    with citizen_scope(person.id):
        run = suggest.runs.current(citizen_id=person.id)
    assert run is not None
    facts = {name.rpartition(".")[2]: value for name, value in run.content["record"]["facts"].items() if name.startswith(REGISTERED)}
    return facts, {name.rpartition(".")[2]: who for name, who in run.content["sources"].items() if name.startswith(REGISTERED)}


def choose(person: Person, concept: str, source: str) -> None:
    fact = next(one for one in standings(person)[concept].said if one.source == source)
    form = {"concept": concept, "fact": str(fact.id), "decision": "choose"}
    assert person.browser().post(SIDES, urlencode(form), content_type=FORM).status_code == 302


def test_what_is_told_is_kept_as_facts_of_the_vocabulary_and_filled_in_again(new_person: Person) -> None:
    face = new_person.browser()
    saved(face, decision="decline", **TOLD)
    shown = {q.code: q.value for q in page_of(face).household}
    assert {name: value for name, value in shown.items() if value != "0"} == TOLD
    groups = {g.category.code: g for g in face.get("/en/my-data/").context["page"].groups}  # type: ignore[attr-defined]
    rows = groups[HOUSEHOLD].facts
    assert len(rows) == len(FACTS) and {str(row.provenance) for row in rows} == {"declared"}
    assert groups[HOUSEHOLD].source_name["en"] == "You yourself" and groups[HOUSEHOLD].declared_url == "/en/life/"
    told = [e for e in new_person.entries() if e.event == "citizen:twin:declared"]
    assert [set(e.categories) for e in told] == [{HOUSEHOLD}]


def test_a_household_is_said_whole_or_not_at_all(new_person: Person) -> None:
    face = new_person.browser()
    saved(face, decision="decline", **TOLD)
    saved(face, decision="decline", household_adults="1")
    shown = {q.code: q.value for q in page_of(face).household}
    assert shown["household_adults"] == "1" and shown["household_under_6"] == "0" and shown["household_spouse_age"] == ""
    saved(face, decision="decline", household_adults=" ", finance="4")
    assert not any(q.value for q in page_of(face).household)
    assert events(new_person)[-2:] != [] and HOUSEHOLD not in {c for e in new_person.entries()[-1:] for c in e.categories}


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"household_adults": "two"}, {"household_adults"}),
        ({"household_adults": "-1", "household_under_6": "1.5"}, {"household_adults", "household_under_6"}),
        ({"household_adults": "٢"}, {"household_adults"}),
        ({"household_adults": "41"}, {"household_adults"}),
        ({"household_adults": "0"}, {"household_adults"}),
        ({"household_spouse_age": "34"}, {"household_adults"}),
        ({"household_adults": "30", "household_under_6": "30"}, {"household_adults"}),
        ({"household_adults": "1", "household_elderly": "2"}, {"household_elderly"}),
        ({"household_adults": "2", "household_spouse_age": "7"}, {"household_spouse_age"}),
        ({"household_adults": "2", "household_spouse_age": "121"}, {"household_spouse_age"}),
    ],
    ids=["word", "two", "digits", "many", "nobody", "spouse alone", "together", "elderly", "child", "old"],
)  # fmt: skip
def test_what_is_no_household_is_refused_and_stays_as_typed(new_person: Person, form: dict[str, str], wrong: set[str]) -> None:
    answer = send(new_person.browser(), decision="decline", **form)
    assert errors(answer) == wrong
    assert {q.code: q.value for q in answer.context["page"].household if q.value} == form
    assert new_person.consents() == []


def test_it_stands_beside_the_register_s_and_one_s_own_word_decides(new_person: Person) -> None:
    connected(new_person, **OF_REGISTER)
    saved(new_person.browser(), **PERMIT, **TOLD)
    found = standings(new_person)
    assert {code for code, one in found.items() if one.disputed} == {
        "household_size", "children_under_6", "children_under_13", "children_under_18",
    }  # fmt: skip
    assert {one.deciding.source for one in found.values() if one.disputed} == {"citizen"}
    page = new_person.browser().get(SIDES).content.decode()
    assert page.count("Who you live with you know best yourself") == 1 and page.count("All of this is right") == 2, "one card for all of it"
    assert "5 persons" in page and "4 persons" in page
    facts, sources = used(new_person)
    assert facts == FACTS and sources["household_size"] == "citizen"


def test_saying_that_the_register_is_right_settles_the_whole_household_and_can_be_taken_back(new_person: Person) -> None:
    connected(new_person, **OF_REGISTER)
    saved(new_person.browser(), **PERMIT, **TOLD)
    choose(new_person, "children_under_6", REGISTER)
    assert {one.reason for one in standings(new_person).values() if one.disputed} == {"chosen"}
    facts, sources = used(new_person)
    assert facts == OF_REGISTER and set(sources.values()) <= {REGISTER, "citizen"} and sources["household_size"] == REGISTER
    choose(new_person, "household_size", "citizen")
    assert used(new_person)[0] == FACTS
    release = urlencode({"concept": "children_under_18", "decision": "release"})
    assert new_person.browser().post(SIDES, release, content_type=FORM).status_code == 302
    assert {one.reason for one in standings(new_person).values() if one.disputed} == {"order"}


def test_a_choice_falls_whole_when_the_register_says_something_new(new_person: Person) -> None:
    connected(new_person, **OF_REGISTER)
    saved(new_person.browser(), **PERMIT, **TOLD)
    choose(new_person, "household_size", REGISTER)
    register_says(new_person, **(OF_REGISTER | {"household_size": 6, "adults_21_and_over": 4}))
    found = standings(new_person)
    assert {one.deciding.source for one in found.values() if one.disputed} == {"citizen"} and found["children_under_6"].lapsed
    assert used(new_person)[0] == FACTS


def test_what_one_does_not_say_of_one_s_household_is_not_taken_from_the_register_s(new_person: Person) -> None:
    connected(new_person, **FACTS)
    alone = {name: value for name, value in TOLD.items() if name != "household_spouse_age"}
    saved(new_person.browser(), **PERMIT, **alone)
    assert not any(one.disputed for one in standings(new_person).values())
    assert "spouse_age" not in used(new_person)[0]


def test_without_the_register_suggestions_use_it_in_its_place_and_say_whose_word_it_is(new_person: Person) -> None:
    face = new_person.browser()
    saved(face, **PERMIT, **TOLD)
    facts, sources = used(new_person)
    assert facts == FACTS and set(sources.values()) == {"citizen"}
    page = face.get("/en/suggestions/").content.decode()
    assert "(Fact: Children under 6. Source: You.)" in page


def test_what_is_not_allowed_is_not_used(new_person: Person) -> None:
    saved(new_person.browser(), **(ALLOW | {"categories": ["life.situation"]}), finance="2", **TOLD)
    assert used(new_person) == ({}, {})


def test_the_register_alone_stands_for_nothing_that_was_not_told(new_person: Person) -> None:
    connected(new_person, **OF_REGISTER)
    suggest.suggest(citizen_id=new_person.id, now=timezone.now())
    with citizen_scope(new_person.id):
        run = suggest.runs.current(citizen_id=new_person.id)
    assert run is not None and not [name for name in run.content["record"]["facts"] if name.startswith(HOUSEHOLD)]


def test_it_is_erased_as_a_kind_of_data_and_the_register_s_is_undisputed(new_person: Person) -> None:
    connected(new_person, **OF_REGISTER)
    saved(new_person.browser(), **PERMIT, **TOLD)
    choose(new_person, "household_size", "citizen")
    asked = erase.category(citizen_id=new_person.id, code=HOUSEHOLD, language="en", now=timezone.now())
    erase.run(erasure_id=asked.erasure_id)
    assert standings(new_person) == {}
    assert not any(q.value for q in page_of(new_person.browser()).household)
    groups = {g.category.code: g for g in new_person.browser().get("/en/my-data/").context["page"].groups}  # type: ignore[attr-defined]
    assert HOUSEHOLD not in groups and REGISTERED in groups


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_questions_are_in_each_language(new_person: Person, language: str) -> None:
    english = [q.label for q in page_of(new_person.browser()).household]
    asked = [q.label for q in page_of(new_person.browser(), f"/{language}/life/").household]
    assert len(set(asked)) == 7 and (asked == english) == (language == "en")
