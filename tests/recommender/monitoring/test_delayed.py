"""Labels that come late: only whole windows are compared, and an estimate says that it is one."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from recommender.monitoring.delayed import Shown, cohorts, estimate

MONDAY = date(2026, 9, 7)
TODAY = MONDAY + timedelta(days=7 * 8)


def test_a_week_counts_when_the_window_of_its_last_day_is_over() -> None:
    shown = [Shown(MONDAY + timedelta(days=6), 28)]
    before, after = MONDAY + timedelta(days=33), MONDAY + timedelta(days=34)
    assert [one.complete for one in cohorts(shown, before)] == [False]
    assert [(one.complete, one.hits, one.start) for one in cohorts(shown, after)] == [(True, 1, MONDAY)]


def test_what_came_after_the_window_does_not_count_however_late_one_looks() -> None:
    assert cohorts([Shown(MONDAY, 29)], TODAY + timedelta(days=300))[0].hits == 0


def test_a_report_made_again_for_an_earlier_day_says_the_same() -> None:
    shown = [Shown(MONDAY, 10), Shown(MONDAY + timedelta(days=21), None)]
    day = MONDAY + timedelta(days=9)
    assert [(c.people, c.hits) for c in cohorts(shown, day)] == [(1, 0)], "neither the later person nor the later deed"


def test_the_pace_of_the_old_tells_of_the_new_and_a_plain_rate_does_not() -> None:
    """Everybody applies with a chance of .3, evenly within four weeks; twice as many people came in the last week as in the seven before."""
    random = np.random.Generator(np.random.PCG64(7))
    people = []
    for week in range(8):
        for _ in range(200 if week < 7 else 2800):
            after = int(random.integers(0, 28)) if random.random() < 0.3 else None
            day = MONDAY + timedelta(days=7 * week)
            people.append(Shown(day, after if after is not None and day + timedelta(days=after) <= TODAY else None))
    plain = sum(one.after is not None for one in people) / len(people)
    guess = estimate(people, TODAY)
    complete = [one for one in cohorts(people, TODAY) if one.complete]
    assert plain < 0.2, "the trap: new suggestions push the rate down"
    assert guess == pytest.approx(0.3, abs=0.03)
    assert sum(c.hits for c in complete) / sum(c.people for c in complete) == pytest.approx(0.3, abs=0.05)


def test_nobody_watched_gives_no_estimate() -> None:
    assert estimate([], TODAY) is None and estimate([Shown(TODAY, None)], TODAY) is None
