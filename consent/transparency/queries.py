"""Published numbers, as they were told. Nothing here counts anything: what is not told is not there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from consent.transparency.models import Figure, Publication

# By what the numbers are about. The order is that of the page and of the files.
SECTIONS: dict[str, tuple[str, ...]] = {
    "reads": ("read_allowed", "read_refused"),
    "uses": ("use_matched", "use_differing", "use_not_reported", "use_not_delivered", "use_in_doubt", "use_open"),
    "pulls": ("pull_completed", "pull_failed", "pull_refused"),
    "aurora": ("suggested", "suggestion_refused", "evaluated", "evaluation_refused"),
    "concerns": ("concern_in_time", "concern_late", "concern_waiting"),
    "delays": ("delay_kept", "delay_disclosed"),
    "glass": ("glass_approved", "glass_declined", "glass_read", "glass_justified", "glass_not_justified", "glass_unreviewed"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One agency's numbers of one section, in its order; None is not told."""

    agency: str
    told: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """A published month: by section its rows, in the order of the agencies' codes."""

    month: date
    at: datetime
    sections: dict[str, tuple[Row, ...]]


def months() -> list[date]:
    """The published months, the newest first."""
    return list(Publication.objects.order_by("-month").values_list("month", flat=True))


def month(first: date) -> Month | None:
    """Two queries; None for a month that is not published."""
    published = Publication.objects.filter(pk=first).first()
    if published is None:
        return None
    told = {(f.measure, f.agency): f.told for f in Figure.objects.filter(month=published)}
    return Month(published.month, published.at, {name: _rows(told, measures) for name, measures in SECTIONS.items()})


def _rows(told: dict[tuple[str, str], int | None], measures: tuple[str, ...]) -> tuple[Row, ...]:
    agencies = sorted({agency for measure, agency in told if measure in measures})
    return tuple(Row(agency, tuple(told.get((measure, agency)) for measure in measures)) for agency in agencies)


def figures() -> list[tuple[date, str, str, int | None]]:
    """All of it: month, measure, agency, number; the newest month first. One query."""
    order = {measure: place for place, measure in enumerate(m for measures in SECTIONS.values() for m in measures)}
    found = Figure.objects.values_list("month_id", "measure", "agency", "told")
    return sorted(found, key=lambda one: (-one[0].toordinal(), order.get(one[1], len(order)), one[2]))


def publish() -> int:
    """Publish the months that are over and settled; how many. What decides and counts is the database: nobody can ask it for another cut."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM consent_transparency_publish()")
        return int(cursor.fetchone()[0])
