"""A case and its moves, in the citizen's scope. Each move is one compare-and-set: of two at once, one is made and the other is `Moved`.

    open --answer (lawful, mistake)--> answered --reply, once--> open
    open --later, once--> open, with a new day
    open, answered --close--> closed

Only journeys may call these.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet

from consent.concerns import texts
from consent.concerns.models import Concern, ConcernPart
from consent.errors import AuroraError, Conflict, InvalidInput, NotFound
from consent.ids import uuid7
from consent.keeper import keeper
from consent.ledger.models import LedgerEntry
from consent.rules import AURORA
from consent.turns import one_at_a_time

State, Outcome, By = Concern.State, Concern.Outcome, ConcernPart.By
PartKind = ConcernPart.Kind
MOST_OPEN = 20
# GDPR art. 12(3): within a month, and by two further months where necessary, of which the person is told within the first.
LONGEST_PUT_OFF = timedelta(days=60)
ANSWERS = (PartKind.LAWFUL, PartKind.MISTAKE)


class Moved(Conflict):
    """The case is not where this move starts: it was answered, replied to or closed meanwhile."""

    code = "concern_moved"
    sentence = "This case has moved on since. Look at where it stands now."


class PutOffAlready(Conflict):
    code = "concern_put_off_already"
    sentence = "A later day has been named once already. Answer now."


class TooManyOpen(AuroraError):
    """So that nobody floods those who must answer."""

    code = "too_many_concerns"
    sentence = "You have many cases open. Close one of them, or wait for an answer, before you report another concern."
    status = 429


@dataclass(frozen=True, slots=True)
class Guardian:
    """Who says something for a child, and on which mandate. The name is kept sealed, as what they say is."""

    mandate_id: UUID
    id: UUID
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Said:
    """One part, opened. `note` is the ground of what was lawful, or what was done about a mistake. `guardian`: who said it for a child, if one did."""

    row: ConcernPart
    text: str = field(repr=False)
    note: str = field(repr=False)
    guardian: Guardian | None = None


def raise_(
    *, entry: LedgerEntry, about: str, kind: str, text: str, language: str, now: datetime, guardian: Guardian | None = None
) -> Concern:
    """A new case about an entry of the citizen's. Raises `InvalidInput` for `kind` or `text`, `Conflict` where one is open already, `TooManyOpen`."""
    said = texts.tidied(text)
    wrong = {} if kind in Concern.Kind.values else {"kind": "kind_required"}
    if fault := texts.fault_of(said):
        wrong["text"] = fault
    if wrong:
        raise InvalidInput(wrong)
    one_at_a_time(f"concerns:{entry.citizen_id}")  # of two that are raised at once, the second counts the first
    if Concern.objects.filter(citizen_id=entry.citizen_id).exclude(state=State.CLOSED).count() >= MOST_OPEN:
        raise TooManyOpen()
    case = Concern(
        id=uuid7(now), citizen_id=entry.citizen_id, about=about, kind=kind, language=language, raised_at=now, entry_id=entry.pk,
        entry_at=entry.at, event=entry.event, decision=entry.decision, purpose=entry.purpose or "", categories=list(entry.categories),
        due_at=now + settings.AURORA_CONCERN_ANSWER_WITHIN, mandate_id=guardian.mandate_id if guardian else None,
    )  # fmt: skip
    try:
        with transaction.atomic():
            case.save(force_insert=True)
    except IntegrityError:
        raise Conflict("There is an open case about this entry already.") from None
    _say(case, By.CITIZEN, PartKind.RAISED, {"text": said, **_by(guardian)}, now)
    return case


def answer(*, case: Concern, by: str, kind: str, text: str, note: str, now: datetime) -> ConcernPart:
    """Whoever the case is about answers it. Raises `InvalidInput` for `text`, `note` or `kind`, `Moved`."""
    said = _checked(kind, text, note)
    open_ = Concern.objects.filter(pk=case.pk, state=State.OPEN)
    if open_.update(state=State.ANSWERED, answered_at=now) != 1:
        raise Moved()
    return _say(case, by, kind, said, now)


def put_off(*, case: Concern, by: str, text: str, until: datetime, now: datetime) -> ConcernPart:
    """No answer yet: it comes by another day, and why. Once. Raises `InvalidInput` for `text` or `until`, `PutOffAlready`, `Moved`."""
    said, wrong = texts.tidied(text), dict[str, str]()
    if fault := texts.fault_of(said):
        wrong["text"] = fault
    if until <= max(case.due_at, now):
        wrong["until"] = "until_too_early"
    elif until > case.due_at + LONGEST_PUT_OFF:
        wrong["until"] = "until_too_late"
    if wrong:
        raise InvalidInput(wrong)
    if case.put_off_at is not None:
        raise PutOffAlready()
    waiting = Concern.objects.filter(pk=case.pk, state=State.OPEN, put_off_at__isnull=True, due_at=case.due_at)
    if waiting.update(put_off_at=now, due_at=until, overdue_told_at=None) != 1:
        raise Moved()
    return _say(case, by, PartKind.LATER, {"text": said}, now, until)


