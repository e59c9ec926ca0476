"""Break-glass: an operator reads some of a citizen's data without their consent, for a reason and a case, when another operator agreed.

`ask` > `approve`, `decline` or `take_back` > `read`, each read through the one door with its own entry > `end`, or time > `review` by a third.
Nobody looks for citizens here: an operator types an exact identifier, or the id of a consent or grant that the citizen reads out. Whether anybody
is known by it shows nowhere before another operator has agreed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import IntegrityError, transaction

from aurora.audit import trail
from aurora.identity import keys, vault
from aurora.identity.models import Operator
from aurora.identity.vault import VaultClosed
from aurora.journeys import _glass_told as glass_told
from aurora.journeys._door import AccessRefused, open_door
from aurora.journeys._glass_asked import (
    LONGEST,
    REASONS,
    SHORTEST,
    NotForThisRole,
    ReadRefused,
    TooMany,
    check_form,
    limit,
    living,
    meant,
    typed_as,
)
from aurora.twin.values import FactView
from consent import queries as consents
from consent.breakglass import changes, queries
from consent.breakglass.models import Alarm, Request
from consent.errors import Conflict, InvalidInput, NotFound
from consent.ledger.events import Event
from consent.rules import AURORA, BREAK_GLASS, AccessRequest, Glass, GlassFault
from consent.rules import glass as rules
from consent.scope import citizen_scope
from consent.two_people import SamePerson

__all__ = [
    "REASONS", "NotForThisRole", "ReadRefused", "Reading", "TooMany", "approve", "ask", "decline", "end", "read", "reason_of", "review", "review_of",
]  # fmt: skip
logger = logging.getLogger(__name__)
Role = Operator.Role


@dataclass(frozen=True)
class Reading:
    """What was read: the facts of the kinds asked for, by category and key, and the entry that the citizen sees."""

    request: Request
    categories: tuple[str, ...]
    entry_id: UUID
    facts: tuple[FactView, ...] = field(repr=False)


def ask(
    *,
    operator: Operator,
    request_id: UUID | None,
    who: str,
    reason: str,
    text: str,
    case: str,
    categories: Iterable[str],
    minutes: int,
    now: datetime,
) -> Request:
    """One operator asks. `request_id` comes with the form: sent again it is the same request; None: it came with no form of ours.

    Raises `InvalidInput` with the fields that are wrong, `TooMany`, `NotForThisRole`, `Conflict` (another's form). What was typed in `who` is kept nowhere.
    """
    wanted, typed, why = frozenset(categories), typed_as(who), text.strip()
    check_form(typed, reason, why, case, wanted, minutes)
    if request_id is None:
        raise InvalidInput({"who": "form_unknown"})
    try:
        with transaction.atomic():
            _held(operator, Role.PRIVACY_OFFICER)
            if (before := Request.objects.filter(pk=request_id).first()) is not None:
                return _same(before, operator)
            kind = limit(operator, now)
            if kind is None:
                row = changes.ask(
                    request_id=request_id, reason=reason, case=case, categories=wanted, minutes=minutes, by=operator.pk, now=now,
                    text_sealed=glass_told.seal_text(why, request_id=request_id, what="reason"),
                    who_digest=keys.glass_digest(request_id=request_id, typed=typed),
                )  # fmt: skip
                _tell_asked(row, typed, why, now)
                _said("asked", row, operator)
    except IntegrityError:
        raise Conflict() from None
    if kind is not None:
        _alarm(operator, kind, None, now)
        raise TooMany(code=kind.value)
    return row


def approve(*, operator: Operator, request_id: UUID, who: str, now: datetime) -> Request:
    """Another operator agrees, and names whose data it is as the asker did. The citizen is told at once; the time begins.

    Where nobody is known by it, or they were erased meanwhile, the request ends so (`nobody`). Raises `NotFound`, `SamePerson`,
    `InvalidInput` for `who`, `Conflict`, `NotForThisRole`.
    """
    fault: Alarm.Kind | None = None
    with transaction.atomic():
        row = _locked(operator, Role.PRIVACY_OFFICER, request_id)
        if row.asked_by == operator.pk:
            fault = Alarm.Kind.OWN_REQUEST
        elif row.state != Request.State.ASKED or queries.mismatches(request_id=row.pk) >= rules.MISMATCHES:
            raise Conflict()
        elif bytes(row.who_digest) != keys.glass_digest(request_id=row.pk, typed=typed_as(who)):
            fault = Alarm.Kind.WHO_DIFFERS
        else:
            row = _approved(row, operator, now)
            _said("approved" if row.state == Request.State.APPROVED else "found_nobody", row, operator)
        if fault is not None:
            _alarm(operator, fault, row, now)  # while the row is held: of many who name another person at once each counts those before
    if fault is not None:
        raise SamePerson() if fault is Alarm.Kind.OWN_REQUEST else InvalidInput({"who": "who_differs"})
    return row


def decline(*, operator: Operator, request_id: UUID, now: datetime) -> Request:
    """Nothing comes of it: another operator declines, or who asked takes it back. Raises `NotFound`, `Conflict`, `NotForThisRole`."""
    with transaction.atomic():
        row = _locked(operator, Role.PRIVACY_OFFICER, request_id)
        own = row.asked_by == operator.pk
        state = Request.State.TAKEN_BACK if own else Request.State.DECLINED
        row = changes.decide(row=row, state=state, by=operator.pk, now=now)
        _tell(
            row,
            Event.GLASS_DECLINED,
            now,
            **({"taken_back": 1} if own else {"decider": str(operator.pk), "decider_role": glass_told.OFFICER}),
        )
        _said(row.state, row, operator)
    return row


def read(*, operator: Operator, request_id: UUID, read_id: UUID | None, categories: Iterable[str], now: datetime) -> Reading:
    """Read some of what was approved. The entry is committed before anything is answered; `read_id` comes with the form and reads once; None reads nothing.

    Raises `NotFound`, `InvalidInput` for `categories` or the form, `NotForThisRole`, `ReadRefused`. A refusal is an entry of the citizen's, and an alarm.
    """
    with transaction.atomic():
        _held(operator, Role.PRIVACY_OFFICER)
        row = Request.objects.filter(pk=request_id).first()
    if row is None:
        raise NotFound()
    wanted = frozenset(categories)
    if read_id is None or not wanted or not wanted <= {version.category_id for version in consents.current_categories()}:
        raise InvalidInput({"read": "read_categories_required" if read_id else "form_unknown"})
    citizen_id = living(row.pk)
    if citizen_id is None:
        return _nothing(operator, row, GlassFault.NOT_APPROVED, now)
    asked = AccessRequest(citizen_id, AURORA, BREAK_GLASS, wanted)
    details = glass_told.details(row, reader=str(operator.pk), **(glass_told.approved(row) if row.expires_at else {}))
    stands = partial(_stands, operator, row.pk, read_id)
    try:
        with open_door(asked, granted=Event.GLASS_READ, refused=Event.GLASS_REFUSED, now=now, glass=stands, details=details) as opened:
            changes.note_read(read_id=read_id, request_id=row.pk, categories=wanted, entry_id=opened.entry_id, now=now)
            _said("read", row, operator, *sorted(wanted))
    except AccessRefused as refused:
        return _nothing(operator, row, GlassFault(refused.code), now)
    except VaultClosed:
        return _nothing(operator, row, GlassFault.NOT_APPROVED, now)
    return Reading(row, tuple(sorted(wanted)), opened.entry_id, opened.facts)


def end(*, operator: Operator, request_id: UUID, now: datetime) -> None:
    """Who asked, or who approved, ends it before its time. Raises `NotFound`, `Conflict`, `NotForThisRole` for anybody else."""
    with transaction.atomic():
        row = _locked(operator, Role.PRIVACY_OFFICER, request_id)
        if operator.pk not in (row.asked_by, row.decided_by):
            raise NotForThisRole()
        changes.end(row=row, by=operator.pk, now=now)
        _said("ended", row, operator)


def review(*, operator: Operator, request_id: UUID, verdict: str, text: str, now: datetime) -> None:
    """A third person judges, once, after it is over. Not justified: the citizen is written to. Raises `InvalidInput`, `NotFound`, `SamePerson`, `Conflict`."""
    said = text.strip()
    wrong = {} if verdict in Request.Verdict.values else {"verdict": "verdict_required"}
    if not SHORTEST <= len(said) <= LONGEST:
        wrong["review"] = "text_wrong"
    if wrong:
        raise InvalidInput(wrong)
    with transaction.atomic():
        row = _locked(operator, Role.AUDITOR, request_id)
        if operator.pk in (row.asked_by, row.decided_by):
            raise SamePerson()
        sealed = glass_told.seal_text(said, request_id=row.pk, what="review")
        changes.review(row=row, verdict=Request.Verdict(verdict), review_sealed=sealed, by=operator.pk, now=now)
        more = {
            "verdict": verdict,
            "review": said,
            "reviewer": str(operator.pk),
            "reviewer_role": glass_told.AUDITOR,
            "reads": row.reads.count(),
        }
        _tell(row, Event.GLASS_REVIEWED, now, **more)
        _said("reviewed", row, operator, verdict)


def reason_of(row: Request) -> str:
    """What the asker wrote, for who decides and who reviews."""
    return glass_told.open_text(row.text_sealed, request_id=row.pk, what="reason")


def review_of(row: Request) -> str:
    """What the reviewer wrote."""
    return glass_told.open_text(row.review_sealed, request_id=row.pk, what="review")


def _approved(row: Request, operator: Operator, now: datetime) -> Request:
    citizen_id = living(row.pk)
    if citizen_id is None:
        return changes.decide(row=row, state=Request.State.NOBODY, by=operator.pk, now=now)
    try:
        with transaction.atomic(), citizen_scope(citizen_id):
            done = changes.decide(row=row, state=Request.State.APPROVED, by=operator.pk, now=now)
            text = reason_of(row)
            entry = glass_told.told(done, Event.GLASS_APPROVED, citizen_id=citizen_id, now=now, text=text, **glass_told.approved(done))
            glass_told.write_to(citizen_id, done, which="approved", entry_id=entry.entry_id, now=now, text=text)
            return done
    except VaultClosed:
        return changes.decide(row=row, state=Request.State.NOBODY, by=operator.pk, now=now)


def _tell_asked(row: Request, typed: str, text: str, now: datetime) -> None:
    citizen_id = meant(typed)
    if citizen_id is None:
        return
    with citizen_scope(citizen_id):
        if vault.has_key(citizen_id=citizen_id):
            changes.about(request_id=row.pk, citizen_id=citizen_id)
            glass_told.told(row, Event.GLASS_REQUESTED, citizen_id=citizen_id, now=now, text=text, minutes=row.minutes)


def _tell(row: Request, event: Event, now: datetime, **more: object) -> None:
    """An entry for whose data it is about, if there still is anybody; a judgement against it is a message too."""
    citizen_id = living(row.pk)
    if citizen_id is None:
        return
    with citizen_scope(citizen_id):
        entry = glass_told.told(row, event, citizen_id=citizen_id, now=now, **more)
        if more.get("verdict") == Request.Verdict.NOT_JUSTIFIED:
            glass_told.write_to(citizen_id, row, which="not_justified", entry_id=entry.entry_id, now=now, text=str(more["review"]))


def _stands(operator: Operator, request_id: UUID, read_id: UUID) -> Glass | None:
    _held(operator, Role.PRIVACY_OFFICER)
    return queries.glass(request_id=request_id, reader=operator.pk, read_id=read_id)


def _nothing(operator: Operator, row: Request, fault: GlassFault, now: datetime) -> Reading:
    _alarm(operator, Alarm.Kind.READ_REFUSED, row, now)
    raise ReadRefused(code=fault.value)


def _locked(operator: Operator, role: Operator.Role, request_id: UUID) -> Request:
    _held(operator, role)
    row = changes.locked(request_id)
    if row is None:
        raise NotFound()
    return row


def _held(operator: Operator, role: Operator.Role) -> None:
    """The operator as they are now, not as this request loaded them: a role that was taken away meanwhile counts no more."""
    now_is = Operator.objects.select_for_update(no_key=True).filter(pk=operator.pk, is_active=True).first()
    if now_is is None or role not in now_is.roles:
        raise NotForThisRole()


def _same(before: Request, operator: Operator) -> Request:
    if before.asked_by != operator.pk:
        raise Conflict()
    return before


def _alarm(operator: Operator, kind: Alarm.Kind, row: Request | None, now: datetime) -> None:
    changes.alarm(operator=operator.pk, kind=kind, request_id=row.pk if row else None, now=now)
    logger.warning("Break-glass alarm: %s, operator %s, request %s.", kind.value, operator.pk, row.pk if row else "-")


def _said(what: str, row: Request, operator: Operator, *about: str) -> None:
    """In the operator's trail and the service's log: the request, and never whose data it is about. Last in the transaction of what was done."""
    trail.did(operator_id=operator.pk, deed=f"break_glass:{what}", about=[row.pk, *about[:11]])
    logger.warning("Operator %s %s break-glass request %s, case %s.", operator.pk, what, row.pk, row.case)
