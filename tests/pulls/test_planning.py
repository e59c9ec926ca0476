"""What is due becomes pulls, however many plan at once: one open pull a connection, no more waiting than there is room for, and no head that is stuck."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone
from tax_office import BOTH, HOUSEHOLD, HOUSING, INCOME, TAX, Case, TaxOffice, known, open_case, values

from aurora.console import present
from aurora.journeys import plan as journey
from aurora.journeys import pull
from aurora.sources import feeds, pulls
from aurora.sources.models import Connection, DataSource, Feed, Pull
from consent.models import Agency
from consent.scope import citizen_scope
from tests.portal.at_once import in_thread

LONG_AGO = timedelta(days=3)


@pytest.fixture(autouse=True)
def silent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would be sent to the worker."""
    sent: list[Any] = []
    monkeypatch.setattr(pull, "send", lambda task, *rows, **options: sent.extend(rows))
    return sent


def due_case(office: TaxOffice, number: int = 0, *categories: str, first_done: bool = True) -> Case:
    """A connection whose first pull is over, all feeds of which are due."""
    categories = categories or BOTH
    case = open_case(office.grant(*categories, household=HOUSEHOLD + number), *categories, household=HOUSEHOLD + number)
    if first_done:
        case.change(state=Pull.State.DONE, finished_at=timezone.now() - LONG_AGO)
    make_due([case])
    return case


def make_due(cases: Iterable[Case], ago: timedelta = timedelta(hours=1)) -> None:
    for case in cases:
        with citizen_scope(case.citizen_id):
            Feed.objects.filter(connection_id=case.connection_id).update(due_at=timezone.now() - ago)


def open_pulls(case: Case) -> list[Pull]:
    with citizen_scope(case.citizen_id):
        return list(Pull.objects.filter(connection_id=case.connection_id, state="queued").prefetch_related("parts"))


def newest(case: Case) -> list[Any]:
    with citizen_scope(case.citizen_id):
        return [p.pk for p in pulls.latest(citizen_id=case.citizen_id)]


def plan(now: datetime | None = None, most: int = 500) -> list[Any]:
    source = DataSource.objects.select_related("agency").get(agency__code=TAX)
    return feeds.plan(source=source, now=now or timezone.now(), most=most)


def due_times(case: Case) -> dict[str, datetime | None]:
    with citizen_scope(case.citizen_id):
        return dict(Feed.objects.filter(connection_id=case.connection_id).values_list("category", "due_at"))


def test_what_is_due_becomes_a_refresh_with_its_parts_that_is_done_like_any_other(office: TaxOffice) -> None:
    case = due_case(office)
    assert journey.plan(now=timezone.now()) == 1 and journey.plan(now=timezone.now()) == 0
    [made] = open_pulls(case)
    assert (made.priority, made.source_id, made.citizen_id) == (Pull.Priority.REFRESH, case.connection.source_id, case.citizen_id)
    assert [p.category for p in made.parts.all()] == sorted(BOTH) and newest(case) == [made.pk]
    assert all(due and due > timezone.now() + timedelta(hours=20) for due in due_times(case).values()), "or it would be planned again"
    pull.run(pull_id=made.pk)
    assert values(case) == known(*BOTH) and case.events() == ["aurora:pull:completed"]


def test_only_what_is_due_is_asked_for_and_what_is_so_soon_goes_along(office: TaxOffice) -> None:
    now, later, soon = timezone.now(), due_case(office), due_case(office, 1)
    for case, ahead in ((later, timedelta(hours=2)), (soon, timedelta(minutes=5))):
        with citizen_scope(case.citizen_id):
            Feed.objects.filter(connection_id=case.connection_id, category=HOUSING).update(due_at=now + ahead)
    assert len(plan(now)) == 2
    assert [p.category for p in open_pulls(later)[0].parts.all()] == [INCOME]
    assert [p.category for p in open_pulls(soon)[0].parts.all()] == sorted(BOTH)
    assert due_times(later)[HOUSING] == now + timedelta(hours=2)


def test_nothing_is_planned_of_a_source_that_is_switched_off(office: TaxOffice) -> None:
    case = due_case(office)
    Agency.objects.filter(code=TAX).update(active=False)
    assert journey.plan(now=timezone.now()) == 0 and not open_pulls(case)


