"""What needs the citizen is on the home page: a consent that ends soon, a source that must be connected again."""

from __future__ import annotations

from datetime import timedelta

from consent import days
from tests.support.cast import TAX, Cast


def test_a_consent_that_ends_soon_is_named_with_its_last_day(cast: Cast) -> None:
    person = cast.cecilia
    last = days.today() + timedelta(days=3)
    person.connect(TAX, until=last)
    page = person.browser().get("/fi/home/")
    assert page.status_code == 200
    assert f"{last.day}.{last.month}.{last.year}" in page.content.decode()
