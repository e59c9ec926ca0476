"""Counts of what was asked and answered since this process started. No personal value: citizens are only counted."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

_lock = threading.Lock()
_requests: Counter[tuple[str, str, int]] = Counter()
_deliveries: Counter[tuple[str, int]] = Counter()


def count(endpoint: str, category: str, status: int) -> None:
    """One request answered; status 0 is a connection that was broken off."""
    with _lock:
        _requests[endpoint, category, status] += 1


def delivered(category: str, household: int) -> None:
    """One citizen's true data answered with 200."""
    with _lock:
        _deliveries[category, household] += 1


def report() -> dict[str, Any]:
    """`requests`: counts by endpoint, category, status. `deliveries`: answers and citizens by category."""
    with _lock:
        requests, deliveries = dict(_requests), dict(_deliveries)
    by_category: dict[str, list[int]] = {}
    for (category, _), number in deliveries.items():
        by_category.setdefault(category, []).append(number)
    return {
        "requests": [
            {"endpoint": endpoint, "category": category, "status": status, "count": number}
            for (endpoint, category, status), number in sorted(requests.items())
        ],
        "deliveries": {
            category: {"answers": sum(numbers), "citizens": len(numbers), "most_for_one_citizen": max(numbers)}
            for category, numbers in sorted(by_category.items())
        },
    }