def test_an_open_pull_is_not_doubled_and_what_it_covers_is_looked_at_again(office: TaxOffice) -> None:
    case = due_case(office, first_done=False)
    assert plan() == [] and [p.pk for p in open_pulls(case)] == [case.pull_id]
    assert all(due and timezone.now() < due < timezone.now() + timedelta(minutes=12) for due in due_times(case).values())


@pytest.mark.parametrize("state", ["broken", "ended"])
def test_a_connection_that_does_not_stand_is_not_asked_and_does_not_stay_at_the_head(office: TaxOffice, state: str) -> None:
    case = due_case(office)
    values_ = {"state": state, **({"ended_at": timezone.now()} if state == "ended" else {})}
    with citizen_scope(case.citizen_id):
        Connection.objects.filter(pk=case.connection_id).update(**values_)
    assert plan() == [] and not open_pulls(case) and set(due_times(case).values()) == {None}


def test_the_longest_due_come_first_and_no_more_than_there_is_room_for(office: TaxOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [due_case(office, n, INCOME) for n in range(5)]
    for n, case in enumerate(cases):
        make_due([case], timedelta(hours=n + 1))
    assert len(plan(most=2)) == 2 and [bool(open_pulls(c)) for c in cases] == [False, False, False, True, True]
    monkeypatch.setattr(journey, "ROOM", 2)
    assert journey.plan(now=timezone.now()) == 0, "two wait already"
    monkeypatch.setattr(journey, "ROOM", 3)
    assert journey.plan(now=timezone.now()) == 1 and open_pulls(cases[2])
    monkeypatch.setattr(journey, "ROOM", 50)
    assert journey.plan(now=timezone.now()) == 2 and plan() == []


def test_waiting_citizens_do_not_count_against_the_room(office: TaxOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journey, "ROOM", 1)
    open_case(office.grant(INCOME, household=HOUSEHOLD + 9), INCOME, household=HOUSEHOLD + 9)
    due_case(office, 0, INCOME)
    assert journey.plan(now=timezone.now()) == 1


def test_planners_at_once_make_each_pull_once(committed: TaxOffice) -> None:
    """Real transactions, eight threads, none of which can take them all."""
    cases = [due_case(committed, n, *BOTH) for n in range(40)]
    begin = threading.Barrier(8)

    def go() -> list[Any]:
        begin.wait()
        found: list[Any] = []
        for _ in range(5):
            found += plan(most=7)
        return found

    threads = [in_thread(go) for _ in range(8)]
    for thread, _ in threads:
        thread.join()
    made = [outcome for _, [outcome] in threads]
    assert all(isinstance(some, list) for some in made), made
    flat = [pull_id for some in made for pull_id in some]
    while left := plan():  # a planner that met others at work may have used its turns up
        flat += left
    assert len(flat) == len(set(flat)) == 40 and sum(bool(some) for some in made) > 1, "more than one planner had work"
    for case in cases:
        [one] = open_pulls(case)
        assert one.pk in flat and [p.category for p in one.parts.all()] == sorted(BOTH)


def test_a_planner_waits_for_nobody(committed: TaxOffice) -> None:
    """What another holds is passed by, and found the next time."""
    held, free = due_case(committed, 0, INCOME), due_case(committed, 1, INCOME)
    make_due([held], timedelta(hours=5))
    with citizen_scope(held.citizen_id), transaction.atomic():
        Connection.objects.select_for_update(no_key=True).get(pk=held.connection_id)
        thread, outcome = in_thread(plan)
        thread.join(60)
        assert not thread.is_alive() and len(outcome[0]) == 1
    assert open_pulls(free) and not open_pulls(held)
    assert len(plan()) == 1 and open_pulls(held)


def test_a_citizen_who_asks_while_it_is_planned_finds_one_pull(committed: TaxOffice) -> None:
    case = due_case(committed, 0, INCOME)
    begin = threading.Barrier(2)

    def ask() -> Any:
        begin.wait()
        with citizen_scope(case.citizen_id):
            return pulls.enqueue(connection=case.connection, categories=[INCOME], now=timezone.now()).pk

    def go() -> Any:
        begin.wait()
        return plan()

    threads = [in_thread(act) for act in (ask, go)]
    for thread, _ in threads:
        thread.join()
    assert len(open_pulls(case)) == 1
    [one] = open_pulls(case)
    assert newest(case) == [one.pk]


# What must not grow


def test_the_purge_takes_old_pulls_and_leaves_the_newest_of_each_connection(office: TaxOffice, settings: Any) -> None:
    settings.AURORA_PULLS_KEPT = timedelta(days=30)
    case, once = due_case(office), due_case(office, 1)
    old = case.pull_id
    with citizen_scope(once.citizen_id):
        Feed.objects.filter(connection_id=once.connection_id).delete()
    once.change(finished_at=timezone.now() - timedelta(days=400))
    plan()
    [newer] = open_pulls(case)
    case.change(finished_at=timezone.now() - timedelta(days=29))
    assert journey.purge(now=timezone.now()) == 0
    case.change(finished_at=timezone.now() - timedelta(days=31))
    assert journey.purge(now=timezone.now()) == 1
    with citizen_scope(case.citizen_id):
        assert not Pull.objects.filter(pk=old).exists() and Pull.objects.filter(pk=newer.pk).exists()
    assert once.pull.state == "done", "however old: it is the newest"


def test_a_purge_reads_no_old_newest_pull_twice_in_its_time(office: TaxOffice, settings: Any) -> None:
    """What stays is moved away from the head; once another is newer, it goes when its time has passed again."""
    settings.AURORA_PULLS_KEPT = timedelta(days=30)
    case = due_case(office)
    case.change(finished_at=timezone.now() - timedelta(days=400))
    assert journey.purge(now=timezone.now()) == 0 and case.pull.kept_at > timezone.now() - LONG_AGO
    kept_at = case.pull.kept_at
    assert journey.purge(now=timezone.now()) == 0 and case.pull.kept_at == kept_at, "it was not looked at again"
    plan()
    assert journey.purge(now=timezone.now()) == 0 and case.pull.pk
    case.change(kept_at=timezone.now() - timedelta(days=31))
    assert journey.purge(now=timezone.now()) == 1


def test_an_open_pull_in_a_batch_keeps_no_other_from_its_own(office: TaxOffice) -> None:
    """Made, passed by and parked in one statement: each connection by how it stands."""
    busy, free, fallen = due_case(office, 0, first_done=False), due_case(office, 1), due_case(office, 2)
    with citizen_scope(fallen.citizen_id):
        Connection.objects.filter(pk=fallen.connection_id).update(state="broken")
    assert len(plan()) == 1 and [len(open_pulls(c)) for c in (busy, free, fallen)] == [1, 1, 0]
    assert newest(busy) == [busy.pull_id] and newest(free) != [free.pull_id] and newest(fallen) == [fallen.pull_id]
    assert all(due and due < timezone.now() + timedelta(minutes=12) for due in due_times(busy).values())
    assert set(due_times(fallen).values()) == {None}


def test_operators_counts_stop_at_so_many(office: TaxOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers in the database's functions are those that pages go by."""
    with database.cursor() as cursor:
        for function, number in (("pull_counts", pulls.COUNTED), ("source_queues", pulls.QUEUED)):
            cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = %s", [function])
            [(text,)] = cursor.fetchall()
            assert text.count("LIMIT ") == 3 == text.count(f"LIMIT {number}\n") + text.count(f"LIMIT {number})")
    due_case(office)
    monkeypatch.setattr(pulls, "COUNTED", 1)
    shown = {row.label: row.more for row in present._queue(pulls.counts())}
    assert shown["Finished"] is True and shown.get("Being fetched") in (None, False)


def test_what_is_found_across_citizens_is_ids_and_counts(office: TaxOffice) -> None:
    """The service's own role sees no row of a feed without saying whose."""
    due_case(office)
    assert not Feed.objects.exists()
    with database.cursor() as cursor:
        cursor.execute("SELECT current_user, count(*) FROM sources_feed")
        assert cursor.fetchone() == ("aurora_app", 0)
    [queue] = [q for q in pulls.queues(now=timezone.now()) if q.source == TAX]
    assert queue.due >= 2 and queue.oldest
