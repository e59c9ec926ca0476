"""The log says from when an agency may send by itself, and when Aurora takes no more of it, also where only a part ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import timezone

from aurora.journeys import withdraw
from aurora.sources.models import DataSource
from consent.rules import AURORA, CITIZEN
from tests.pushes.pushing import DECISIONS, details, entries, newcomer
from tests.support.cast import OFFICE, REGISTER, TAX, Cast, Person

ALLOWED, ENDED = "citizen:facts:allowed", "aurora:facts:ended"


@pytest.fixture
def pushing_register(cast: Cast) -> Iterator[None]:
    """A source of several categories, which tells by itself instead of being asked; as it was for whoever comes after."""
    register = DataSource.objects.filter(agency__code=REGISTER)
    before = register.get().connector
    register.update(connector="push")
    yield
    register.update(connector=before)


def end(person: Person, source: str, *, categories: list[str] | None = None) -> None:
    for record in person.consents(recipient__code=AURORA, source__code=source, state="given"):
        theirs = [c for c in categories or record.covered if c in record.covered]
        if theirs:
            withdraw.end(citizen_id=person.id, consent_id=record.pk, categories=theirs, now=timezone.now())


def test_to_connect_an_agency_that_pushes_is_told_once_and_its_end_too(cast: Cast) -> None:
    dora = newcomer(cast)
    (told,) = entries(dora, ALLOWED)
    assert (told.actor, told.source, told.categories) == (CITIZEN, OFFICE, [DECISIONS])
    assert set(told.consent_ids) == {c.pk for c in dora.consents(source__code=OFFICE)}
    assert entries(dora, ENDED) == []
    end(dora, OFFICE)
    (over,) = entries(dora, ENDED)
    assert (over.actor, over.source, over.categories) == (AURORA, OFFICE, [DECISIONS]) and details(dora, over)["rest"] == []
    assert dora.entries()[-1].pk == over.pk, "after the end that brought it"


def test_of_several_purposes_it_ends_with_the_last(cast: Cast, pushing_register: None) -> None:
    dora = newcomer(cast, connected=False)
    dora.allow(REGISTER)
    first, *others = [r for r in dora.consents(source__code=REGISTER, state="given") if "population.household" in r.covered]
    assert others, "two purposes at least are about a household"
    withdraw.end(citizen_id=dora.id, consent_id=first.pk, now=timezone.now())
    assert not [c for e in entries(dora, ENDED) for c in e.categories if c == "population.household"]


def test_a_part_that_ends_is_told_with_what_is_left(cast: Cast, pushing_register: None) -> None:
    dora = newcomer(cast, connected=False)
    dora.allow(REGISTER)
    end(dora, REGISTER, categories=["population.household"])
    (over,) = entries(dora, ENDED)
    assert over.categories == ["population.household"]
    rest = details(dora, over)["rest"]
    assert "population.person" in rest and "population.household" not in rest


def test_of_a_source_that_is_asked_nothing_of_the_kind_is_told(cast: Cast) -> None:
    dora = newcomer(cast, connected=False)
    dora.allow(TAX)
    end(dora, TAX)
    assert entries(dora, ALLOWED) == [] == entries(dora, ENDED)


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_activity_says_it_in_words(cast: Cast, language: str) -> None:
    dora = newcomer(cast)
    end(dora, OFFICE)
    page = dora.browser().get(f"/{language}/activity/").content.decode()
    words = {
        "fi": ("Annoit viranomaiselle luvan lähettää", "Aurora ei enää ota vastaan"),
        "sv": ("Du tillät en myndighet", "Aurora tar inte längre emot"),
        "en": ("You allowed an agency to send", "Aurora takes no more of this data"),
    }
    assert all(one in page for one in words[language])
