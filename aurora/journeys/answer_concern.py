"""Whoever a concern is about answers it: an agency over the API, or a privacy officer of Aurora's in the console. And who is late is told of.

The citizen's words are sealed under the citizen's own key and opened here, for the one that must answer them: the database function that
tells whose a case is wants the name of who answers it, which for an agency is that of its token.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.utils import timezone

from aurora.audit import trail
from aurora.identity.entries import opened
from aurora.identity.keys import pairwise
from aurora.identity.models import Operator
from aurora.identity.vault import VaultClosed
from aurora.journeys import _case_told
from aurora.journeys._log import log
from aurora.messages.models import MessageKind
from consent.breakglass import queries as glass
from consent.concerns import across, cases
from consent.concerns.cases import Said
from consent.concerns.models import Concern, ConcernPart
from consent.errors import AuroraError, InvalidInput, NotFound
from consent.ledger.events import Event
from consent.ledger.models import LedgerEntry
from consent.rules import AURORA
from consent.scope import citizen_scope
from consent.two_people import SamePerson

__all__ = ["MOST", "Answer", "Asked", "NotAPrivacyOfficer", "Said", "answer", "answer_ours", "listing", "one", "ours", "ours_one", "sweep"]
logger = logging.getLogger(__name__)
MOST = 50
TELL_MOST = 500
Kind = ConcernPart.Kind


class NotAPrivacyOfficer(AuroraError):
    """Citizens' words about Aurora are for those who must answer them."""

    code = "not_a_privacy_officer"
    sentence = "This is for privacy officers."
    status = 403


@dataclass(frozen=True)
class Asked:
    """A case as whoever must answer it may read it. `subject`: the citizen, under the name that this agency knows; "" for Aurora."""

    row: Concern
    subject: str
    said: tuple[Said, ...] = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """What is answered. `kind`: `lawful` (`note`: the ground), `mistake` (`note`: what was done) or `later` (`until`: the new day, by whose end)."""

    kind: str
    text: str = field(repr=False)
    note: str = field(repr=False, default="")
    until: date | None = None


def listing(*, about: str, states: Iterable[str], after: UUID | None, most: int = MOST) -> tuple[tuple[Asked, ...], bool]:
    """Cases of one agency's, the oldest first, behind one of them; and whether there are more."""
    found = across.of_agency(about=about, states=states, after=after, most=most + 1)
    return tuple(_opened(about, concern_id, citizen_id) for concern_id, citizen_id in found[:most]), len(found) > most


def one(*, about: str, concern_id: UUID) -> Asked:
    """Raises `NotFound`, also for another's to answer."""
    return _opened(about, concern_id, _citizen_of(about, concern_id))


def answer(*, about: str, concern_id: UUID, said: Answer, now: datetime, operator_id: UUID | None = None) -> Asked:
    """Note the answer, and tell the citizen. Raises `NotFound`, `InvalidInput`, `Moved` (answered or closed meanwhile), `PutOffAlready`."""
    citizen_id = _citizen_of(about, concern_id)
    with citizen_scope(citizen_id):
        case = cases.one(concern_id=concern_id, citizen_id=citizen_id)
        if said.kind == Kind.LATER:
            part = cases.put_off(case=case, by=about, text=said.text, until=_end_of(said.until), now=now)
        else:
            part = cases.answer(case=case, by=about, kind=said.kind, text=said.text, note=said.note, now=now)
        told = MessageKind.CONCERN_PUT_OFF if part.kind == Kind.LATER else MessageKind.CONCERN_ANSWERED
        _case_told.write(case, told, {"part": part.number}, now=now)
        log(
            citizen_id=citizen_id, event=Event.CONCERN_ANSWERED_BY_AURORA if about == AURORA else Event.CONCERN_ANSWERED, actor=about,
            details={"concern": str(case.pk), "entry": str(case.entry_id), "kind": part.kind}, at=now,
        )  # fmt: skip
        if operator_id is not None:
            trail.did(operator_id=operator_id, deed="concern:answered", about=[part.kind])  # not whose, and not which
    return _opened(about, concern_id, citizen_id)


