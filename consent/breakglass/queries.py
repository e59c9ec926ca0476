"""Questions about break-glass requests. Whose a request is, is asked by a function that gives the id; nothing here lists citizens."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Least

from consent.breakglass.models import Alarm, Read, Request, Subject
from consent.rules.glass import REVIEW_WITHIN, WAITS, Glass


def subject_of(request_id: UUID) -> UUID | None:
    """Whose data a request is about; None where nobody is known by what was typed, or they were erased."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_breakglass_subject_of(%s)", [request_id])
        found: UUID | None = cursor.fetchone()[0]
        return found


def request_of(named: object) -> Request | None:
    """The request that an entry's details name; None where they name none."""
    try:
        return Request.objects.filter(pk=UUID(str(named))).first()
    except ValueError:
        return None


def glass(*, request_id: UUID, reader: UUID, read_id: UUID) -> Glass | None:
    """The request as the rule wants it, locked against its end until this transaction ends. In the scope of the citizen whose it is; else None."""
    row = Request.objects.select_for_update(no_key=True).filter(pk=request_id).first()
    mine = Subject.objects.filter(pk=request_id).values_list("citizen_id", flat=True).first()
    if row is None or mine is None:
        return None
    approved = row.state == Request.State.APPROVED
    return Glass(
        id=row.pk,
        citizen_id=mine,
        categories=frozenset(row.categories),
        asked_by=row.asked_by,
        reader=reader,
        decided_by=row.decided_by if approved else None,
        approved_at=row.decided_at if approved else None,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
        spent=Read.objects.filter(pk=read_id).exists(),
    )


def of_citizen(*, citizen_id: UUID) -> list[Request]:
    """The requests about a citizen, oldest first, each with its reads. In their scope."""
    mine = Subject.objects.filter(citizen_id=citizen_id).values("request_id")
    return list(Request.objects.filter(pk__in=mine).order_by("asked_at", "pk").prefetch_related("reads"))


def asked_since(*, operator: UUID, since: datetime) -> int:
    """How many requests an operator has made, whatever became of them."""
    return Request.objects.filter(asked_by=operator, asked_at__gt=since).count()


def waiting(*, now: datetime) -> QuerySet[Request]:
    """Requests on which another operator can still decide."""
    return Request.objects.filter(state="asked", asked_at__gt=now - WAITS)


def standing_open(*, now: datetime) -> QuerySet[Request]:
    """Requests on which something can be read now."""
    return Request.objects.filter(state="approved", expires_at__gt=now, ended_at__isnull=True)


def open_of(*, operator: UUID, now: datetime) -> int:
    """How many requests of an operator wait or are open."""
    return waiting(now=now).filter(asked_by=operator).count() + standing_open(now=now).filter(asked_by=operator).count()


def unreviewed(*, now: datetime) -> QuerySet[Request]:
    """Approvals that are over and that nobody has judged yet."""
    return Request.objects.filter(Q(expires_at__lte=now) | Q(ended_at__isnull=False), state="approved", verdict="")


def overdue(*, now: datetime) -> QuerySet[Request]:
    """Those of them that should have been judged by now."""
    # Least of a time and nothing is the time (PostgreSQL 18, 9.18.5).
    return unreviewed(now=now).annotate(over=Least("expires_at", "ended_at")).filter(over__lte=now - REVIEW_WITHIN)


def to_look_into(*, now: datetime, within: timedelta) -> int:
    """How many of them there are, and how many alarms of late. One SELECT."""
    late = overdue(now=now).order_by().values_list(Value(1))
    return late.union(alarms(now=now, within=within).order_by().values_list(Value(1)), all=True).count()


def mismatches(*, request_id: UUID) -> int:
    """How often another person was named at a decision than the one whom the request is about."""
    return Alarm.objects.filter(request_id=request_id, kind=Alarm.Kind.WHO_DIFFERS).count()


def alarms(*, now: datetime, within: timedelta) -> QuerySet[Alarm]:
    """What operators tried of late, newest first."""
    return Alarm.objects.filter(at__gt=now - within).order_by("-at", "-pk")
