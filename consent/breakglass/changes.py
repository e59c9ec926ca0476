"""What becomes of a break-glass request: each a compare-and-set that the table's triggers hold to as well. Only journeys may import this."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from consent.breakglass.models import Alarm, Read, Request, Subject
from consent.errors import Conflict
from consent.rules.glass import WAITS, over_at

State = Request.State


def ask(
    *,
    request_id: UUID,
    reason: str,
    case: str,
    text_sealed: bytes,
    who_digest: bytes,
    categories: Iterable[str],
    minutes: int,
    by: UUID,
    now: datetime,
) -> Request:
    """A request, undecided. Raises `IntegrityError` where the form was sent before."""
    return Request.objects.create(
        id=request_id, reason=reason, case=case, text_sealed=text_sealed, who_digest=who_digest,
        categories=sorted(set(categories)), minutes=minutes, asked_by=by, asked_at=now,
    )  # fmt: skip


def about(*, request_id: UUID, citizen_id: UUID) -> None:
    """Whose data it is about, in their scope, in the transaction of `ask`."""
    Subject.objects.create(request_id=request_id, citizen_id=citizen_id)


def locked(request_id: UUID) -> Request | None:
    """The row, held until this transaction ends."""
    return Request.objects.select_for_update(no_key=True).filter(pk=request_id).first()


def decide(*, row: Request, state: Request.State, by: UUID, now: datetime) -> Request:
    """Approve, decline, take back, or say that nobody is known by what was typed. Raises `Conflict` for one decided or lapsed."""
    waiting = Request.objects.filter(pk=row.pk, state=State.ASKED, asked_at__gt=now - WAITS)
    until = now + timedelta(minutes=row.minutes) if state is State.APPROVED else None
    if waiting.update(state=state, decided_by=by, decided_at=now, expires_at=until) != 1:
        raise Conflict()
    row.refresh_from_db()
    return row


def end(*, row: Request, by: UUID, now: datetime) -> None:
    """End an approval before its time. Raises `Conflict` where it is over."""
    standing = Request.objects.filter(pk=row.pk, state=State.APPROVED, ended_at__isnull=True, expires_at__gt=now)
    if standing.update(ended_by=by, ended_at=now) != 1:
        raise Conflict()


def review(*, row: Request, verdict: Request.Verdict, review_sealed: bytes, by: UUID, now: datetime) -> None:
    """A third person's judgement, once, after it is over. Raises `Conflict`."""
    if row.expires_at is None or over_at(expires_at=row.expires_at, ended_at=row.ended_at) > now:
        raise Conflict()
    unjudged = Request.objects.filter(pk=row.pk, state=State.APPROVED, verdict="")
    if unjudged.update(verdict=verdict, review_sealed=review_sealed, reviewed_by=by, reviewed_at=now) != 1:
        raise Conflict()


def note_read(*, read_id: UUID, request_id: UUID, categories: Iterable[str], entry_id: UUID, now: datetime) -> Read:
    """That something was read, in the transaction of its entry."""
    return Read.objects.create(id=read_id, request_id=request_id, categories=sorted(set(categories)), entry_id=entry_id, at=now)


def alarm(*, operator: UUID, kind: Alarm.Kind, request_id: UUID | None, now: datetime) -> None:
    """Something that an operator should not have tried."""
    Alarm.objects.create(operator=operator, kind=kind, request_id=request_id, at=now)


def erase(*, citizen_id: UUID) -> int:
    """No request says any more that it was about this citizen, nor what was written of it. How many. In their scope, with their log only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_breakglass_erase(%s)", [citizen_id])
        gone: int = cursor.fetchone()[0]
        return gone
