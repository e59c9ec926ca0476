"""How many uses of one citizen an agency may report in a day, so that nobody floods a citizen's log. Whatever way they come, what a law keeps back too.

A day is the service's, by when a report comes, not by when the use was. Nothing is dropped: what is too many waits at the agency, who is told until when.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection

from consent import days
from consent.errors import AuroraError
from consent.models import Agency


class TooManyUses(AuroraError):
    """Nothing of the batch was taken; the same batch may come again. `positions`: of each citizen the first use that is too many today."""

    code = "uses_too_many"
    sentence = (
        "Of some citizens you have reported as many uses as are taken in a day. None of the batch was taken: send it again after Retry-After, "
        "or without the uses from the positions in errors on."
    )
    status = 429
    retryable = True

    def __init__(self, positions: Sequence[int], *, now: datetime) -> None:
        self.positions = tuple(sorted(positions))
        self.retry_after = int((tomorrow(now) - now).total_seconds()) + 1
        super().__init__()


def most() -> int:
    """How many a day."""
    return int(settings.AURORA_USES_A_DAY)


def add(*, citizen_id: UUID, agency: Agency, uses: int, now: datetime) -> int:
    """How many it makes today with these. In the citizen's scope; the row is held until the transaction ends, so that two at once are counted both.

    Before the account is touched: who takes both takes them in this order.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_uses_count_in(%s, %s, %s, %s)", [citizen_id, agency.pk, days.day_of(now), uses])
        return int(cursor.fetchone()[0])


def room(*, citizen_id: UUID, agency: Agency, now: datetime) -> int:
    """How many more there may be today. Likewise."""
    return max(0, most() - add(citizen_id=citizen_id, agency=agency, uses=0, now=now))


def tomorrow(now: datetime) -> datetime:
    """From when on there is room again."""
    return days.start_of(days.day_of(now) + timedelta(days=1))
