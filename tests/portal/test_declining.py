"""A no is recorded once, however often its page is sent."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.test import Client
from django.utils import timezone

from consent import services
from consent.scope import citizen_scope
from tests.portal.at_once import in_thread, until_waiting
from tests.support.cast import FORM, TAX, Cast, Person

CONNECT = f"/en/sources/{TAX}/connect/"
DECLINED = "citizen:consent:declined"


def page_of(face: Client, address: str = CONNECT) -> str:
    page: Any = face.get(address).context["page"]  # type: ignore[attr-defined]
    return str(page.notice_token)


def decline(face: Client, token: str, address: str = CONNECT) -> None:
    answer = face.post(address, urlencode({"decision": "decline", "notice_token": token}), content_type=FORM)
    assert answer.status_code == 302 and answer["Location"].endswith("?declined")


def recorded(person: Person) -> tuple[int, int]:
    """How many records say no, and how many entries."""
    return len(person.consents(state="declined")), [e.event for e in person.entries()].count(DECLINED)


def test_the_same_page_sent_again_records_nothing_more(cast: Cast, new_person: Person) -> None:
    face = new_person.browser()
    token = page_of(face)
    for _ in range(3):
        decline(face, token)
    assert recorded(new_person) == (2, 2), "one a purpose"


def test_a_no_to_another_text_is_another_no(cast: Cast, new_person: Person) -> None:
    face = new_person.browser()
    decline(face, page_of(face))
    swedish = CONNECT.replace("/en/", "/sv/")
    decline(face, page_of(face, swedish), swedish)
    assert recorded(new_person) == (4, 4)


def test_a_no_after_a_yes_is_another_no(cast: Cast, new_person: Person) -> None:
    face = new_person.browser()
    decline(face, page_of(face))
    new_person.connect(TAX)
    decline(face, page_of(face))
    assert recorded(new_person) == (4, 4) and len(new_person.consents(state="given")) == 2
    for consent in new_person.consents(state="given"):
        with citizen_scope(new_person.id):
            services.end(consent_id=consent.pk, now=timezone.now())
    decline(face, page_of(face))
    assert recorded(new_person) == (6, 6)


def test_a_double_click_is_one_no(cast: Cast, new_person: Person) -> None:
    face, again = new_person.browser(), new_person.browser()
    token = page_of(face)
    with citizen_scope(new_person.id):
        services.take_turn(citizen_id=new_person.id)
        clicks = [in_thread(lambda f=f: decline(f, token)) for f in (face, again)]
        # One waits for us, the other for its turn to wait.
        until_waiting(1)
    for thread, outcome in clicks:
        thread.join(120)
        assert outcome == [None]
    assert recorded(new_person) == (2, 2)
