"""What is counted while Aurora works: requests, decisions, pulls, suggestions, keys. Nothing of a person, and no label that strangers can make longer.

Off, and then without cost, unless `AURORA_METRICS_ADDRESS` is set. Each process counts into files of its own; `manage.py metrics` adds them up and
answers Prometheus on that address (`figures.py` has what it asks of the database). A label's value comes from the code, the vocabulary or the
sources that operators registered: names of routes, codes, never a path, an id or a word that somebody sent.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SLOW = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class _Meters:
    """The counters of this process. The library reads where its files go when it is imported, so that is said first."""

    def __init__(self, folder: Path) -> None:
        mine = folder / socket.gethostname()[:64]  # processes of several containers may have the same number
        mine.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(mine)
        from prometheus_client import CollectorRegistry, Counter, Histogram

        nowhere = CollectorRegistry()  # what counts are the files
        self.requests: Counter = Counter(
            "aurora_requests", "Answers by route, method and status.", ["route", "method", "status"], registry=nowhere
        )
        self.seconds: Histogram = Histogram(
            "aurora_request_seconds", "How long an answer took.", ["route", "method"], registry=nowhere, buckets=QUICK
        )
        self.decisions: Counter = Counter("aurora_decisions", "Decisions at the door, by outcome.", ["outcome"], registry=nowhere)
        self.pulls: Histogram = Histogram(
            "aurora_pull_seconds", "Pulls that asked their source, by outcome.", ["source", "outcome"], registry=nowhere, buckets=SLOW
        )
        self.suggestions: Histogram = Histogram(
            "aurora_suggestion_seconds", "How long a list of suggestions took to be made.", registry=nowhere, buckets=QUICK
        )
        self.unwraps: Counter = Counter(
            "aurora_vault_unwraps", "Citizens' keys that were not in memory, and were fetched and unwrapped.", registry=nowhere
        )


@cache
def _meters() -> _Meters | None:
    return _Meters(settings.AURORA_METRICS_FOLDER) if settings.AURORA_METRICS_ADDRESS else None


def answered(*, route: str, method: str, status: int, seconds: float) -> None:
    """A request was answered. `route` is the name of a route, or what `requests.route_of` says instead."""
    if meters := _meters():
        method = method if method in METHODS else "other"
        meters.requests.labels(route, method, str(status)).inc()
        meters.seconds.labels(route, method).observe(seconds)


def decided(outcome: str) -> None:
    """The door decided: `permitted`, or a refusal's code."""
    if meters := _meters():
        meters.decisions.labels(outcome).inc()


def pulled(*, source: str, outcome: str, seconds: float) -> None:
    """A source was asked: `answered`, `later`, or the code of what went wrong."""
    if meters := _meters():
        meters.pulls.labels(source, outcome).observe(seconds)


@contextmanager
def suggesting() -> Iterator[None]:
    """Times the making of a list."""
    meters = _meters()
    begun = time.perf_counter()
    yield
    if meters:
        meters.suggestions.observe(time.perf_counter() - begun)


def unwrapped() -> None:
    """A citizen's key was not in memory."""
    if meters := _meters():
        meters.unwraps.inc()