def ours(*, operator: Operator) -> tuple[Asked, ...]:
    """What citizens ask of Aurora itself, to be answered by this operator, the oldest first. Raises `NotAPrivacyOfficer`."""
    _check(operator)
    found = across.of_agency(about=AURORA, states=[Concern.State.OPEN], after=None, most=MOST)
    return tuple(
        _opened(AURORA, concern_id, citizen_id) for concern_id, citizen_id in found if not _own_deed(operator, concern_id, citizen_id)
    )


def ours_one(*, operator: Operator, concern_id: UUID) -> Asked:
    """One of them, also when it is answered. Raises `NotAPrivacyOfficer`, `NotFound`, `SamePerson`. The service's own log says who read it."""
    _check_case(operator, concern_id)
    logger.info("Operator %s read concern %s.", operator.pk, concern_id)
    return one(about=AURORA, concern_id=concern_id)


def answer_ours(*, operator: Operator, concern_id: UUID, said: Answer, now: datetime) -> Asked:
    """A privacy officer answers for Aurora. Raises `NotAPrivacyOfficer`, `SamePerson`, and what `answer` raises."""
    _check_case(operator, concern_id)
    done = answer(about=AURORA, concern_id=concern_id, said=said, now=now, operator_id=operator.pk)
    logger.info("Operator %s answered concern %s: %s.", operator.pk, concern_id, said.kind)
    return done


def _check_case(operator: Operator, concern_id: UUID) -> None:
    """Before a word of it is opened."""
    _check(operator)
    if _own_deed(operator, concern_id, _citizen_of(AURORA, concern_id)):
        raise SamePerson("Somebody else must answer for what you asked for, agreed to or judged.")


def _own_deed(operator: Operator, concern_id: UUID, citizen_id: UUID) -> bool:
    """Whether the entry in question tells of a broken glass that this operator had a part in: nobody judges in their own case."""
    with citizen_scope(citizen_id):
        row = cases.one(concern_id=concern_id, citizen_id=citizen_id)
        entry = LedgerEntry.objects.filter(pk=row.entry_id, event__startswith="aurora:break_glass:").first()
        if entry is None:
            return False
        found = opened(entry)
    request = glass.request_of(found.details.get("request")) if found else None
    # Who it was cannot be read: then it was anybody.
    return request is None or operator.pk in (request.asked_by, request.decided_by, request.reviewed_by)


def sweep(*, now: datetime) -> int:
    """Tell citizens whose concern was not answered in time, once for each day that passed so. How many. One that fails does not keep the others."""
    told = 0
    for concern_id, citizen_id in across.overdue(now=now, most=TELL_MOST):
        try:
            told += _tell_overdue(concern_id, citizen_id, now)
        except Exception as error:
            logger.error("Concern %s: its citizen could not be told that it is overdue: %s", concern_id, type(error).__name__)
    return told


def _tell_overdue(concern_id: UUID, citizen_id: UUID, now: datetime) -> bool:
    with citizen_scope(citizen_id):
        row = cases.note_overdue(concern_id=concern_id, now=now)
        if row is None:
            return False
        _case_told.write(row, MessageKind.CONCERN_OVERDUE, {"due": row.due_at.isoformat()}, now=now)
    return True


def _citizen_of(about: str, concern_id: UUID) -> UUID:
    citizen_id = across.citizen_of(concern_id=concern_id, about=about)
    if citizen_id is None:
        raise NotFound()
    return citizen_id


def _opened(about: str, concern_id: UUID, citizen_id: UUID) -> Asked:
    with citizen_scope(citizen_id):
        row = cases.one(concern_id=concern_id, citizen_id=citizen_id)
        try:
            said = cases.said_in(row)
        except VaultClosed:
            said = ()  # the citizen erased all that is theirs: nobody reads it any more
        return Asked(row, "" if about == AURORA else pairwise(citizen_id=citizen_id, agency=about), said)


def _end_of(day: date | None) -> datetime:
    """The end of a day in the citizens' time zone. Raises `InvalidInput` for `until`."""
    if day is None:
        raise InvalidInput({"until": "until_required"})
    try:
        return datetime.combine(day + timedelta(days=1), time.min, tzinfo=timezone.get_default_timezone())
    except OverflowError:
        raise InvalidInput({"until": "until_too_late"}) from None


def _check(operator: Operator) -> None:
    if not operator.is_active or Operator.Role.PRIVACY_OFFICER not in operator.roles:
        raise NotAPrivacyOfficer()
