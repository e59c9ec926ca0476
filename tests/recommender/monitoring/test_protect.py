"""Nothing about fewer than ten people, and nothing from which it could be worked out: with attacks that try."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.monitoring.protect import FEW, MOST, REST, SMALLEST, STEP, Cell, Rounder, cells, joined, tallied
from recommender.monitoring.tallies import Tally

ROUNDER = Rounder(b"0123456789abcdef")
TALLIES = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 3), st.floats(0, 1)), min_size=1, max_size=9).map(
    lambda found: [
        Tally(f"g{n}", people, float(people * each), float(round(people * each * share))) for n, (people, each, share) in enumerate(found)
    ]
)


def kept(tallies: list[Tally], rounder: Rounder = ROUNDER) -> list[Cell]:
    return cells(tallies, rounder, "age", "opened")


@given(TALLIES)
def test_no_row_is_about_fewer_than_ten(tallies: list[Tally]) -> None:
    named = {one.group: one for one in tallies}
    for cell in kept(tallies):
        assert cell.people >= SMALLEST and cell.people % STEP == 0
        if cell.group != REST:
            assert named[cell.group].people >= SMALLEST
            if cell.share is not None:
                assert min(named[cell.group].hits, named[cell.group].cases - named[cell.group].hits) >= SMALLEST


@given(TALLIES)
def test_a_small_group_is_not_worked_out_from_the_rest(tallies: list[Tally]) -> None:
    """The attacker knows more than is told: all large groups exactly, how many people there are, and which groups are there."""
    rows = joined(tallies)
    if not rows:
        assert sum(one.people for one in tallies) < SMALLEST or len([one for one in tallies if one.people]) < 2
        return
    alone = {one.group for one in rows}
    within = [one for one in tallies if one.people and one.group not in alone]
    left = sum(one.people for one in tallies) - sum(one.people for one in rows if one.group != REST)
    assert left == sum(one.people for one in within)
    if within:
        assert len(within) >= 2 and left >= SMALLEST
        # Each of them has one person at least: any of these numbers is possible.
        assert left - (len(within) - 1) >= 1 and left > max(one.people for one in within)
    for one in tallies:
        assert one.people == 0 or one.people >= SMALLEST or one.group not in alone, "a small group is not even named"


@given(TALLIES)
def test_a_small_count_is_not_worked_out_from_the_total(tallies: list[Tally]) -> None:
    """The attacker knows the rules, the total, each row's cases and the hits of all rows that are told, exactly; a note says "fewer than ten".

    Each small count may still be anything from none to nine: for each, there are hits of the other silent rows that fit all of it.
    """
    rows = {row.group: row for row in joined(tallies)}
    told = {cell.group: cell for cell in kept(tallies)}
    silent = [rows[group] for group, cell in told.items() if cell.share is None]
    if all(cell.share is None and not cell.note for cell in told.values()):
        return  # nothing is told of any of them
    left = sum(row.hits for row in silent)
    for row in silent:
        if not told[row.group].note:
            assert min(row.hits, row.cases - row.hits) >= SMALLEST, "a small count has its note"
            continue
        for possible in range(SMALLEST):
            hits = possible if told[row.group].note == FEW else row.cases - possible
            spans = [_span(other, told[other.group].note) for other in silent if other is not row]
            assert sum(low for low, _ in spans) <= left - hits <= sum(high for _, high in spans), (row, possible)


def _span(row: Tally, note: str) -> tuple[float, float]:
    if note == FEW:
        return 0, SMALLEST - 1
    return (row.cases - SMALLEST + 1, row.cases) if note == MOST else (SMALLEST, row.cases - SMALLEST)


def test_one_small_region_takes_another_with_it() -> None:
    told = kept([Tally("R01", 3, 3, 1), Tally("R02", 40, 40, 20), Tally("R03", 12, 12, 3), Tally("R04", 200, 200, 90)])
    assert [cell.group for cell in told] == ["R02", "R04", REST]


def test_one_small_share_silences_another() -> None:
    told = {cell.group: cell.share for cell in kept([Tally("a", 100, 100, 3), Tally("b", 100, 100, 40), Tally("c", 100, 100, 30)])}
    assert told["a"] is None and told["c"] is None and told["b"] == pytest.approx(0.4, abs=0.1)


def test_that_a_group_got_nothing_is_not_hidden() -> None:
    """Else suppression would hide the worst that monitoring looks for. How few exactly is not told."""
    none, nine = (
        {cell.group: cell for cell in kept([Tally("a", 300, 300, hits), Tally("b", 900, 900, 600), Tally("c", 900, 900, 500)])}["a"]
        for hits in (0, 9)
    )
    assert none.note == nine.note == FEW and none.share is nine.share is None
    assert tallied(none.plain()) == Tally("a", 300, 300.0, 10.0)


def test_a_share_that_all_have_is_as_silent_as_one_that_none_has() -> None:
    told = {
        cell.group: cell.share
        for cell in kept([Tally("a", 30, 30, 30), Tally("b", 30, 30, 0), Tally("c", 300, 300, 150), Tally("d", 300, 300, 150)])
    }
    assert told["a"] is None and told["b"] is None


def test_two_groups_of_which_one_is_small_are_both_silent() -> None:
    told = kept([Tally("a", 100, 100, 3), Tally("b", 12, 12, 11)])
    assert [(cell.share, cell.note) for cell in told] == [(None, ""), (None, "")], "their total would give each away"


def test_fewer_than_ten_in_all_are_nothing() -> None:
    assert kept([Tally("a", 4, 4, 2), Tally("b", 5, 5, 1)]) == [] and kept([]) == [] and kept([Tally("a", 9, 9, 5)]) == []
    assert kept([Tally("a", 0, 0, 0), Tally("b", 4, 4, 1), Tally("c", 6, 6, 1)])[0].group == REST


def test_rounding_is_right_on_average_and_the_same_each_day() -> None:
    rounders = [Rounder(f"key {n} of sixteen".encode()) for n in range(2000)]
    found = [one(43, "age", "opened") for one in rounders]
    assert set(found) == {40, 45} and statistics.mean(found) == pytest.approx(43, abs=0.3)
    assert len({ROUNDER(43, "age", "opened") for _ in range(50)}) == 1
    assert {ROUNDER(count) for count in (0, 5, 10, 995)} == {0, 5, 10, 995}


def test_the_day_after_somebody_joined_does_not_tell_what_they_did() -> None:
    """The attacker knows that one person joined, and sees both reports; whether that person opened something must stay open.

    With rounding to the nearest five, a step up betrays them. Here neither report is much likelier than the other, whatever they did.
    """
    reports: dict[tuple[float | None, float | None], list[int]] = {}
    for number in range(1500):
        rounder = Rounder(f"key {number} of sixteen".encode())
        before = kept([Tally("a", 99, 99, 42)], rounder)[0].share
        for did in (0, 1):
            after = kept([Tally("a", 100, 100, 42 + did)], rounder)[0].share
            reports.setdefault((before, after), [0, 0])[did] += 1
    often = [counts for counts in reports.values() if sum(counts) > 100]
    assert often and all(max(counts) / min(counts) < 2.5 for counts in often)
    assert sum(sum(counts) for counts in often) > 2500, "and that is what is nearly always seen"


def test_the_secret_shows_nowhere() -> None:
    assert "0123456789abcdef" not in repr(ROUNDER)


def test_what_is_kept_can_be_read_back_for_alarms() -> None:
    cell = kept([Tally("a", 400, 400, 100), Tally("b", 400, 400, 200)])[0]
    back = tallied(cell.plain())
    assert back is not None and back.share == pytest.approx(cell.share) and back.people == 400
    assert tallied(Cell("a", 50, None).plain()) is None
