"""A request and its moves, in the citizen's scope. Each move is one compare-and-set: of two at once, one is made and the other is `Moved`.

    open --answer (corrected, refused)--> corrected, refused
    open --close--> closed

Only journeys may call these.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from aurora.corrections.models import Correction
from aurora.identity import vault
from aurora.twin.sealing import mark_of
from aurora.twin.values import FactView
from consent.concerns import texts
from consent.errors import AuroraError, Conflict, InvalidInput, NotFound
from consent.ids import uuid7
from consent.turns import one_at_a_time

State = Correction.State
ANSWERS = (State.CORRECTED, State.REFUSED)
MOST_OPEN = 20


class Moved(Conflict):
    """The request is not where this move starts: it was answered or taken back meanwhile."""

    code = "correction_moved"
    sentence = "This request has been answered or taken back since. Look at where it stands now."


class TooManyOpen(AuroraError):
    """So that nobody floods those who must answer."""

    code = "too_many_corrections"
    sentence = "You have many requests open. Take one of them back, or wait for an answer, before you ask for another correction."
    status = 429


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, opened: of which fact, what the source says, what is said to be right, why; who asked for a child; and the answer's text."""

    row: Correction
    key: str = field(repr=False)
    says: Any = field(repr=False)
    right: Any = field(repr=False)
    why: str = field(repr=False)
    guardian: str = field(repr=False, default="")
    answer: str = field(repr=False, default="")


def ask(
    *,
    fact: FactView,
    citizen_id: UUID,
    right: Any,
    why: str,
    language: str,
    now: datetime,
    mandate_id: UUID | None = None,
    guardian: str = "",
) -> Asked:
    """A new request about a fact of the citizen's. Raises `InvalidInput` for `why`, `Conflict` where one is open already, `TooManyOpen`."""
    said = texts.tidied(why)
    if fault := texts.fault_of(said):
        raise InvalidInput({"why": fault})
    one_at_a_time(f"corrections:{citizen_id}")  # of two that are asked at once, the second counts the first
    if Correction.objects.filter(citizen_id=citizen_id, state=State.OPEN).count() >= MOST_OPEN:
        raise TooManyOpen()
    row = Correction(
        id=uuid7(now), citizen_id=citizen_id, source=fact.source, category=fact.category, category_version=fact.category_version,
        mark=mark_of(citizen_id=citizen_id, category=fact.category, key=fact.key), since=fact.recorded_at, language=language, mandate_id=mandate_id, asked_at=now, due_at=now + settings.AURORA_CONCERN_ANSWER_WITHIN,
    )  # fmt: skip
    row.sealed = _sealed(row, "asked", {"key": fact.key, "says": fact.value, "right": right, "why": said, "guardian": guardian})
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise Conflict("You have asked to have this corrected already.") from None
    return Asked(row, fact.key, fact.value, right, said, guardian)


def answer(*, row: Correction, outcome: str, text: str, now: datetime) -> None:
    """The source answers. Raises `InvalidInput` for `outcome` or `text`, `Moved`."""
    said = texts.tidied(text)
    wrong = {} if outcome in [one.value for one in ANSWERS] else {"outcome": "outcome_required"}
    if fault := texts.fault_of(said):
        wrong["text"] = fault
    if wrong:
        raise InvalidInput(wrong)
    mine = Correction.objects.filter(pk=row.pk, state=State.OPEN)
    if mine.update(state=outcome, answered_at=now, answer_sealed=_sealed(row, "answer", {"text": said})) != 1:
        raise Moved()


def close(*, row: Correction, now: datetime) -> None:
    """The citizen takes it back. Raises `Moved`."""
    if Correction.objects.filter(pk=row.pk, state=State.OPEN).update(state=State.CLOSED, closed_at=now) != 1:
        raise Moved()


def note_read(*, row: Correction, now: datetime) -> bool:
    """The source reads it. True the first time."""
    return Correction.objects.filter(pk=row.pk, read_at__isnull=True).update(read_at=now) == 1


def note_overdue(*, correction_id: UUID, now: datetime) -> Correction | None:
    """The row for the one caller that may tell its citizen; None if it was answered, taken back or told meanwhile."""
    late = Correction.objects.filter(pk=correction_id, state=State.OPEN, due_at__lte=now, overdue_told_at__isnull=True)
    return Correction.objects.get(pk=correction_id) if late.update(overdue_told_at=now) else None


def of_citizen(*, citizen_id: UUID) -> QuerySet[Correction]:
    """All of a citizen's requests, newest first."""
    return Correction.objects.filter(citizen_id=citizen_id).order_by("-id")


def one(*, correction_id: UUID, citizen_id: UUID) -> Correction:
    """Raises `NotFound`, also for somebody else's."""
    found = Correction.objects.filter(pk=correction_id, citizen_id=citizen_id).first()
    if found is None:
        raise NotFound()
    return found


def opened(row: Correction) -> Asked:
    """Raises `VaultClosed` where the citizen's key is gone."""
    said = _open(row, "asked", row.sealed)
    answered = _open(row, "answer", row.answer_sealed) if row.answer_sealed is not None else {}
    return Asked(row, said["key"], said["says"], said["right"], said["why"], said.get("guardian", ""), answered.get("text", ""))


def erase(*, citizen_id: UUID, category: str | None = None, source: str | None = None) -> int:
    """Delete requests with all that was said in them (None: of whichever category or source). How many."""
    mine = Correction.objects.filter(citizen_id=citizen_id)
    if category is not None:
        mine = mine.filter(category=category)
    if source is not None:
        mine = mine.filter(source=source)
    return mine.delete()[0]


def _sealed(row: Correction, part: str, said: dict[str, Any]) -> bytes:
    context = place(row.pk, bytes(row.mark), part=part)
    return vault.seal(json.dumps(said, ensure_ascii=False).encode(), citizen_id=row.citizen_id, context=context)


def _open(row: Correction, part: str, sealed: bytes | memoryview) -> dict[str, Any]:
    context = place(row.pk, bytes(row.mark), part=part)
    found: dict[str, Any] = json.loads(vault.open_sealed(sealed, citizen_id=row.citizen_id, context=context))
    return found


def place(correction_id: UUID, mark: bytes, *, part: str) -> bytes:
    """What a text is sealed for: this row, about the fact of this mark, and which of its two parts (`asked`, `answer`)."""
    return f"correction:{correction_id}:{part}:".encode() + mark
