"""FHIR's times (R4 2.24.0.1): a `dateTime` may be a year, a month, a day or an instant. All as Aurora keeps them."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.utils import timezone

FIRST_YEAR = 1900
CLOCKS_DIFFER = timedelta(days=1)
_PART = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?")


def first_day(value: Any) -> date | None:
    """Since when: of a year or a month, its first day."""
    return _day(value, last=False)


def last_day(value: Any) -> date | None:
    """Until when: of a year or a month, its last day."""
    return _day(value, last=True)


def instant(value: Any) -> datetime | None:
    """The time itself; of a day, its beginning at home. None for what is none, lies ahead of us, or is too old to be true."""
    if isinstance(value, datetime):
        found = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    else:
        day = first_day(value)
        if day is None:
            return None
        found = timezone.make_aware(datetime(day.year, day.month, day.day))
    return found if found.year >= FIRST_YEAR and found <= timezone.now() + CLOCKS_DIFFER else None


def _day(value: Any, *, last: bool) -> date | None:
    if isinstance(value, datetime):
        found = value.date()
    elif isinstance(value, date):
        found = value
    elif isinstance(value, str) and (part := _PART.fullmatch(value)):
        year, month = int(part[1]), int(part[2] or (12 if last else 1))
        if not (year >= FIRST_YEAR and 1 <= month <= 12):
            return None
        found = date(year, month, calendar.monthrange(year, month)[1] if last else 1)
    else:
        return None
    return found if found.year >= FIRST_YEAR else None
