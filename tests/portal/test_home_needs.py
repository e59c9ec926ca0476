"""What needs the citizen is on the home page: a consent that ends soon, a source that must be connected again."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from consent import days
from consent.models import ConsentRecord
from consent.scope import citizen_scope
from tests.support.cast import REGISTER, TAX, Cast, Person


def test_a_consent_that_ends_soon_is_named_with_its_last_day(cast: Cast) -> None:
    person = cast.cecilia
    last = days.today() + timedelta(days=3)
    person.connect(TAX, until=last)
    page = person.browser().get("/fi/home/")
    assert page.status_code == 200
    assert f"{last.day}.{last.month}.{last.year}" in page.content.decode()


def test_a_suggestion_goes_with_the_consent_it_rests_on(new_person: Person) -> None:
    face = new_person.browser()
    assert "See your suggestions" not in face.get("/en/home/").content.decode(), "nothing is allowed yet"
    new_person.connect(REGISTER)
    assert "See your suggestions" in face.get("/en/home/").content.decode(), "allowed, and not looked at yet"
    assert face.get("/en/suggestions/").context["page"].suggestions  # type: ignore[attr-defined]
    top = face.get("/en/home/").context["page"].top_suggestion  # type: ignore[attr-defined]
    assert top is not None
    past = timezone.now() - timedelta(minutes=1)
    with citizen_scope(new_person.id):
        ConsentRecord.objects.filter(purpose_id="service-suggestions").update(not_before=past - timedelta(days=1), expires_at=past)
    page = face.get("/en/home/")
    assert page.context["page"].top_suggestion is None  # type: ignore[attr-defined]
    assert top.name["en"] not in page.content.decode()
