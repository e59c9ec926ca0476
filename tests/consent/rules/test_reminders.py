"""When a reminder is due: each once, never too early, never after the end, and of several missed ones the newest."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from consent.rules.reminders import ENDING_DAYS, ONGOING_DAYS, Due, due, newest_unsent

FIRST = date(2026, 1, 10)
GIVEN = st.dates(date(2020, 1, 1), date(2040, 1, 1))
LENGTH = st.integers(1, 366)


def kinds(reminders: tuple[Due, ...]) -> list[str]:
    return [d.kind for d in reminders]


def test_a_year_has_three_of_use_and_three_of_its_end() -> None:
    last = FIRST + timedelta(days=365)
    assert kinds(due(given=FIRST, last=last, today=last)) == [
        "ongoing-90", "ongoing-180", "ongoing-270", "ending-30", "ending-7", "ending-1",
    ]  # fmt: skip


def test_each_is_due_on_its_day_and_not_on_the_day_before() -> None:
    last = FIRST + timedelta(days=200)
    for day, kind in ((FIRST + timedelta(days=90), "ongoing-90"), *((last - timedelta(days=n), f"ending-{n}") for n in ENDING_DAYS)):
        assert kind in kinds(due(given=FIRST, last=last, today=day))
        assert kind not in kinds(due(given=FIRST, last=last, today=day - timedelta(days=1)))


def test_a_consent_for_one_use_is_not_in_ongoing_use() -> None:
    last = FIRST + timedelta(days=200)
    assert kinds(due(given=FIRST, last=last, today=last, once=True)) == ["ending-30", "ending-7", "ending-1"]


def test_a_short_one_is_not_reminded_of_on_the_day_of_its_decision() -> None:
    for days, expected in ((1, []), (2, ["ending-1"]), (7, ["ending-1"]), (8, ["ending-7", "ending-1"])):
        last = FIRST + timedelta(days=days)
        assert kinds(due(given=FIRST, last=last, today=last)) == expected, days


def test_once_the_end_is_told_ongoing_use_is_not() -> None:
    for left, expected in ((31, ["ongoing-90"]), (30, ["ending-30"]), (7, ["ending-30", "ending-7"])):
        last = FIRST + timedelta(days=90 + left)
        assert kinds(due(given=FIRST, last=last, today=FIRST + timedelta(days=90))) == expected, left


@given(GIVEN, LENGTH, st.integers(-5, 400), st.booleans())
def test_none_is_due_before_its_day_or_after_the_end(given_on: date, length: int, passed: int, once: bool) -> None:
    last, today = given_on + timedelta(days=length), given_on + timedelta(days=passed)
    found = due(given=given_on, last=last, today=today, once=once)
    assert list(found) == sorted(found) and len({d.kind for d in found}) == len(found) == len({d.day for d in found})
    for reminder in found:
        assert given_on < reminder.day <= today <= last
        days = int(reminder.kind.rpartition("-")[2])
        if reminder.of_the_end:
            assert days in ENDING_DAYS and last - reminder.day == timedelta(days=days)
        else:
            assert not once and days % ONGOING_DAYS == 0 and reminder.day - given_on == timedelta(days=days)


@given(GIVEN, LENGTH, st.integers(-5, 400), st.integers(0, 30))
def test_what_is_due_stays_due_until_the_end(given_on: date, length: int, passed: int, later: int) -> None:
    last, today = given_on + timedelta(days=length), given_on + timedelta(days=passed)
    after = today + timedelta(days=later)
    if after <= last:
        assert set(due(given=given_on, last=last, today=today)) <= set(due(given=given_on, last=last, today=after))


@given(GIVEN, LENGTH, st.lists(st.integers(0, 400), max_size=12))
def test_whenever_the_worker_runs_each_is_given_at_most_once_in_order_and_none_is_forgotten(
    given_on: date, length: int, runs: list[int]
) -> None:
    last, noted, given_out = given_on + timedelta(days=length), set[str](), list[Due]()
    for passed in sorted(runs):
        reminders = due(given=given_on, last=last, today=given_on + timedelta(days=passed))
        newest, passed_over = newest_unsent(reminders, noted)
        assert not {d.kind for d in passed_over} & noted
        if newest is not None:
            assert newest == reminders[-1]
            given_out.append(newest)
        noted |= {d.kind for d in (*passed_over, *([newest] if newest else []))}
        assert {d.kind for d in reminders} <= noted
    assert given_out == sorted(given_out) and len(given_out) == len(set(given_out))


def test_one_that_was_missed_is_not_given_after_a_newer_one() -> None:
    reminders = due(given=FIRST, last=FIRST + timedelta(days=365), today=FIRST + timedelta(days=200))
    assert kinds(reminders) == ["ongoing-90", "ongoing-180"]
    newest, passed_over = newest_unsent(reminders, {"ongoing-180"})
    assert newest is None and kinds(passed_over) == ["ongoing-90"]
