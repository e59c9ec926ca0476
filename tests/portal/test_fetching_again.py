"""A citizen has a source fetched again: at once, once, before what is only planned, and not over and over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from aurora.journeys import fetch_again, pull
from aurora.journeys.fetch_again import FetchedJustNow
from aurora.sources import feeds, pulls
from aurora.sources.models import Connection, DataSource, Pull
from consent.errors import NotFound
from consent.scope import citizen_scope
from tests.portal.at_once import in_thread
from tests.support.cast import FORM, REGISTER, TAX, Cast, Person

HOUR = timedelta(hours=1)
AGAIN = f"/en/sources/{TAX}/fetch/"
CATEGORIES = ("tax.housing", "tax.income")


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr(pull, "send", lambda task, *rows, **options: found.extend(rows))
    return found


@pytest.fixture
def person(new_person: Person) -> Person:
    """With a connection whose first pull ended an hour ago."""
    now = timezone.now()
    source = DataSource.objects.select_related("agency").get(agency__code=TAX)
    with citizen_scope(new_person.id):
        connection = Connection.objects.create(
            citizen_id=new_person.id, source=source, access_token_sealed=b"-", access_expires_at=now, connected_at=now
        )
        feeds.begin(connection=connection, categories=CATEGORIES, now=now)
        pulls.enqueue(connection=connection, categories=CATEGORIES, now=now)
    change(new_person, state=Pull.State.DONE, finished_at=now - HOUR)
    return new_person


def change(person: Person, **values: Any) -> None:
    with citizen_scope(person.id):
        pulls.latest(citizen_id=person.id).update(**values)


def newest(person: Person) -> Pull:
    with citizen_scope(person.id):
        return pulls.latest(citizen_id=person.id).get()


def number(person: Person) -> int:
    with citizen_scope(person.id):
        return Pull.objects.filter(citizen_id=person.id).count()


def press(person: Person, path: str = AGAIN) -> Any:
    return person.browser().post(path, "", content_type=FORM)


def test_the_button_makes_a_pull_that_is_waited_for_and_leads_to_its_progress(person: Person, woken: list[Any]) -> None:
    assert AGAIN in person.browser().get("/en/sources/").content.decode()
    said = press(person)
    made = newest(person)
    assert said["Location"] == f"/en/pulls/{made.pk}/" and woken == [made.pk]
    assert (made.state, made.priority) == ("queued", Pull.Priority.WAITING)
    assert [p.category for p in made.parts.all()] == sorted(CATEGORIES)
    assert AGAIN not in person.browser().get("/en/sources/").content.decode(), "while it is fetched"


def test_pressed_again_it_leads_to_the_same_pull(person: Person) -> None:
    first = press(person)["Location"]
    assert press(person)["Location"] == first and number(person) == 2


def test_a_refresh_that_waits_becomes_the_citizen_s(person: Person, woken: list[Any]) -> None:
    change(person, state=Pull.State.QUEUED, priority=Pull.Priority.REFRESH, finished_at=None, woken_until=timezone.now() + HOUR)
    before = newest(person)
    assert press(person)["Location"] == f"/en/pulls/{before.pk}/"
    assert (newest(person).priority, newest(person).woken_until, number(person)) == (Pull.Priority.WAITING, None, 1)
    assert woken == [before.pk]


@pytest.mark.parametrize("state", ["done", "failed"])
def test_just_after_a_fetch_it_is_refused_kindly(person: Person, state: str) -> None:
    change(person, state=state, finished_at=timezone.now() - timedelta(minutes=4))
    said = press(person)
    assert said["Location"] == "/en/sources/?problem=fetched_just_now" and number(person) == 1
    assert "Try again in five minutes" in person.browser().get(said["Location"]).content.decode()


def test_only_one_s_own_live_connection(person: Person, cast: Cast) -> None:
    assert press(person, f"/en/sources/{REGISTER}/fetch/").status_code == 404
    assert press(person, "/en/sources/nobody/fetch/").status_code == 404
    assert press(cast.aino, f"/en/sources/{TAX}/fetch/").status_code == 404
    with citizen_scope(person.id):
        Connection.objects.filter(citizen_id=person.id).update(state="broken")
    assert press(person).status_code == 404 and number(person) == 1
    with pytest.raises(NotFound):
        fetch_again.ask(citizen_id=person.id, code=TAX, now=timezone.now())


def test_it_takes_a_post(person: Person) -> None:
    assert person.browser().get(AGAIN).status_code == 405 and number(person) == 1


@pytest.mark.parametrize(
    ("error", "button"), [("source_down", "Fetch again"), ("invalid_answer", "Fetch again"), ("revoked", "Connect again")]
)
def test_after_a_failure_the_page_offers_what_helps_and_says_when_it_is_tried_by_itself(person: Person, error: str, button: str) -> None:
    change(person, state=Pull.State.FAILED, error=error, finished_at=timezone.now() - HOUR)
    with citizen_scope(person.id):
        newest(person).parts.update(state="failed", error=error)
    for page in ("/en/sources/", f"/en/pulls/{newest(person).pk}/"):
        text = person.browser().get(page).content.decode()
        assert [b for b in ("Fetch again", "Connect again") if b in text] == [button], page
    assert text.count("Aurora tries again on") == len(CATEGORIES)


def test_what_is_the_same_is_said_to_be(person: Person) -> None:
    with citizen_scope(person.id):
        newest(person).parts.update(state="same")
    assert "Nothing has changed since the last fetch." in person.browser().get(f"/en/pulls/{newest(person).pk}/").content.decode()


def test_of_two_presses_at_once_one_makes_the_pull(person: Person) -> None:
    def ask() -> Any:
        try:
            return fetch_again.ask(citizen_id=person.id, code=TAX, now=timezone.now())
        except FetchedJustNow as error:
            return error

    threads = [in_thread(ask) for _ in range(4)]
    for thread, _ in threads:
        thread.join()
    assert {outcome[0] for _, outcome in threads} == {newest(person).pk} and number(person) == 2
