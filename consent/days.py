"""Calendar days as citizens live them: in the service's time zone (`settings.TIME_ZONE`), not in UTC.

A page that says "until 24 May" means that day where the citizen is; at one in the morning there it is still yesterday in UTC.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils import dateformat, timezone, translation

from consent import rules

_WRITTEN = {"fi": "j.n.Y", "sv": "j.n.Y", "en": "j F Y"}


def day_of(moment: datetime) -> date:
    """The day on which a moment falls."""
    return timezone.localdate(moment, timezone.get_default_timezone())


def today() -> date:
    return day_of(timezone.now())


def end_of(day: date) -> datetime:
    """The instant at which a consent that lasts until and including `day` is over."""
    return rules.end_of(day, zone=timezone.get_default_timezone())


def start_of(day: date) -> datetime:
    """The instant at which a day begins."""
    return rules.end_of(day - timedelta(days=1), zone=timezone.get_default_timezone())


def last_day(expires_at: datetime) -> date:
    """The last day that a consent covers: the inverse of `end_of`."""
    return day_of(expires_at - timedelta(microseconds=1))


def written(day: date, language: str) -> str:
    """A day as consent texts write it."""
    with translation.override(language):
        return dateformat.format(day, _WRITTEN[language])
