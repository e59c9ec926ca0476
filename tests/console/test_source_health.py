"""A source's health is what happened last, not what ever happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aurora.console.present import _health
from aurora.ui.contexts import Health

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("success", "fault", "health"),
    [
        (None, None, Health.IDLE),
        (None, NOW, Health.DOWN),
        (NOW, None, Health.GOOD),
        (NOW, NOW - DAY, Health.GOOD),
        (NOW, NOW - MINUTE, Health.DEGRADED),
        (NOW - MINUTE, NOW, Health.DOWN),
    ],
)
def test_health_by_what_happened_last(success: datetime | None, fault: datetime | None, health: Health) -> None:
    assert _health(success, fault) is health
