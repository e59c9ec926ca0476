"""A citizen who waits comes before the nightly refresh, however much of it is due; and refreshes go on without waiting for the sweep."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from claiming import claim
from django.utils import timezone
from tax_office import HOUSEHOLD, INCOME, TAX, Case, TaxOffice, open_case
from test_planning import due_case, open_pulls, plan

from aurora.identity import keys
from aurora.journeys import pull as journey
from aurora.sources import pulls, registry
from aurora.sources.models import Breaker, DataSource, Pace, Pull
from consent.models import Agency
from consent.scope import citizen_scope

REGISTER = "population-register"


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr(journey, "send", lambda task, *rows, **options: found.extend(rows))
    return found


def refresh(office: TaxOffice, number: int, source: str = TAX) -> Case:
    """A connection with a refresh that is due."""
    case = due_case(office, number, INCOME)
    [made] = plan(timezone.now() - timedelta(minutes=10))
    case.pull_id = made
    if source != TAX:
        with citizen_scope(case.citizen_id):
            Pull.objects.filter(pk=made).update(source_id=Agency.objects.get(code=source).pk)
    return case


def another_source() -> None:
    agency = Agency.objects.get(code=REGISTER)
    sealed = keys.seal_for_platform(b"{}", context=registry.key_context(REGISTER))
    DataSource.objects.update_or_create(agency=agency, defaults={"issuer": "https://x.test", "client_id": "x", "key_sealed": sealed})


def waiting(office: TaxOffice, number: int) -> Case:
    return open_case(office.grant(INCOME, household=HOUSEHOLD + number), INCOME, household=HOUSEHOLD + number)


def woken(at_once: int, *, now: datetime | None = None) -> list[Any]:
    at = now or timezone.now()
    return pulls.refreshes(now=at, until=at + timedelta(minutes=1), at_once=at_once)


def test_the_sweep_wakes_who_waits_first_and_of_refreshes_no_more_than_there_is_room_for(
    office: TaxOffice, sent: list[Any], settings: Any
) -> None:
    settings.AURORA_REFRESHES_AT_ONCE = 2
    refreshes = [refresh(office, n) for n in range(5)]
    citizens = [waiting(office, n) for n in range(5, 8)]
    assert journey.sweep(now=timezone.now()) == 5
    assert sent[:3] == [c.pull_id for c in citizens] and sent[3:] == [r.pull_id for r in refreshes[:2]]
    assert journey.sweep(now=timezone.now()) == 3 and sent[5:] == [c.pull_id for c in citizens], "two are on their way"


def test_a_refresh_that_ends_wakes_the_next(office: TaxOffice, sent: list[Any]) -> None:
    first, second, third = (refresh(office, n) for n in range(3))
    assert journey.wake_refreshes(now=timezone.now()) == 1 and sent == [first.pull_id]
    journey.run(pull_id=first.pull_id)
    assert first.pull.state == "done" and sent == [first.pull_id, second.pull_id]
    journey.run(pull_id=second.pull_id)
    assert sent == [first.pull_id, second.pull_id, third.pull_id]


def test_a_message_that_was_lost_holds_its_room_for_a_while_only(office: TaxOffice) -> None:
    first, second = refresh(office, 0), refresh(office, 1)
    now = timezone.now()
    assert woken(1, now=now) == [first.pull_id] and woken(1, now=now) == []
    assert woken(2, now=now) == [second.pull_id]
    assert set(woken(2, now=now + timedelta(minutes=2))) == {first.pull_id, second.pull_id}


def test_those_under_way_take_room_until_their_worker_is_dead(office: TaxOffice) -> None:
    first, second = refresh(office, 0), refresh(office, 1)
    with citizen_scope(first.citizen_id):
        lease = claim(first)
    assert lease and woken(1) == []
    assert woken(1, now=lease.until) == [second.pull_id] and first.pull_id in pulls.overdue(now=lease.until, most=1000)


def test_citizens_pulls_take_no_room(office: TaxOffice) -> None:
    first, second = waiting(office, 0), refresh(office, 1)
    with citizen_scope(first.citizen_id):
        assert claim(first)
    assert woken(1) == [second.pull_id]


def test_a_source_with_many_does_not_come_before_one_with_few(office: TaxOffice) -> None:
    another_source()
    many = [refresh(office, n) for n in range(4)]
    few = refresh(office, 4, REGISTER)
    few.change(due_at=timezone.now())
    assert set(woken(2)) == {many[0].pull_id, few.pull_id}


@pytest.mark.parametrize(
    ("source_is", "number"), [("open", 0), ("to be tried", 1), ("behind its pace", 0), ("as busy as it bears", 1), ("well", 3)]
)
def test_a_source_gets_no_more_than_it_may_be_asked(office: TaxOffice, source_is: str, number: int) -> None:
    for n in range(3):
        refresh(office, n)
    now, mine = timezone.now(), DataSource.objects.get(agency__code=TAX)
    if source_is in ("open", "to be tried"):
        ahead = timedelta(minutes=1) if source_is == "open" else -timedelta(seconds=1)
        Breaker.objects.create(source=mine, failures=9, opened_at=now - timedelta(hours=1), retry_at=now + ahead)
    elif source_is == "behind its pace":
        Pace.objects.create(source=mine, next_at=now + timedelta(minutes=1))
    elif source_is == "as busy as it bears":
        DataSource.objects.filter(pk=mine.pk).update(settings={"pace": {"at_once": 2}})
        busy = waiting(office, 7)
        with citizen_scope(busy.citizen_id):
            assert claim(busy)
    assert len(woken(10, now=now)) == number


def test_what_an_operator_wrote_wrongly_holds_up_nothing(office: TaxOffice) -> None:
    refresh(office, 0)
    DataSource.objects.filter(agency__code=TAX).update(settings={"pace": {"at_once": "many"}})
    assert len(woken(1)) == 1


def test_a_citizen_who_waits_for_a_refresh_makes_it_theirs(office: TaxOffice) -> None:
    case = refresh(office, 0)
    with citizen_scope(case.citizen_id):
        pulls.hurry(open_pulls(case)[0])
    assert case.pull_id in pulls.overdue(now=timezone.now(), most=1000) and woken(1) == []
