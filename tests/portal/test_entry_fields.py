"""The page of an access names the fields: those that were held then, not those that came later or are there no more."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.utils import timezone

from aurora.journeys.withdraw import end
from aurora.twin import write
from aurora.twin.values import NewFact
from aurora.ui.contexts.entry_fields import CategoryFields, FieldsState
from consent.ledger.models import LedgerEntry
from consent.models import DataCategoryVersion
from consent.scope import citizen_scope
from tests.support.cast import REGISTER, Cast, Person


def fields_of(person: Person, entry: LedgerEntry) -> dict[str, CategoryFields]:
    answer: Any = person.browser().get(f"/en/activity/{entry.id}/")
    assert answer.status_code == 200
    part = answer.context["page"].fields
    return {str(one.name["en"]): one for one in part.categories} if part else {}


def newest(person: Person, event: str) -> LedgerEntry:
    return [entry for entry in person.entries() if entry.event == event][-1]


def names(labels: tuple[Any, ...]) -> set[str]:
    return {str(label["en"]) for label in labels}


def test_a_read_names_what_was_held_then_whatever_was_learnt_later(cast: Cast, new_person: Person) -> None:
    new_person.connect(REGISTER)
    token = cast.office.granted(new_person)["access_token"]
    assert cast.office.read(token, "population.household").status_code == 200
    entry = newest(new_person, "agency:twin:read")
    (household,) = fields_of(new_person, entry).values()
    wording = DataCategoryVersion.objects.filter(category="population.household").order_by("-version").first()
    assert wording is not None
    labels = {key: schema["x-label"]["en"] for key, schema in wording.schema["properties"].items()}
    assert household.state is FieldsState.READ
    assert names(household.fields) == {labels["household_size"], labels["children_under_6"]}
    assert names(household.empty) == set(labels.values()) - names(household.fields) != set()
    late, now = next(key for key in labels if labels[key] in names(household.empty)), timezone.now()
    with citizen_scope(new_person.id):
        fact = NewFact("population.household", 2, late, 1, "reported", REGISTER, now, uuid4())
        write.write(citizen_id=new_person.id, facts=[fact], now=now)
    assert fields_of(new_person, entry)[str(household.name["en"])] == household


def test_what_was_deleted_since_is_told_by_its_category_alone(cast: Cast, new_person: Person) -> None:
    new_person.connect(REGISTER)
    token = cast.office.granted(new_person)["access_token"]
    assert cast.office.read(token, "population.household").status_code == 200
    entry = newest(new_person, "agency:twin:read")
    for consent in new_person.consents(state="given"):
        if consent.source is not None:
            end(citizen_id=new_person.id, consent_id=consent.pk, categories=None, keep=False, now=timezone.now())
    (household,) = fields_of(new_person, entry).values()
    assert household.state is FieldsState.GONE and household.fields and not household.empty


def test_a_refusal_names_what_was_asked_for_and_that_nothing_went(cast: Cast, new_person: Person) -> None:
    new_person.connect(REGISTER)
    token = cast.office.granted(new_person)["access_token"]
    assert cast.office.read(token, "population.person").status_code == 403
    (person,) = fields_of(new_person, newest(new_person, "agency:twin:refused")).values()
    assert person.state is FieldsState.ASKED and person.fields
    said = new_person.browser().get(f"/en/activity/{newest(new_person, 'agency:twin:refused').id}/").content.decode()
    assert "Nothing was read. These were asked for:" in said


def test_what_is_no_access_has_no_fields(cast: Cast, new_person: Person) -> None:
    new_person.connect(REGISTER)
    assert fields_of(new_person, newest(new_person, "citizen:consent:given")) == {}
