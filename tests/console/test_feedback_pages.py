"""Feedback on accessibility in the console: who reads, who answers, what the trail and the overview say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from aurora.audit.models import OperatorDeed
from aurora.feedback import reports
from aurora.feedback.models import Report
from aurora.identity.models import Operator
from aurora.journeys import hear_feedback
from aurora.journeys.hear_feedback import NotForYou
from tests.console.officials import Official, official
from tests.support.cast import Cast

PATH = "/en/console/feedback/"
Role = Operator.Role
READ, ANSWER = {Role.OPERATIONS, Role.PRIVACY_OFFICER, Role.AUDITOR}, {Role.OPERATIONS, Role.PRIVACY_OFFICER}
WORDS = reports.Words("My data", "I cannot reach <Save>.", "writer@example.org")


@pytest.fixture
def report(cast: Cast) -> Iterator[Report]:
    row = Report.objects.get(reference=hear_feedback.send(words=WORDS, language="sv", now=timezone.now()))
    yield row
    Report.objects.filter(pk=row.pk).delete()


@pytest.fixture
def oskar(cast: Cast) -> Iterator[Official]:
    with official(Role.OPERATIONS, name="Oskar") as one:
        yield one


@pytest.mark.parametrize("role", list(Role), ids=str)
def test_roles_see_what_is_theirs(report: Report, role: Operator.Role) -> None:
    with official(role) as one:
        listed, page = one.get(PATH), one.get(f"{PATH}{report.pk}/")
        assert (listed.status_code, page.status_code) == ((200, 200) if role in READ else (403, 403))
        assert ("/console/feedback/" in one.get("/en/console/").content.decode()) == (role in READ)
        if role in READ:
            said, row = page.content.decode(), next(row for row in listed.context["page"].rows if row.reference == report.reference)
            assert row.state == "To be answered" and not row.late and WORDS.page not in listed.content.decode()
            assert "I cannot reach &lt;Save&gt;." in said and "Swedish" in said
            assert (WORDS.address in said) == (role in ANSWER) and ("Shown only to those who answer" in said) == (role not in ANSWER)
            assert ('value="answer"' in said) == (role in ANSWER)
        sent = one.post(f"{PATH}{report.pk}/", decision="close", note="x").status_code
        assert sent == (302 if role in ANSWER else 403)
        assert (Report.objects.get(pk=report.pk).state == "closed") == (role in ANSWER)


def test_it_is_answered_and_closed_once_each_with_who_when_and_why(report: Report, oskar: Official) -> None:
    at = f"{PATH}{report.pk}/"
    assert oskar.post(at, decision="answer", note="The button is mended.").status_code == 302
    row = Report.objects.get(pk=report.pk)
    assert (
        (row.state, row.answered_by) == ("answered", oskar.operator.pk)
        and row.answered_at
        and b"mended" not in bytes(row.answer_sealed or b"")
    )
    again = oskar.post(at, decision="answer", note="Mended twice.")
    assert (
        again.status_code == 400
        and "Somebody else has answered or closed this" in again.content.decode()
        and "Mended twice." in again.content.decode()
    )
    assert oskar.post(at, decision="close", note="Done.").status_code == 302
    page = oskar.get(at).context["page"]
    assert [(deed.what, deed.who, deed.why) for deed in page.deeds] == [
        ("Marked as answered", "Oskar", "The button is mended."), ("Closed", "Oskar", "Done."),
    ]  # fmt: skip
    assert not page.may_answer and not page.may_close and oskar.post(at, decision="close", note="x").status_code == 400


@pytest.mark.parametrize("note", ["", "  ", "x" * 2001, "a\u202eb"], ids=["none", "blanks", "too long", "turned round"])
def test_without_a_note_nothing_is_done(report: Report, oskar: Official, note: str) -> None:
    answer = oskar.post(f"{PATH}{report.pk}/", decision="answer", note=note)
    assert answer.status_code == 400 and [error.field for error in answer.context["page"].errors] == ["note"]  # type: ignore[attr-defined]
    assert Report.objects.get(pk=report.pk).state == "open" and not _deeds(oskar)


def test_no_other_decision_is_one(report: Report, oskar: Official) -> None:
    assert oskar.post(f"{PATH}{report.pk}/", decision="delete", note="x").status_code == 400
    assert Report.objects.get(pk=report.pk).state == "open"


def test_the_trail_says_which_was_opened_answered_and_closed_and_no_word_of_it(report: Report, oskar: Official) -> None:
    at = f"{PATH}{report.pk}/"
    oskar.get(at)
    oskar.post(at, decision="answer", note="Mended.")
    oskar.post(at, decision="close", note="Done.")
    rows = list(OperatorDeed.objects.filter(operator_id=oskar.operator.pk).order_by("number"))
    assert (rows[0].route, rows[0].outcome, rows[0].about) == ("feedback_report", "shown", [str(report.pk)])
    assert [(row.deed, row.about) for row in rows if row.deed] == [
        ("feedback:answered", [str(report.pk)]), ("feedback:closed", [str(report.pk)]),
    ]  # fmt: skip


def test_a_deed_that_cannot_be_noted_is_none(report: Report, oskar: Official, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: object) -> None:
        raise RuntimeError("the trail is away")

    monkeypatch.setattr(hear_feedback.trail, "did", away)
    with pytest.raises(RuntimeError):
        hear_feedback.answer(operator=oskar.operator, report_id=report.pk, note="Mended.", now=timezone.now())
    assert Report.objects.get(pk=report.pk).state == "open"


def test_no_way_around_the_pages_is_wider(report: Report) -> None:
    with official(Role.AUDITOR) as auditor, official(Role.CATALOGUE_EDITOR) as editor:
        assert hear_feedback.one(operator=auditor.operator, report_id=report.pk).words.address == ""
        for verb in (hear_feedback.answer, hear_feedback.close):
            with pytest.raises(NotForYou):
                verb(operator=auditor.operator, report_id=report.pk, note="x", now=timezone.now())
        with pytest.raises(NotForYou):
            hear_feedback.one(operator=editor.operator, report_id=report.pk)
        with pytest.raises(NotForYou):
            hear_feedback.listing(operator=editor.operator)


def test_what_is_late_says_so_and_comes_first(report: Report, oskar: Official) -> None:
    today = timezone.localdate()
    Report.objects.filter(pk=report.pk).update(received_on=today - reports.ANSWER_WITHIN)
    assert not _row(oskar, report).late, "on the last day it is not late yet"
    Report.objects.filter(pk=report.pk).update(received_on=today - reports.ANSWER_WITHIN - timedelta(days=1))
    row = _row(oskar, report)
    assert row.late and row.state == "Overdue"
    assert oskar.get(PATH).context["page"].rows[0].due_on <= row.due_on


def test_the_overview_says_that_it_waits_until_it_is_answered(report: Report, oskar: Official) -> None:
    def waits() -> int:
        needs = oskar.get("/en/console/").context["page"].needs
        return next((int(need.sentence.split()[0]) for need in needs if need.url == PATH), 0)

    before = waits()
    assert before >= 1
    oskar.post(f"{PATH}{report.pk}/", decision="answer", note="Mended.")
    assert waits() == before - 1


def test_what_is_not_there_is_not_found(oskar: Official) -> None:
    assert oskar.get(f"{PATH}00000000-0000-0000-0000-000000000000/").status_code == 404


def _row(oskar: Official, report: Report):  # type: ignore[no-untyped-def]
    return next(row for row in oskar.get(PATH).context["page"].rows if row.reference == report.reference)


def _deeds(one: Official) -> list[OperatorDeed]:
    return [row for row in OperatorDeed.objects.filter(operator_id=one.operator.pk) if row.deed]
