"""Labels that come late: whether a suggestion led to anything is known weeks after it. Pure.

A rate over all suggestions so far falls whenever many new ones are made. So suggestions are put into cohorts by the day on which they were
shown; a cohort counts when its whole window has passed, and is asked what happened within that window, whatever happened later. What is
not complete is told apart, with an estimate by the completed ones' own pace (Kaplan and Meier 1958, no one being lost to sight before the report).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WINDOW = timedelta(days=28)
COHORT = 7  # days


@dataclass(frozen=True, slots=True)
class Shown:
    """One person who was shown suggestions on `day`, and after how many days they first did what is asked about (None: not yet)."""

    day: date
    after: int | None


@dataclass(frozen=True, slots=True)
class Cohort:
    """The people of one week, `start` a Monday. `hits`: within the window; of a cohort that is not complete, so far."""

    start: date
    people: int
    hits: int
    complete: bool


def cohorts(shown: Iterable[Shown], today: date, window: timedelta = WINDOW) -> list[Cohort]:
    """By week, oldest first. A cohort is complete when the window of its last day is over. What lies in the future is left out."""
    weeks: dict[date, list[Shown]] = {}
    for one in shown:
        if one.day <= today:
            weeks.setdefault(one.day - timedelta(days=one.day.weekday()), []).append(one)
    return [
        Cohort(start, len(found), sum(_within(one, today, window) for one in found), start + timedelta(days=COHORT - 1) + window <= today)
        for start, found in sorted(weeks.items())
    ]


def _within(one: Shown, today: date, window: timedelta) -> bool:
    """A day of feedback after `today` is not known yet: a report made again for an earlier day says the same."""
    return one.after is not None and timedelta(days=one.after) <= window and one.day + timedelta(days=one.after) <= today


def estimate(shown: Sequence[Shown], today: date, window: timedelta = WINDOW) -> float | None:
    """The share that will have done it within the window, from all that is known of all of them; None if nobody has been watched for a day.

    For each day after being shown: of those watched for so long who had not done it, the share that did. It supposes that the new ones
    act at the pace of the earlier; a report says so and raises no alarm by it.
    """
    watched = [(one, min((today - one.day).days, window.days)) for one in shown if one.day <= today]
    if not any(days > 0 for _, days in watched):
        return None
    left = 1.0
    for day in range(window.days + 1):
        at_risk = [one for one, days in watched if days >= day and (one.after is None or one.after >= day)]
        if not at_risk:
            break
        left *= 1 - sum(one.after == day for one in at_risk) / len(at_risk)
    return 1 - left
