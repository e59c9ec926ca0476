"""Purposes and data that do not go together: what serves one purpose only says so on the page, and an error names what was ticked and what would mend it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse

from aurora.journeys import connect_source
from aurora.sources.models import ConnectAttempt
from consent import days
from consent.errors import InvalidInput
from consent.purposes import bound, only_for
from consent.scope import citizen_scope
from tests.support.cast import REGISTER, TAX, Person

OWN, CHILD, ESTATE = "own-overview", "acting-for-child", "administering-estate"
HOUSEHOLD, CHILDREN, ESTATES = "population.household", "population.guardianship", "population.estate"


def _page(person: Person, source: str = REGISTER, language: str = "en") -> str:
    return person.browser().get(f"/{language}/sources/{source}/connect/").content.decode()


def _sent(person: Person, *, language: str = "en", **form: Any) -> HttpResponse:
    face, path = person.browser(), f"/{language}/sources/{REGISTER}/connect/"
    token = face.get(path).context["page"].notice_token
    return face.post(path, {"decision": "allow", "end": "3", "notice_token": token, **form})  # type: ignore[return-value]


def test_the_codes_here_are_the_vocabularys() -> None:
    assert {CHILD: frozenset({CHILDREN}), ESTATE: frozenset({ESTATES})}.items() <= bound().items()
    assert only_for(CHILDREN) == {CHILD} and only_for(HOUSEHOLD) == frozenset()


def test_what_serves_one_purpose_only_says_so_and_comes_last(new_person: Person) -> None:
    page = _page(new_person)
    assert "Only for this purpose: Acting for a child." in page and "It needs this data only: Children in your care." in page
    at = [page.index(f'value="{code}"') for code in (HOUSEHOLD, "population.person", CHILDREN, ESTATES)]
    assert max(at[:2]) < min(at[2:])
    assert "Only for this purpose" not in _page(new_person, TAX)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            "“Children in your care” is used only for this purpose: Acting for a child. Select that purpose too, or leave the data unselected.",
        ),
        ("fi", "”Huollettavat lapset” on vain tätä tarkoitusta varten: Lapsen puolesta toimiminen."),
        ("sv", "”Barn i din vårdnad” används bara för detta ändamål: Att företräda ett barn."),
    ],
)
def test_data_without_its_purpose_is_named_with_the_purpose(new_person: Person, language: str, said: str) -> None:
    answer = _sent(new_person, language=language, purposes=[OWN], categories=[HOUSEHOLD, CHILDREN])
    assert answer.status_code == 400
    [error] = answer.context["page"].errors  # type: ignore[attr-defined]
    assert error.field == "categories" and said in error.message


def test_a_purpose_without_its_data_is_named_with_the_data(new_person: Person) -> None:
    answer = _sent(new_person, purposes=[OWN, CHILD], categories=[HOUSEHOLD])
    [error] = answer.context["page"].errors  # type: ignore[attr-defined]
    assert (error.field, error.message) == (
        "purposes",
        "“Acting for a child” needs at least one of these kinds of data: Children in your care. Select one, or leave the purpose unselected.",
    )


def test_all_mistakes_are_said_at_once_and_nothing_is_kept(new_person: Person) -> None:
    answer = _sent(new_person, purposes=[CHILD], categories=[HOUSEHOLD, ESTATES])
    purposes, categories = answer.context["page"].errors  # type: ignore[attr-defined]
    assert purposes.field == "purposes" and "Children in your care" in purposes.message
    assert "“Household”" in categories.message and "“Estates that you administer”" in categories.message
    with citizen_scope(new_person.id):
        assert not ConnectAttempt.objects.exists()


def test_what_goes_together_is_let_through(new_person: Person) -> None:
    today = days.today()
    shown = connect_source.offer(citizen_id=new_person.id, code=REGISTER, language="en", today=today)
    both = connect_source.check(
        shown=shown, purposes=[OWN, CHILD], categories=[HOUSEHOLD, CHILDREN], until=today + timedelta(days=1), today=today
    )
    assert both.categories == (CHILDREN, HOUSEHOLD)
    with pytest.raises(InvalidInput) as refused:
        connect_source.check(shown=shown, purposes=[OWN], categories=[CHILDREN], until=today + timedelta(days=1), today=today)
    assert refused.value.fields == {"purposes": "purpose_without_data", "categories": "data_without_purpose"}
