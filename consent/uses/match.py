"""What an agency got from Aurora beside what it says it used: pure, no Django, no clock of its own, the same answer for the same input in any order.

All of it is one agency's and one citizen's. Which report means which read, in this order:

1. A report that names an entry means that entry. Of several that name the same one the nearest in time does; the others mean nothing that was read.
2. Of the rest, a report means a read of exactly its categories, from an hour after it back to a week before: first as many pairs as can be that agree
   in purpose and receiver too, then as many more as can be; in each the pairs whose times lie nearest together in sum. A report that names no
   categories (an answer of findUsage need not) may mean a read of any, and is looked at last. Where a week has more than `MOST_CELLS` (reads times
   reports), pairs are as many, but each report's is the earliest read that it may mean.

A report is looked for one read only, and a read for one report: who reads twice reports twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

REPORT_WITHIN = timedelta(days=7)  # after the read; later it counts as not reported, and as reported again when it comes
DOUBT_AFTER = timedelta(minutes=10)  # a note that an answer left us is written within a second: what has none by then has none
CLOCKS_DIFFER = timedelta(minutes=5)
USED_WITHIN = timedelta(days=1)  # of the read: what is used later, the agency has kept
MOST_CELLS = 4_000_000  # of one walk, about two seconds; nobody reads so much within a week but who wants us to be slow
BEFORE, AFTER = timedelta(hours=1), timedelta(days=7)  # how far from a read a report that names none may lie


class State(StrEnum):
    """How it stands with a read or a report. `open`: it is not due yet."""

    MATCHED = "matched"
    DIFFERING = "differing"
    NOT_REPORTED = "not_reported"
    NOT_DELIVERED = "not_delivered"
    IN_DOUBT = "in_doubt"
    OPEN = "open"


class Differs(StrEnum):
    """In what a report differs from the read that it means."""

    CATEGORIES = "categories"
    PURPOSE = "purpose"
    RECEIVER = "receiver"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A read that was allowed. `noted`: whether its answer is known to have left us. `agency`: who read, as receivers are named."""

    entry_id: UUID
    at: datetime
    agency: str
    purpose: str
    categories: tuple[str, ...]
    noted: bool


@dataclass(frozen=True, slots=True)
class Report:
    """A use that was reported. `categories` and `purpose` are empty where nothing was said of them; `entry_id` None where it names no read."""

    report_id: UUID
    used_at: datetime
    receiver: str
    purpose: str
    categories: tuple[str, ...]
    entry_id: UUID | None


@dataclass(frozen=True, slots=True)
class Finding:
    """How it stands with one read, or with one report that means none: at least one of the two ids is there. `at` is the read's time, else the use's."""

    entry_id: UUID | None
    report_id: UUID | None
    state: State
    differs: tuple[Differs, ...]
    at: datetime


def reconcile(deliveries: Iterable[Delivery], reports: Iterable[Report], now: datetime) -> tuple[Finding, ...]:
    """One finding a read, and one a report that means none, in the order of their times. O(n m) in the worst case, of what lies within a week."""
    reads = sorted(deliveries, key=lambda d: (d.at, d.entry_id))
    told = sorted(reports, key=lambda r: (r.used_at, r.report_id))
    meant = _named(reads, told)
    taken = {report.report_id for report in meant.values()}
    free = [r for r in told if r.report_id not in taken and r.entry_id is None]
    for key_of_read, key_of_report, may in _ROUNDS:
        left = [d for d in reads if d.entry_id not in meant]
        open_reports = [r for r in free if r.report_id not in taken and may(r)]
        for read, report in _pairs(left, open_reports, key_of_read, key_of_report):
            meant[read.entry_id] = report
            taken.add(report.report_id)
    found = [_of_read(d, meant.get(d.entry_id), now) for d in reads]
    found += [Finding(None, r.report_id, State.NOT_DELIVERED, (), r.used_at) for r in told if r.report_id not in taken]
    return tuple(sorted(found, key=lambda f: (f.at, f.entry_id or f.report_id or UUID(int=0))))


def next_due(findings: Iterable[Finding], now: datetime) -> datetime | None:
    """When one of the open ones is to be looked at again; None where nothing is open. Never before now: a clock that stood still asks for no loop."""
    waits = [max(f.at + (DOUBT_AFTER if f.at + DOUBT_AFTER > now else REPORT_WITHIN), now) for f in findings if f.state is State.OPEN]
    return min(waits, default=None)


def _named(reads: Sequence[Delivery], told: Sequence[Report]) -> dict[UUID, Report]:
    when = {d.entry_id: d.at for d in reads}
    naming: dict[UUID, list[Report]] = defaultdict(list)
    for report in told:
        if report.entry_id in when:
            naming[report.entry_id].append(report)
    return {entry: min(who, key=lambda r: (abs(r.used_at - when[entry]), r.used_at, r.report_id)) for entry, who in naming.items()}


