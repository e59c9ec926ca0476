"""Feedback on accessibility: anybody sends it, operators answer and close it, and it goes after twelve months.

It is never about a citizen's data and never of a citizen: who sends it need not be signed in, and whoever is stays unknown here. Aurora sends no
mail for it, since its mails are citizens': operators write the answer from their organisation's own mail, and note here that they did.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from aurora.audit import trail
from aurora.feedback import reports
from aurora.feedback.models import Report
from aurora.feedback.reports import ANSWER_WITHIN, KEPT, Words
from aurora.identity.models import Operator
from aurora.messages import address as mail
from consent.concerns.texts import fault_of, tidied
from consent.errors import AuroraError, InvalidInput

__all__ = [
    "ANSWER_WITHIN",
    "KEPT",
    "MOST",
    "NotForYou",
    "Told",
    "Words",
    "answer",
    "close",
    "heard",
    "listing",
    "one",
    "received",
    "send",
    "sweep",
]
LONGEST_PAGE, LONGEST, LONGEST_NOTE = 300, 4000, 2000
MOST = 200
_REFERENCE = re.compile(f"[{reports.LETTERS}]{{4}}-[{reports.LETTERS}]{{4}}")
Role = Operator.Role
READERS = frozenset({Role.OPERATIONS, Role.PRIVACY_OFFICER, Role.AUDITOR})
ANSWERERS = READERS - {Role.AUDITOR}


class NotForYou(AuroraError):
    """An operator whose roles are not those that read or answer feedback."""

    code = "forbidden"
    sentence = "This is not for your role."
    status = 403


@dataclass(frozen=True)
class Told:
    """One report as an operator may read it. `words.address` is "" also for who may not write there; `has_address` says whether there is one."""

    row: Report
    words: Words = field(repr=False)
    has_address: bool
    answer: str = field(repr=False)
    closing: str = field(repr=False)


def heard(*, page: str, text: str, address: str) -> Words:
    """What was typed, as it can be kept. Raises `InvalidInput` for `page`, `text`, `address`, all at once."""
    page, text = " ".join(tidied(page).split()), tidied(text)
    wrong = {
        name: fault for name, fault in (("page", fault_of(page, longest=LONGEST_PAGE)), ("text", fault_of(text, longest=LONGEST))) if fault
    }
    if address.strip():
        try:
            address = mail.checked(address)
        except InvalidInput as error:
            wrong |= error.fields
    if wrong:
        raise InvalidInput(wrong)
    return Words(page, text, address.strip())


def send(*, words: Words, language: str, now: datetime) -> str:
    """Keep what was heard; its reference."""
    return reports.keep(words=words, language=language, day=timezone.localdate(now))


def received(reference: str) -> str:
    """The reference again if there is such a report, "" else. It opens nothing."""
    return reference if _REFERENCE.fullmatch(reference) and Report.objects.filter(reference=reference).exists() else ""


def listing(*, operator: Operator) -> list[Report]:
    """The open ones, the oldest first, then the newest others: `MOST` in all. Not a word of them. Raises `NotForYou`."""
    _check(operator, READERS)
    waits = list(Report.objects.filter(state=reports.State.OPEN).order_by("received_on", "reference")[:MOST])
    return waits + list(Report.objects.exclude(state=reports.State.OPEN).order_by("-received_on", "reference")[: MOST - len(waits)])


def one(*, operator: Operator, report_id: UUID) -> Told:
    """One with its words; an auditor reads no mail address. Raises `NotForYou`, `NotFound`."""
    _check(operator, READERS)
    row = reports.get(report_id)
    words = reports.words_of(row)
    shown = words if _may(operator, ANSWERERS) else Words(words.page, words.text)
    return Told(row, shown, bool(words.address), reports.note_of(row, what=reports.ANSWER), reports.note_of(row, what=reports.CLOSING))


def answer(*, operator: Operator, report_id: UUID, note: str, now: datetime) -> None:
    """Note that it was answered, and how. Raises `NotForYou`, `NotFound`, `InvalidInput` for `note`, `Conflict`."""
    with transaction.atomic():
        _check(operator, ANSWERERS)
        reports.answer(row=reports.get(report_id), by=operator.pk, note=_note(note), now=now)
        trail.did(operator_id=operator.pk, deed="feedback:answered", about=[report_id])


def close(*, operator: Operator, report_id: UUID, note: str, now: datetime) -> None:
    """Nothing more is done about it. Raises what `answer` raises."""
    with transaction.atomic():
        _check(operator, ANSWERERS)
        reports.close(row=reports.get(report_id), by=operator.pk, note=_note(note), now=now)
        trail.did(operator_id=operator.pk, deed="feedback:closed", about=[report_id])


def due(row: Report) -> date:
    """The day by which it should be answered."""
    return row.received_on + ANSWER_WITHIN


def goes(row: Report) -> date:
    """The day on which it is deleted."""
    return row.received_on + KEPT


def sweep(*, now: datetime) -> int:
    """Delete what is twelve months old. How many."""
    return reports.purge(today=timezone.localdate(now))


def _note(typed: str) -> str:
    note = tidied(typed)
    fault = fault_of(note, longest=LONGEST_NOTE)
    if fault:
        raise InvalidInput({"note": fault})
    return note


def _may(operator: Operator, roles: frozenset[Operator.Role]) -> bool:
    return operator.is_active and bool(roles & set(operator.roles))


def _check(operator: Operator, roles: frozenset[Operator.Role]) -> None:
    if not _may(operator, roles):
        raise NotForYou()