def reply(*, case: Concern, text: str, seen: int, now: datetime, guardian: Guardian | None = None) -> ConcernPart:
    """The citizen, or a guardian for them, replies to an answer, once: it is open again, with as much time as at first. Raises `InvalidInput` for `text`, `Moved`.

    `seen`: how many parts the page showed them.
    """
    said = texts.tidied(text)
    if fault := texts.fault_of(said):
        raise InvalidInput({"text": fault})
    _as_seen(case, seen)
    answered = Concern.objects.filter(pk=case.pk, state=State.ANSWERED, replied_at__isnull=True)
    due = now + settings.AURORA_CONCERN_ANSWER_WITHIN
    if answered.update(state=State.OPEN, replied_at=now, due_at=due, overdue_told_at=None) != 1:
        raise Moved()
    return _say(case, By.CITIZEN, PartKind.REPLY, {"text": said, **_by(guardian)}, now)


def close(*, case: Concern, outcome: str, seen: int, now: datetime) -> None:
    """The citizen, or a guardian for them, closes it: `accepted` an answer, is `not_satisfied` with one or with its absence, or has `withdrawn` what is not answered.

    `seen`: how many parts the page showed them: an answer that came meanwhile is neither accepted nor refused unread. Raises `InvalidInput` for
    `outcome`, `Moved`.
    """
    answered = Q(state=State.ANSWERED)
    waits = Q(state=State.OPEN)
    allowed = {
        Outcome.ACCEPTED.value: answered,
        Outcome.NOT_SATISFIED.value: answered | (waits & Q(due_at__lte=now)),
        Outcome.WITHDRAWN.value: waits,
    }
    if outcome not in allowed:
        raise InvalidInput({"outcome": "outcome_required"})
    _as_seen(case, seen)
    mine = Concern.objects.filter(allowed[outcome], pk=case.pk)
    if mine.update(state=State.CLOSED, outcome=outcome, closed_at=now) != 1:
        raise Moved()


def of_citizen(*, citizen_id: UUID) -> QuerySet[Concern]:
    """All of a citizen's cases, newest first."""
    return Concern.objects.filter(citizen_id=citizen_id).order_by("-id")


def one(*, concern_id: UUID, citizen_id: UUID) -> Concern:
    """Raises `NotFound`, also for somebody else's."""
    found = Concern.objects.filter(pk=concern_id, citizen_id=citizen_id).first()
    if found is None:
        raise NotFound()
    return found


def said_in(case: Concern) -> tuple[Said, ...]:
    """What was said, in its order. Raises what the keeper raises where the citizen's key is gone."""
    return tuple(_opened(part) for part in ConcernPart.objects.filter(concern_id=case.pk).order_by("number"))


def note_overdue(*, concern_id: UUID, now: datetime) -> Concern | None:
    """The row for the one caller that may tell its citizen; None if it was answered, put off or told meanwhile."""
    late = Concern.objects.filter(pk=concern_id, state=State.OPEN, due_at__lte=now, overdue_told_at__isnull=True)
    return Concern.objects.get(pk=concern_id) if late.update(overdue_told_at=now) else None


def erase(*, citizen_id: UUID) -> int:
    """Delete all cases of a citizen whose log is being erased, with what was said. How many. In their scope; the database refuses it otherwise."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_concerns_erase(%s)", [citizen_id])
        return int(cursor.fetchone()[0])


def _as_seen(case: Concern, seen: int) -> None:
    """Locks the case, so that nobody says anything in it until the transaction ends."""
    Concern.objects.select_for_update().get(pk=case.pk)
    if ConcernPart.objects.filter(concern_id=case.pk).count() != seen:
        raise Moved()


def _checked(kind: str, text: str, note: str) -> dict[str, str]:
    said, noted = texts.tidied(text), texts.tidied(note)
    wrong = {} if kind in [k.value for k in ANSWERS] else {"kind": "kind_required"}
    if fault := texts.fault_of(said):
        wrong["text"] = fault
    if fault := texts.fault_of(noted, longest=texts.LONGEST_NOTE):
        wrong["note"] = fault
    if wrong:
        raise InvalidInput(wrong)
    return {"text": said, "note": noted}


def _say(case: Concern, by: str, kind: str, said: Mapping[str, Any], now: datetime, until: datetime | None = None) -> ConcernPart:
    """Under the lock that the move holds on its row: numbers are given one by one."""
    part_id, number = uuid4(), ConcernPart.objects.filter(concern_id=case.pk).count() + 1
    sealed = keeper().seal(json.dumps(said, ensure_ascii=False).encode(), citizen_id=case.citizen_id, context=_place(part_id))
    who = By.CITIZEN if by == By.CITIZEN else By.AURORA if by == AURORA else By.AGENCY
    return ConcernPart.objects.create(
        id=part_id, citizen_id=case.citizen_id, concern_id=case.pk, number=number, by=who, kind=kind, at=now, until=until, sealed=sealed
    )


def _opened(part: ConcernPart) -> Said:
    plain: dict[str, Any] = json.loads(keeper().open_sealed(part.sealed, citizen_id=part.citizen_id, context=_place(part.pk)))
    who = plain.get("guardian")
    guardian = Guardian(UUID(who["mandate"]), UUID(who["id"]), who["name"]) if who else None
    return Said(part, plain["text"], plain.get("note", ""), guardian)


def _by(guardian: Guardian | None) -> dict[str, Any]:
    return {"guardian": {"mandate": str(guardian.mandate_id), "id": str(guardian.id), "name": guardian.name}} if guardian else {}


def _place(part_id: UUID) -> bytes:
    return b"concern:" + part_id.bytes
