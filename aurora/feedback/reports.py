"""Feedback on accessibility in its table: kept, opened, moved on once, and gone after a year."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from aurora.feedback.models import Report
from aurora.identity import keys
from consent.errors import Conflict, NotFound

__all__ = ["ANSWER_WITHIN", "KEPT", "State", "Words"]
State = Report.State
ANSWER_WITHIN = timedelta(days=14)
KEPT = timedelta(days=365)
WORDS, ANSWER, CLOSING = "words", "answer", "closing"
# No letter that is read as another, or as a number: it is told over the telephone too.
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True)
class Words:
    """What was said: on which page, what happened, and where an answer goes ("" for nowhere)."""

    page: str = field(repr=False)
    text: str = field(repr=False)
    address: str = field(repr=False, default="")


def keep(*, words: Words, language: str, day: date) -> str:
    """A new report; its reference, as `K7QM-4TXD`."""
    report_id = uuid4()
    said = json.dumps({"page": words.page, "text": words.text, "address": words.address}).encode()
    for _ in range(3):
        reference = _reference()
        try:
            with transaction.atomic():
                Report.objects.create(
                    id=report_id,
                    reference=reference,
                    language=language,
                    received_on=day,
                    sealed=seal(said, report_id=report_id, what=WORDS),
                )
        except IntegrityError:
            continue  # of nearly a million million references this one is taken
        return reference
    raise Conflict()


def seal(plain: bytes, *, report_id: UUID, what: str) -> bytes:
    """For the platform, bound to the row and the column. `what`: `WORDS`, `ANSWER` or `CLOSING`."""
    return keys.seal_for_platform(plain, context=place(report_id, what=what))


def words_of(row: Report) -> Words:
    """What was said."""
    return Words(**json.loads(keys.open_for_platform(row.sealed, context=place(row.pk, what=WORDS))))


def note_of(row: Report, *, what: str) -> str:
    """What an operator noted of the answer or at the end; "" while there is none."""
    sealed = row.answer_sealed if what == ANSWER else row.closing_sealed
    return keys.open_for_platform(sealed, context=place(row.pk, what=what)).decode() if sealed else ""


def get(report_id: UUID) -> Report:
    """Raises `NotFound`."""
    row = Report.objects.filter(pk=report_id).first()
    if row is None:
        raise NotFound()
    return row


def answer(*, row: Report, by: UUID, note: str, now: datetime) -> None:
    """Raises `Conflict` where it is not open any more."""
    sealed = seal(note.encode(), report_id=row.pk, what=ANSWER)
    _move(row, (State.OPEN,), state=State.ANSWERED, answered_by=by, answered_at=now, answer_sealed=sealed)


def close(*, row: Report, by: UUID, note: str, now: datetime) -> None:
    """Raises `Conflict` where it is closed."""
    sealed = seal(note.encode(), report_id=row.pk, what=CLOSING)
    _move(row, (State.OPEN, State.ANSWERED), state=State.CLOSED, closed_by=by, closed_at=now, closing_sealed=sealed)


def purge(*, today: date) -> int:
    """Delete what has been kept long enough, whatever became of it. How many rows."""
    gone, _ = Report.objects.filter(received_on__lte=today - KEPT).delete()
    return gone


def place(report_id: UUID, *, what: str) -> bytes:
    return f"accessibility-{what}:".encode() + report_id.bytes


def _move(row: Report, begins: tuple[str, ...], **values: object) -> None:
    if Report.objects.filter(pk=row.pk, state__in=begins).update(**values) != 1:
        raise Conflict()


def _reference() -> str:
    drawn = "".join(secrets.choice(LETTERS) for _ in range(8))
    return f"{drawn[:4]}-{drawn[4:]}"