def _of_read(read: Delivery, report: Report | None, now: datetime) -> Finding:
    if report is not None:
        differs = _differs(read, report)
        return Finding(read.entry_id, report.report_id, State.DIFFERING if differs else State.MATCHED, differs, read.at)
    if not read.noted:
        state = State.IN_DOUBT if now >= read.at + DOUBT_AFTER else State.OPEN
    else:
        state = State.NOT_REPORTED if now >= read.at + REPORT_WITHIN else State.OPEN
    return Finding(read.entry_id, None, state, (), read.at)


def _differs(read: Delivery, report: Report) -> tuple[Differs, ...]:
    found = []
    if report.categories and set(report.categories) != set(read.categories):
        found.append(Differs.CATEGORIES)
    if report.purpose and report.purpose != read.purpose:
        found.append(Differs.PURPOSE)
    if report.receiver != read.agency:
        found.append(Differs.RECEIVER)
    if not -CLOCKS_DIFFER <= report.used_at - read.at <= USED_WITHIN:
        found.append(Differs.TIME)
    return tuple(found)


# Each round pairs reads with reports of the same key. What a report does not say, no key asks for.
Key = Callable[..., Hashable]
_ROUNDS: tuple[tuple[Key, Key, Callable[[Report], bool]], ...] = (
    (
        lambda d: (frozenset(d.categories), d.purpose, d.agency),
        lambda r: (frozenset(r.categories), r.purpose, r.receiver),
        lambda r: bool(r.categories and r.purpose),
    ),
    (lambda d: frozenset(d.categories), lambda r: frozenset(r.categories), lambda r: bool(r.categories)),
    (lambda d: d.agency, lambda r: r.receiver, lambda r: not r.categories),
    (lambda d: None, lambda r: None, lambda r: not r.categories),
)


def _pairs(reads: Sequence[Delivery], reports: Sequence[Report], of_read: Key, of_report: Key) -> list[tuple[Delivery, Report]]:
    groups: dict[Hashable, tuple[list[Delivery], list[Report]]] = defaultdict(lambda: ([], []))
    for read in reads:
        groups[of_read(read)][0].append(read)
    for report in reports:
        groups[of_report(report)][1].append(report)
    return [pair for some, others in groups.values() for cluster in _clusters(some, others) for pair in _nearest(*cluster)]


def _clusters(reads: Sequence[Delivery], reports: Sequence[Report]) -> list[tuple[list[Delivery], list[Report]]]:
    """Split where no report can mean a read of another part: what is paired in one part says nothing of the next."""
    clusters: list[tuple[list[Delivery], list[Report]]] = []
    until, next_report = None, 0
    for read in reads:
        if until is None or read.at - BEFORE > until:
            clusters.append(([], []))
        clusters[-1][0].append(read)
        until = read.at + AFTER
        following = read.at - BEFORE
        while next_report < len(reports) and reports[next_report].used_at < following:
            next_report += 1  # before every read that is left: it can mean none of these
        while next_report < len(reports) and reports[next_report].used_at <= until:
            clusters[-1][1].append(reports[next_report])
            next_report += 1
    return [cluster for cluster in clusters if cluster[0] and cluster[1]]


def _nearest(reads: Sequence[Delivery], reports: Sequence[Report]) -> list[tuple[Delivery, Report]]:
    """As many pairs as can be, and of these the ones with the smallest sum of distances in time. Both in the order of time.

    All windows are equally long, so pairs that cross can be uncrossed without losing one or growing the sum: a walk along both rows finds the best.
    """
    n, m = len(reads), len(reports)
    if n * m > MOST_CELLS:
        return _earliest(reads, reports)
    # best[j]: of the first i reads and j reports, (minus the pairs, seconds apart). Smaller is better; of equals the earlier choice stands.
    best: list[tuple[int, float]] = [(0, 0.0)] * (m + 1)
    steps: list[bytearray] = []
    for i in range(n):
        above, step = best, bytearray(m + 1)
        best = [above[0]]
        for j in range(m):
            choice, came = above[j + 1], 1
            if best[j] < choice:
                choice, came = best[j], 2
            apart = (reports[j].used_at - reads[i].at).total_seconds()
            if -BEFORE.total_seconds() <= apart <= AFTER.total_seconds():
                pairs, total = above[j]
                with_both = (pairs - 1, total + abs(apart))
                if with_both < choice:
                    choice, came = with_both, 3
            best.append(choice)
            step[j + 1] = came
        steps.append(step)
    pairs_found, i, j = [], n, m
    while i and j:
        came = steps[i - 1][j]
        if came == 3:
            pairs_found.append((reads[i - 1], reports[j - 1]))
        i, j = (i - 1 if came != 2 else i), (j - 1 if came != 1 else j)
    return pairs_found


def _earliest(reads: Sequence[Delivery], reports: Sequence[Report]) -> list[tuple[Delivery, Report]]:
    """As many pairs as can be, since all windows are equally long and what ends first is served first; their distances may be larger."""
    pairs_found, i = [], 0
    for report in reports:
        while i < len(reads) and reads[i].at + AFTER < report.used_at:
            i += 1
        if i < len(reads) and reads[i].at - BEFORE <= report.used_at:
            pairs_found.append((reads[i], report))
            i += 1
    return pairs_found
