"""How many people's consents stand, for operators: counted, hidden and rounded by one database function, once a day. No other number leaves it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import connection

from consent.transparency.models import Standing

DIMENSIONS = ("purpose", "recipient", "category", "source", "given", "declined", "ended")


@dataclass(frozen=True, slots=True)
class Counted:
    """The newest figures by dimension: (code, people) of every code; None where they are fewer than ten or none. A month is "2026-11", the newest first.

    `source`: people with a consent in force to fetch from it.
    """

    day: date
    by: dict[str, tuple[tuple[str, int | None], ...]]


def count() -> int:
    """Count anew, unless that was done today; how many figures there are. What decides and counts is the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_transparency_stand()")
        return int(cursor.fetchone()[0])


def newest() -> Counted | None:
    """One query; None until something was counted."""
    rows = list(Standing.objects.order_by("code").values_list("day", "dimension", "code", "people"))
    if not rows:
        return None
    by = {name: tuple((code, people) for _, dimension, code, people in rows if dimension == name) for name in DIMENSIONS}
    return Counted(rows[0][0], by | {name: by[name][::-1] for name in ("given", "declined", "ended")})
