"""How long a consent may last. Dates are calendar dates; an end date is included, so a consent ends when the next day begins."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta, tzinfo

MAXIMUM_MONTHS = 12  # CDR consumer-experience standards 1.36: at most twelve months.


def latest_end(start: date, *, months: int = MAXIMUM_MONTHS) -> date:
    """The last day that a consent of so many months may cover; the last day of a shorter month stands in for the 29th to 31st."""
    index = start.month - 1 + months
    year, month = start.year + index // 12, index % 12 + 1
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


def end_of(day: date, *, zone: tzinfo) -> datetime:
    """The instant (UTC) at which a consent that lasts until and including `day` in `zone` is over."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone).astimezone(UTC)
