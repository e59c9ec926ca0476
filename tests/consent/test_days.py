"""A day is the citizen's day: from midnight to midnight where they live, also when the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent import days

DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2060, 12, 31))


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 25, 21, 59, tzinfo=UTC), date(2026, 11, 25)),
        (datetime(2026, 11, 25, 22, 0, tzinfo=UTC), date(2026, 11, 26)),  # midnight in Helsinki
        (datetime(2026, 7, 1, 21, 0, tzinfo=UTC), date(2026, 7, 2)),  # summer time
    ],
)
def test_the_day_is_the_one_on_the_wall_in_helsinki(moment: datetime, day: date) -> None:
    assert days.day_of(moment) == day


@given(DAYS)
def test_a_consent_covers_its_last_day_and_nothing_after(day: date) -> None:
    end = days.end_of(day)
    assert days.last_day(end) == day
    assert days.day_of(end) == day + timedelta(days=1) and days.day_of(end - timedelta(microseconds=1)) == day
