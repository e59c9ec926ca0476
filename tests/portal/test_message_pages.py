"""Messages in the portal: counted in the frame until read, kept after, paged; and the way to and from mails."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core import mail as outgoing
from django.test import Client
from django.utils import timezone

from aurora.journeys import send_mail
from aurora.messages import outbox
from aurora.messages.models import Mail
from consent.scope import citizen_scope
from tests.support.cast import FORM, Cast, Person

EMAIL = "/en/messages/email/"


@pytest.fixture(autouse=True)
def kept_in_memory(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def tell(person: Person, times: int = 1) -> list[str]:
    """So many messages; their ids, oldest first."""
    now = timezone.now()
    with citizen_scope(person.id):
        rows = [
            outbox.queue(citizen_id=person.id, kind="mandate_changed", about={"who": "Bertil Berg"}, now=now + timedelta(seconds=n))
            for n in range(times)
        ]
    return [str(row.pk) for row in rows]


def post(face: Client, **form: str) -> Any:
    return face.post(EMAIL, urlencode(form), content_type=FORM)


def send_all(person: Person) -> None:
    with citizen_scope(person.id):
        waiting = list(Mail.objects.filter(citizen_id=person.id, state="queued").values_list("pk", flat=True))
    for mail_id in waiting:
        send_mail.run(mail_id=mail_id)


def count_in_frame(face: Client) -> str:
    found = re.search(r"Messages(?: <span aria-hidden=\"true\">\((\d+)\)</span>)?", face.get("/en/sources/").content.decode())
    assert found
    return found[1] or ""


def test_a_message_is_counted_until_it_is_opened(new_person: Person) -> None:
    first, second = tell(new_person, 2)
    face = new_person.browser()
    assert count_in_frame(face) == "2"
    face.head(f"/en/messages/{first}/")
    assert count_in_frame(face) == "2"
    opened: Any = face.get(f"/en/messages/{first}/")
    assert "Bertil Berg" in opened.content.decode()
    assert count_in_frame(face) == "1"
    rows = face.get("/en/messages/").context["page"].messages  # type: ignore[attr-defined]
    assert [(r.url.split("/")[3], r.new) for r in rows] == [(second, True), (first, False)]


def test_home_shows_what_is_new_and_nothing_that_was_read(new_person: Person) -> None:
    face, ids = new_person.browser(), tell(new_person, 4)
    assert len(face.get("/en/home/").context["page"].news) == 3  # type: ignore[attr-defined]
    for message in ids:
        face.get(f"/en/messages/{message}/")
    assert face.get("/en/home/").context["page"].news == ()  # type: ignore[attr-defined]


def test_the_box_is_cut_into_pages_and_odd_pages_are_no_error(new_person: Person) -> None:
    tell(new_person, 31)
    face = new_person.browser()
    first, second = (face.get(f"/en/messages/{q}").context["page"] for q in ("", "?page=2"))  # type: ignore[attr-defined]
    assert (len(first.messages), len(second.messages)) == (30, 1)
    assert first.pagination.next_url.endswith("?page=2") and not second.pagination.next_url
    for odd in ("0", "-1", "x", "99999999999999999999", "\u0661", "9999"):
        assert face.get("/en/messages/", {"page": odd}).status_code == 200


def test_the_whole_way_of_an_address(new_person: Person) -> None:
    face = new_person.browser()
    assert post(face, action="save", address="aino@example.org", content="whole").status_code == 302
    send_all(new_person)
    link = re.search(r"http://localhost:8000(/en/messages/email/confirm/[^\s]+)", str(outgoing.outbox[-1].body))
    assert link
    assert face.get(link[1]).status_code == 200
    assert not face.get(EMAIL).context["page"].confirmed, "a mail service that opens links confirms nothing"  # type: ignore[attr-defined]
    assert face.post(link[1]).status_code == 302
    page = face.get(EMAIL).context["page"]  # type: ignore[attr-defined]
    assert (page.address, page.confirmed, page.whole) == ("aino@example.org", True, True)
    post(face, action="choose", content="notice")
    assert not face.get(EMAIL).context["page"].whole  # type: ignore[attr-defined]
    tell(new_person)
    send_all(new_person)
    assert "Bertil" not in outgoing.outbox[-1].body
    assert face.get("/en/messages/").context["page"].messages[0].mail == "Also sent by e-mail."  # type: ignore[attr-defined]
    post(face, action="remove")
    assert face.get(EMAIL).context["page"].address == ""  # type: ignore[attr-defined]
    assert face.post(link[1]).status_code == 400


def test_a_link_is_good_for_its_own_citizen_only(cast: Cast, new_person: Person) -> None:
    post(new_person.browser(), action="save", address="aino@example.org", content="notice")
    send_all(new_person)
    link = re.search(r"http://localhost:8000(/en/messages/email/confirm/[^\s]+)", str(outgoing.outbox[-1].body))
    assert link and cast.cecilia.browser().post(link[1]).status_code == 400
    assert new_person.browser().post(link[1]).status_code == 302


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"action": "save", "address": "aino", "content": "whole"}, "address"),
        ({"action": "save", "address": "", "content": "notice"}, "address"),
        ({"action": "save", "address": "aino@example.org"}, "content"),
        ({"action": "choose", "content": "all"}, "content"),
        ({"action": "delete everything"}, "content"),
        ({}, "content"),
    ],
)
def test_a_form_that_is_wrong_says_what_and_keeps_what_was_typed(new_person: Person, form: dict[str, str], field: str) -> None:
    answer = post(new_person.browser(), **form)
    assert answer.status_code == 400
    page = answer.context["page"]
    assert [e.field for e in page.errors] == [field] and page.address == ""
    if field == "address":
        assert page.typed == form["address"] and page.whole == (form["content"] == "whole")


def test_asking_too_often_is_refused_for_a_day(new_person: Person) -> None:
    face = new_person.browser()
    answers = [post(face, action="save", address=f"a{n}@example.org", content="notice").status_code for n in range(6)]
    assert answers == [302] * 5 + [429]


def test_where_no_mail_is_sent_no_page_speaks_of_it(new_person: Person, settings: Any) -> None:
    settings.AURORA_MAIL_FROM = ""
    face = new_person.browser()
    assert "mail" not in face.get("/en/messages/").content.decode().lower()
    for answer in (
        face.get(EMAIL),
        post(face, action="save", address="aino@example.org", content="notice"),
        face.post(f"{EMAIL}confirm/x/"),
    ):
        assert answer.status_code == 404


def test_a_message_that_could_not_be_mailed_says_so(new_person: Person) -> None:
    [message] = tell(new_person)
    now = timezone.now()
    with citizen_scope(new_person.id):
        Mail.objects.create(
            citizen_id=new_person.id, message_id=message, state="failed", error="gave_up", due_at=now, created_at=now, finished_at=now
        )
    assert "did not take it" in new_person.browser().get("/en/messages/").content.decode()
