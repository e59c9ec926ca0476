"""Feedback on accessibility over HTTP: by anybody, without a session, as often as may be; what is wrong is said and nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import psycopg
import pytest
from django.db import DatabaseError, transaction
from django.test import override_settings
from django.utils import timezone

from aurora.feedback import reports
from aurora.feedback.models import Report
from aurora.journeys import hear_feedback, tasks
from consent.errors import Conflict
from tests.support.cast import FORM, Cast, browser, services

PATH = "/en/accessibility/"
SAID = {"page": "My data", "text": "I cannot reach Save by the keyboard.\nI use a screen reader.", "address": "writer@example.org"}
ROOM = {"address_a_minute": 1000, "address_a_day": 1000, "all_a_day": 100_000}


@pytest.fixture(autouse=True)
def room(cast: Cast) -> Iterator[None]:
    """As much as all tests here send; what was kept goes."""
    before = set(Report.objects.values_list("pk", flat=True))
    with override_settings(AURORA_ACCESSIBILITY_FEEDBACK=ROOM):
        yield
    Report.objects.exclude(pk__in=before).delete()


def _send(face: Any = None, path: str = PATH, **changes: str) -> Any:
    return (face or browser()).post(path, urlencode({**SAID, **changes}), content_type=FORM)


def _kept(answer: Any) -> Report:
    return Report.objects.get(reference=answer["Location"].rpartition("sent=")[2])


@pytest.mark.parametrize(("language", "told"), [("fi", "Kiitos."), ("sv", "Tack."), ("en", "Thank you.")])
def test_anybody_sends_it_and_is_told_its_number_and_what_happens_next(language: str, told: str) -> None:
    answer = _send(path=f"/{language}/accessibility/")
    assert answer.status_code == 302 and re.fullmatch(rf"/{language}/accessibility/\?sent=[A-Z2-9]{{4}}-[A-Z2-9]{{4}}", answer["Location"])
    page = browser().get(answer["Location"]).content.decode()
    row = _kept(answer)
    assert row.reference in page and told in page and 'id="sent"' in page and "14" in page and "12" in page
    assert (row.language, row.state, row.received_on) == (language, "open", timezone.localdate())
    assert reports.words_of(row) == reports.Words(**SAID)


def test_a_number_that_nobody_was_given_is_not_thanked_for() -> None:
    for odd in ("AAAA-AAAA", "x", "\x00", "<b>", "K7QM-4TXD\n"):
        answer = browser().get(PATH, {"sent": odd})
        assert answer.status_code == 200 and 'id="sent"' not in answer.content.decode(), odd


def test_nothing_of_who_sent_it_is_kept_and_every_word_is_sealed(cast: Cast) -> None:
    face = cast.aino.browser()
    row = _kept(_send(face, text="Of Aino nothing."))
    with psycopg.connect(services().admin_url or "") as admin:
        found = admin.execute("SELECT to_jsonb(r)::text FROM accessibility_report r WHERE id = %s", [row.pk]).fetchone()
        columns = {
            c for (c,) in admin.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'accessibility_report'")
        }
    told = found[0] if found else ""
    hexed = [word.encode().hex() for word in (SAID["page"], "Of Aino", SAID["address"])]
    for secret in (*cast.secrets(), str(cast.aino.id), face.session.session_key or "-", SAID["page"], "Of Aino", SAID["address"], *hexed):
        assert secret not in told
    assert columns == {
        "id", "reference", "language", "received_on", "sealed", "state", "answered_by", "answered_at", "answer_sealed", "closed_by", "closed_at",
        "closing_sealed",
    }  # fmt: skip
    assert all(word not in repr((row, reports.words_of(row))) for word in ("Of Aino", SAID["address"]))


def test_a_stranger_gets_no_session_for_it() -> None:
    face = browser()
    answer = _send(face)
    face.get(answer["Location"])
    assert not [name for name in face.cookies if "session" in name]


WRONG = {
    "nothing": ({"page": "", "text": " \n", "address": ""}, ["page", "text"]),
    "no page": ({"page": " "}, ["page"]),
    "too long": ({"page": "x" * 301, "text": "y" * 4001}, ["page", "text"]),
    "no address": ({"address": "nobody"}, ["address"]),
    "two headers": ({"address": "a@example.org\nBcc: b@example.org"}, ["address"]),
    "unreadable": ({"text": "a\x00b"}, ["text"]),
    "turned round": ({"page": "a\u202eb"}, ["page"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(name: str) -> None:
    changes, fields = WRONG[name]
    before = Report.objects.count()
    answer = _send(**changes)
    page, said = answer.context["page"], answer.content.decode()
    assert answer.status_code == 400 and [error.field for error in page.errors] == fields
    assert (page.page, page.text, page.address) == tuple({**SAID, **changes}.values()) and Report.objects.count() == before
    for field in fields:
        assert (
            f'href="#{field}"' in said
            and f'id="{field}-error"' in said
            and re.search(rf'id="{field}"[^>]*aria-describedby="[^"]*{field}-error', said)
        )


def test_what_is_exactly_as_long_as_may_be_is_kept() -> None:
    longest = {"page": "ä" * hear_feedback.LONGEST_PAGE, "text": "ö" * hear_feedback.LONGEST, "address": ""}
    assert reports.words_of(_kept(_send(**longest))) == reports.Words(**longest)


def test_markup_is_shown_as_it_was_typed() -> None:
    said = _send(text="", page='"><script>alert(1)</script>').content.decode()
    assert "<script>alert" not in said and "&lt;script&gt;alert(1)" in said


def test_a_form_without_its_token_is_refused() -> None:
    before = Report.objects.count()
    assert _send(browser(enforce_csrf_checks=True)).status_code == 403 and Report.objects.count() == before


def test_one_address_sends_only_so_much_and_what_it_typed_stays() -> None:
    here, there = browser(REMOTE_ADDR="198.51.100.7"), browser(REMOTE_ADDR="198.51.100.8")
    few = {**ROOM, "address_a_day": 2}
    with override_settings(AURORA_ACCESSIBILITY_FEEDBACK=few):
        assert [_send(here, text="").status_code for _ in range(3)] == [400] * 3, "what is wrong does not count"
        answers = [_send(here) for _ in range(4)]
        assert {answer.status_code for answer in answers[-1:]} == {429}
        last: Any = answers[-1]
        assert int(last["Retry-After"]) > 0 and last.context["page"].text == SAID["text"] and 'href="#text"' in last.content.decode()
        assert _send(there).status_code == 302


def test_all_together_send_only_so_much() -> None:
    with override_settings(AURORA_ACCESSIBILITY_FEEDBACK={**ROOM, "all_a_day": 0}):
        assert _send(browser(REMOTE_ADDR="198.51.100.9")).status_code == 429


def test_after_twelve_months_it_is_gone_whatever_became_of_it() -> None:
    old, young = _kept(_send()), _kept(_send())
    today = timezone.localdate()
    Report.objects.filter(pk=old.pk).update(received_on=today - reports.KEPT)
    Report.objects.filter(pk=young.pk).update(received_on=today - reports.KEPT + timedelta(days=2))
    tasks.purge()
    assert list(Report.objects.filter(pk__in=[old.pk, young.pk])) == [young]
    assert hear_feedback.sweep(now=_days_from_now(1)) == 0
    assert hear_feedback.sweep(now=_days_from_now(3)) >= 1 and not Report.objects.filter(pk=young.pk).exists()


def _days_from_now(number: int) -> datetime:
    return timezone.now() + timedelta(days=number)


@pytest.mark.parametrize(
    "change",
    [{"state": "answered"}, {"state": "closed"}, {"state": "lost"}, {"answered_by": "00000000-0000-0000-0000-000000000001"}],
    ids=["answered by nobody", "closed by nobody", "no such state", "by somebody, never"],
)
def test_the_table_holds_no_half_state(change: dict[str, str]) -> None:
    row = _kept(_send())
    with pytest.raises(DatabaseError), transaction.atomic():
        Report.objects.filter(pk=row.pk).update(**change)


def test_two_who_answer_at_once_are_not_both_the_one() -> None:
    row, now = _kept(_send()), timezone.now()
    one, other = uuid4(), uuid4()
    stale = reports.get(row.pk)
    reports.answer(row=stale, by=one, note="mended", now=now)
    with pytest.raises(Conflict):
        reports.answer(row=stale, by=other, note="mended too", now=now)
    assert reports.get(row.pk).answered_by == one and reports.note_of(reports.get(row.pk), what=reports.ANSWER) == "mended"
