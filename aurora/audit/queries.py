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
    given = OperatorDeed.objects.filter(deed__in=("factor:given", "factor:enrolled"), outcome="done")
    return dict(given.values_list("operator_id").annotate(Max("at")))
