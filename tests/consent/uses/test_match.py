"""Which report means which read: against a search of all pairings, and a lying agency whose lies are found exactly. Pure."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from consent.uses import match
from consent.uses.match import Delivery, Differs, Finding, Report, State, reconcile

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
OFFICE, PURPOSE = "office", "benefit"
HOUR = timedelta(hours=1)
LONG_AGO = NOW - timedelta(days=30)


def _id(kind: int, number: int) -> UUID:
    return UUID(int=kind << 64 | number)


def read(
    number: int = 1, at: datetime = LONG_AGO, categories: tuple[str, ...] = ("a",), *, noted: bool = True, purpose: str = PURPOSE
) -> Delivery:
    return Delivery(_id(1, number), at, OFFICE, purpose, categories, noted)


def report(
    number: int = 1, at: datetime = LONG_AGO, categories: tuple[str, ...] = ("a",), entry: UUID | None = None, **changes: str
) -> Report:
    return Report(_id(2, number), at, changes.get("receiver", OFFICE), changes.get("purpose", PURPOSE), categories, entry)


def states(found: tuple[Finding, ...]) -> Counter[State]:
    return Counter(f.state for f in found)


def only(found: tuple[Finding, ...]) -> Finding:
    [one] = found
    return one


@pytest.mark.parametrize(
    ("age", "noted", "state"),
    [
        (timedelta(minutes=1), False, State.OPEN),
        (match.DOUBT_AFTER, False, State.IN_DOUBT),
        (timedelta(days=100), False, State.IN_DOUBT),
        (timedelta(minutes=1), True, State.OPEN),
        (match.REPORT_WITHIN - timedelta(seconds=1), True, State.OPEN),
        (match.REPORT_WITHIN, True, State.NOT_REPORTED),
    ],
)
def test_a_read_without_a_report_is_open_then_not_reported_or_in_doubt(age: timedelta, noted: bool, state: State) -> None:
    found = reconcile([read(at=NOW - age, noted=noted)], [], NOW)
    assert only(found).state is state and only(found).differs == ()
    due = match.next_due(found, NOW)
    assert (due is None) == (state is not State.OPEN)
    if due is not None:
        assert only(reconcile([read(at=NOW - age, noted=noted)], [], due + timedelta(days=8))).state is not State.OPEN


def test_a_report_settles_a_read_even_one_in_doubt() -> None:
    for noted in (True, False):
        found = only(reconcile([read(noted=noted)], [report()], NOW))
        assert (found.state, found.entry_id, found.report_id) == (State.MATCHED, _id(1, 1), _id(2, 1))


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({}, ()),
        ({"at": LONG_AGO + match.USED_WITHIN}, ()),
        ({"at": LONG_AGO - match.CLOCKS_DIFFER}, ()),
        ({"at": LONG_AGO - match.CLOCKS_DIFFER - timedelta(seconds=1)}, (Differs.TIME,)),
        ({"at": LONG_AGO + match.USED_WITHIN + timedelta(seconds=1)}, (Differs.TIME,)),
        ({"categories": ("a", "b")}, (Differs.CATEGORIES,)),
        ({"categories": ("b",), "purpose": "other", "receiver": "police", "at": NOW}, tuple(Differs)),
        ({"receiver": "police"}, (Differs.RECEIVER,)),
        ({"purpose": "other"}, (Differs.PURPOSE,)),
        ({"purpose": "", "categories": ()}, ()),
    ],
)
def test_a_report_that_names_the_read_is_held_against_it(changes: dict[str, object], differs: tuple[Differs, ...]) -> None:
    found = only(reconcile([read()], [report(entry=_id(1, 1), **changes)], NOW))  # type: ignore[arg-type]
    assert found.differs == differs and found.state is (State.DIFFERING if differs else State.MATCHED)


def test_of_two_that_name_one_read_the_nearer_means_it_and_the_other_nothing() -> None:
    near, far = report(1, LONG_AGO + HOUR, entry=_id(1, 1)), report(2, LONG_AGO + 2 * HOUR, entry=_id(1, 1))
    for told in permutations([near, far]):
        found = reconcile([read(), read(2, LONG_AGO + 2 * HOUR)], told, NOW)
        by_entry = {f.entry_id: f for f in found}
        assert by_entry[_id(1, 1)].report_id == near.report_id
        assert by_entry[_id(1, 2)].state is State.NOT_REPORTED, "who names one read means no other"
        assert by_entry[None].report_id == far.report_id and by_entry[None].state is State.NOT_DELIVERED


@pytest.mark.parametrize("gap", [-match.BEFORE - timedelta(seconds=1), match.AFTER + timedelta(seconds=1)])
def test_outside_its_week_a_report_means_nothing(gap: timedelta) -> None:
    assert states(reconcile([read()], [report(at=LONG_AGO + gap)], NOW)) == {State.NOT_REPORTED: 1, State.NOT_DELIVERED: 1}


def test_other_categories_are_another_read() -> None:
    assert states(reconcile([read()], [report(categories=("a", "b"))], NOW)) == {State.NOT_REPORTED: 1, State.NOT_DELIVERED: 1}


def test_who_tells_no_categories_takes_what_is_left() -> None:
    """The one that tells them is served first, though it lies further away."""
    reads = [read(1, LONG_AGO, ("a",)), read(2, LONG_AGO, ("b",))]
    bare, full = report(1, LONG_AGO, (), purpose=""), report(2, LONG_AGO + 20 * HOUR, ("a",))
    found = {f.entry_id: f.report_id for f in reconcile(reads, [bare, full], NOW)}
    assert found == {_id(1, 1): full.report_id, _id(1, 2): bare.report_id}


def test_the_same_purpose_goes_before_a_nearer_time() -> None:
    reads = [read(1, LONG_AGO), read(2, LONG_AGO + HOUR, purpose="other")]
    told = [report(1, LONG_AGO, purpose="other"), report(2, LONG_AGO + HOUR)]
    assert states(reconcile(reads, told, NOW)) == {State.MATCHED: 1, State.DIFFERING: 1}
    assert {f.entry_id: f.report_id for f in reconcile(reads, told, NOW)} == {_id(1, 1): _id(2, 2), _id(1, 2): _id(2, 1)}


minutes = st.integers(-200, 20_000)


@hypothesis_settings(max_examples=150, deadline=None, database=None, derandomize=True)
@given(reads=st.lists(minutes, max_size=4), told=st.lists(minutes, max_size=4), order=st.randoms(use_true_random=False))
def test_no_other_pairing_has_more_pairs_or_lies_nearer(reads: list[int], told: list[int], order: random.Random) -> None:
    deliveries = [read(i, LONG_AGO + timedelta(minutes=m)) for i, m in enumerate(reads)]
    reports = [report(i, LONG_AGO + timedelta(minutes=m)) for i, m in enumerate(told)]
    found = reconcile(deliveries, reports, NOW)
    when = {d.entry_id: d.at for d in deliveries} | {r.report_id: r.used_at for r in reports}
    ours = [abs(when[f.report_id] - when[f.entry_id]) for f in found if f.entry_id and f.report_id]
    assert (-len(ours), sum(ours, timedelta())) == _best(deliveries, reports)
    order.shuffle(deliveries)
    order.shuffle(reports)
    assert reconcile(deliveries, reports, NOW) == found, "in any order"


def _best(reads: list[Delivery], told: list[Report]) -> tuple[int, timedelta]:
    """All pairings there are, of one category."""
    best = (0, timedelta())
    for size in range(1, min(len(reads), len(told)) + 1):
        for some in combinations(reads, size):
            for others in permutations(told, size):
                gaps = [r.used_at - d.at for d, r in zip(some, others, strict=True)]
                if all(-match.BEFORE <= gap <= match.AFTER for gap in gaps):
                    best = min(best, (-size, sum(map(abs, gaps), timedelta())))
    return best


@hypothesis_settings(max_examples=100, deadline=None, database=None, derandomize=True)
@given(reads=st.lists(minutes, max_size=5), told=st.lists(minutes, max_size=5))
def test_where_there_is_too_much_to_walk_pairs_are_as_many(reads: list[int], told: list[int]) -> None:
    deliveries = sorted((read(i, LONG_AGO + timedelta(minutes=m)) for i, m in enumerate(reads)), key=lambda d: d.at)
    reports = sorted((report(i, LONG_AGO + timedelta(minutes=m)) for i, m in enumerate(told)), key=lambda r: r.used_at)
    assert len(match._earliest(deliveries, reports)) == -_best(deliveries, reports)[0]


def test_ten_thousand_reads_of_a_week_are_paired_before_anybody_waits() -> None:
    reads = [read(i, LONG_AGO + timedelta(minutes=i)) for i in range(3_000)]
    told = [report(i, LONG_AGO + timedelta(minutes=i, seconds=30)) for i in range(3_000)]
    assert states(reconcile(reads, told, NOW)) == {State.MATCHED: 3_000}


lies = st.sampled_from(["none", "dropped", "categories", "purpose", "receiver", "time"])


@hypothesis_settings(max_examples=150, deadline=None, database=None, derandomize=True)
@given(
    deeds=st.lists(st.tuples(lies, st.booleans(), st.sampled_from([("a",), ("b",), ("a", "b")])), max_size=12),
    invented=st.integers(0, 4),
    order=st.randoms(use_true_random=False),
)
def test_an_agency_that_lies_is_found_out_exactly(
    deeds: list[tuple[str, bool, tuple[str, ...]]], invented: int, order: random.Random
) -> None:
    """What it drops, makes up and changes is found, each for what it is, and nothing else. It reads every ten days; who changes categories or time
    names the read, since a use of other data or of another month is a use that was made up.
    """
    lied: dict[UUID | None, tuple[State, tuple[Differs, ...]]] = {}
    reads, told = [], []
    for number, (lie, names, categories) in enumerate(deeds):
        at = NOW - timedelta(days=10 * (number + 1))
        reads.append(read(number, at, categories))
        honest = report(number, at + HOUR, categories, _id(1, number) if names or lie in ("categories", "time") else None)
        if lie == "dropped":
            lied[_id(1, number)] = (State.NOT_REPORTED, ())
            continue
        if lie != "none":
            lied[_id(1, number)] = (State.DIFFERING, (Differs(lie),))
        if lie == "categories":
            honest = replace(honest, categories=("c",))
        elif lie in ("purpose", "receiver"):
            honest = replace(honest, **{lie: "other"})
        elif lie == "time":
            honest = replace(honest, used_at=at + timedelta(days=3))
        told.append(honest)
    made_up = {_id(3, n) for n in range(invented)}
    told += [
        replace(report(), report_id=made, used_at=NOW - timedelta(days=10 * (n + 1), hours=-30), categories=("z",))
        for n, made in enumerate(sorted(made_up))
    ]
    order.shuffle(told)
    found = reconcile(reads, told, NOW)
    assert {f.entry_id: (f.state, f.differs) for f in found if f.entry_id and f.state is not State.MATCHED} == lied
    assert {f.report_id for f in found if f.state is State.NOT_DELIVERED} == made_up
    assert len(found) == len(reads) + invented
