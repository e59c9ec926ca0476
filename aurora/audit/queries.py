"""Reading the operators' trail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from aurora.audit.models import OperatorDeed
from consent.ids import first_of

PAGE = 50
LATELY = 10
CAME_IN = ("factor:given", "factor:enrolled")
CHANGED = ("password:changed", "factor:enrolled")
"""What changes by what somebody signs in, as their trail names it."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked for; None or "" does not narrow. `deed`: the name of a deed or of a page. `day` is of the active time zone."""

    operator_id: UUID | None = None
    kind: str = ""
    deed: str = ""
    day: date | None = None

    @property
    def narrows(self) -> bool:
        return bool(self.operator_id or self.kind or self.deed or self.day)


def found(wanted: Filter) -> QuerySet[OperatorDeed]:
    """Newest first."""
    rows = OperatorDeed.objects.order_by("-id")
    if wanted.operator_id is not None:
        rows = rows.filter(operator_id=wanted.operator_id)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.deed:
        rows = rows.filter(Q(deed=wanted.deed) | Q(route=wanted.deed))
    if wanted.day is not None:
        begins = timezone.make_aware(datetime.combine(wanted.day, time.min))
        ends = timezone.make_aware(datetime.combine(wanted.day + timedelta(days=1), time.min))
        # Ids tell the time by the service's clock, `at` by the database's: an hour between them is more than there ever is.
        rows = rows.filter(
            id__gte=first_of(begins - timedelta(hours=1)), id__lt=first_of(ends + timedelta(hours=1)), at__gte=begins, at__lt=ends
        )
    return rows


def page(wanted: Filter, *, before: UUID | None) -> tuple[list[OperatorDeed], bool]:
    """A page of rows, and whether there are older ones. `before`: the last id of the page before."""
    rows = found(wanted)
    some = list((rows.filter(id__lt=before) if before else rows)[: PAGE + 1])
    return some[:PAGE], len(some) > PAGE


def every(wanted: Filter) -> Iterator[OperatorDeed]:
    """All rows, newest first, read as they are taken."""
    return found(wanted).iterator(1000)


def last_sign_ins() -> dict[UUID, datetime]:
    """By operator, when both factors were given last."""
    given = OperatorDeed.objects.filter(deed__in=CAME_IN, outcome="done")
    return dict(given.values_list("operator_id").annotate(Max("at")))


@dataclass(frozen=True, slots=True)
class Since:
    """Of one operator's signing in: `at`, when both factors were given the last time before a session, None if that is not in the trail; how many
    attempts in their name `failed` since then, in that session too; `changed`: when, since then, each of `CHANGED` was done last.
    """

    at: datetime | None
    failed: int
    changed: tuple[tuple[str, datetime], ...]

    @property
    def is_news(self) -> bool:
        """Whether somebody who signs in should be told. Who came in for the first time has just done all of it."""
        return self.at is not None and bool(self.failed or self.changed)


def since_last(operator_id: UUID, *, began: datetime) -> Since:
    """Since the last time before the session that `began` then. Queries: that time, the failed attempts, what changed."""
    theirs = OperatorDeed.objects.filter(operator_id=operator_id)
    came = theirs.filter(deed__in=CAME_IN, outcome="done", at__lt=began).order_by("-number").first()
    later = theirs.filter(number__gte=came.number) if came else theirs
    failed = later.filter(kind=OperatorDeed.Kind.SIGN_IN, outcome__in=("wrong", "locked_out")).count()
    changed = later.filter(deed__in=CHANGED, outcome="done").values_list("deed").annotate(Max("at")).order_by("deed")
    return Since(came.at if came else None, failed, tuple(changed))


def lately(operator_id: UUID) -> list[OperatorDeed]:
    """What somebody did and signed in to last, without the pages that they opened. The newest first."""
    theirs = OperatorDeed.objects.filter(operator_id=operator_id, kind__in=(OperatorDeed.Kind.DEED, OperatorDeed.Kind.SIGN_IN))
    return list(theirs.order_by("-number")[:LATELY])
