"""Findings as rows: what has changed is written, what stands is left. In the citizen's scope, under the account's lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q

from consent.models import Agency

from . import match
from .models import Finding

Key = tuple[UUID | None, UUID | None, str, tuple[str, ...]]


class Standing(NamedTuple):
    """Pairs that are not looked at any more: the read, the report or both lie before what is."""

    entries: frozenset[UUID]
    reports: frozenset[UUID]


def standing(*, citizen_id: UUID, agency: Agency, since: datetime) -> Standing:
    """Those of one agency about one citizen that do not lie wholly from `since` on."""
    pairs = Finding.objects.filter(citizen_id=citizen_id, agency=agency, entry_id__isnull=False, report__isnull=False)
    rows = list(pairs.filter(Q(at__lt=since) | Q(report__used_at__lt=since)).values_list("entry_id", "report_id"))
    return Standing(frozenset(entry for entry, _ in rows if entry), frozenset(report for _, report in rows if report))


def write(*, citizen_id: UUID, agency: Agency, found: Sequence[match.Finding], since: datetime, now: datetime, stand: Standing) -> int:
    """Make the rows from `since` on, and those of earlier reads that were found, say what was found. How many changed.

    A row that would say something else goes, and a new one comes; those of `stand` stay.
    """
    wanted: dict[Key, match.Finding] = {(f.entry_id, f.report_id, f.state.value, tuple(d.value for d in f.differs)): f for f in found}
    kept, stale = set[Key](), []
    earlier = [f.entry_id for f in found if f.at < since and f.entry_id]
    rows = Finding.objects.filter(Q(at__gte=since) | Q(entry_id__in=earlier), citizen_id=citizen_id, agency=agency)
    for row in rows:
        if row.report_id in stand.reports:
            continue
        key = (row.entry_id, row.report_id, row.state, tuple(row.differs))
        if key in wanted:
            kept.add(key)
        else:
            stale.append(row.pk)
    Finding.objects.filter(pk__in=stale).delete()
    new = [one for key, one in wanted.items() if key not in kept]
    Finding.objects.bulk_create(
        Finding(
            citizen_id=citizen_id,
            agency=agency,
            entry_id=one.entry_id,
            report_id=one.report_id,
            state=one.state.value,
            differs=[d.value for d in one.differs],
            at=one.at,
            since=now,
        )
        for one in new
    )
    return len(stale) + len(new)


def of_entry(*, citizen_id: UUID, entry_id: UUID) -> Finding | None:
    """How it stands with one read."""
    return Finding.objects.select_related("report__agency").filter(citizen_id=citizen_id, entry_id=entry_id).first()


def of_report(*, citizen_id: UUID, report_id: UUID) -> Finding | None:
    """How it stands with one report."""
    return Finding.objects.filter(citizen_id=citizen_id, report_id=report_id).first()


def of_reports(*, citizen_id: UUID, report_ids: Iterable[UUID]) -> dict[UUID, Finding]:
    """The findings of several reports, by report."""
    found = Finding.objects.filter(citizen_id=citizen_id, report_id__in=list(report_ids))
    return {row.report_id: row for row in found if row.report_id}


class Count(NamedTuple):
    """How many reads and reports of one agency stand so, and the oldest of them."""

    agency: str
    state: str
    findings: int
    oldest: datetime


class Day(NamedTuple):
    """Of one agency's reads of one day that were due to be reported: how many were."""

    agency: str
    day: date
    reported: int
    reads: int


def counts(*, since: datetime) -> list[Count]:
    """Over all citizens, by a database function that returns nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM consent_uses_counts(%s)", [since])
        return [Count(*row) for row in cursor.fetchall()]


def by_day(*, since: datetime, zone: str) -> list[Day]:
    """Likewise."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM consent_uses_by_day(%s, %s)", [since, zone])
        return [Day(*row) for row in cursor.fetchall()]
