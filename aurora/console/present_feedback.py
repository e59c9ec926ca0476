"""From feedback on accessibility to the console's pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from django.urls import reverse

from aurora.feedback.models import Report
from aurora.feedback.reports import State
from aurora.identity.models import Operator
from aurora.journeys import hear_feedback
from aurora.journeys.hear_feedback import Told
from aurora.ui import accessibility_words as words
from aurora.ui import catalogue_words
from aurora.ui.contexts import FieldError
from aurora.ui.contexts.accessibility import ConsoleFeedbackPage, ConsoleReportPage, ReportDeed, ReportRow

_TONES = {"open": "busy", "overdue": "bad", "answered": "good", "closed": "mark"}


def listing(rows: Sequence[Report], *, today: date) -> ConsoleFeedbackPage:
    """All of them, by the day and the state alone."""
    return ConsoleFeedbackPage(tuple(_rows(rows, today)), more=len(rows) == hear_feedback.MOST)


def one(told: Told, *, operator: Operator, note: str, errors: Mapping[str, str]) -> ConsoleReportPage:
    """One with its words. `operator` reads it; who may answer sees the address."""
    row, answers = told.row, bool(hear_feedback.ANSWERERS & set(operator.roles))
    return ConsoleReportPage(
        reference=row.reference,
        state=words.state(row.state),
        received_on=row.received_on,
        due_on=hear_feedback.due(row),
        deleted_on=hear_feedback.goes(row),
        language=catalogue_words.spoken(row.language),
        page=told.words.page,
        text=told.words.text,
        back_url=reverse("console:feedback"),
        address=told.words.address,
        has_address=told.has_address,
        deeds=tuple(_deeds(told)),
        may_answer=answers and row.state == State.OPEN,
        may_close=answers and row.state != State.CLOSED,
        longest=hear_feedback.LONGEST_NOTE,
        note=note,
        errors=tuple(FieldError(name, words.error(name, code)) for name, code in errors.items()),
    )


def _rows(rows: Iterable[Report], today: date) -> Iterator[ReportRow]:
    for row in rows:
        late = row.state == State.OPEN and today > hear_feedback.due(row)
        shown = "overdue" if late else row.state
        url = reverse("console:feedback_report", args=[row.pk])
        yield ReportRow(row.reference, words.state(shown), _TONES[shown], row.received_on, hear_feedback.due(row), late, url)


def _deeds(told: Told) -> Iterator[ReportDeed]:
    row = told.row
    names = dict(Operator.objects.filter(pk__in=[one for one in (row.answered_by, row.closed_by) if one]).values_list("pk", "name"))
    if row.answered_by and row.answered_at:
        yield ReportDeed(words.deed("answer"), names.get(row.answered_by, ""), row.answered_at, told.answer)
    if row.closed_by and row.closed_at:
        yield ReportDeed(words.deed("closing"), names.get(row.closed_by, ""), row.closed_at, told.closing)
