"""A source is asked no more often, and by no more at once, than it bears; one that fails is left alone. Who waits for that makes no attempt."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from claiming import claim
from django.utils import timezone
from tax_office import BOTH, HOUSEHOLD, INCOME, TAX, Between, Case, TaxOffice, known, open_case, values

from aurora.journeys import _turn
from aurora.journeys import pull as journey
from aurora.outbound.oauth import PeerFailed
from aurora.sources import breaker, pace, policy, pulls
from aurora.sources.models import Breaker, DataSource, Pace
from consent.scope import citizen_scope
from tests.portal.at_once import in_thread
from tests.support.cast import services

DOWN = PeerFailed("source_down")
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr(journey, "send", lambda task, *rows, **options: found.extend(rows))
    return found


def declare(**settings: Any) -> policy.Policy:
    DataSource.objects.filter(agency__code=TAX).update(settings=settings)
    return policy.of(settings)


def source_id() -> Any:
    return DataSource.objects.get(agency__code=TAX).pk


def one_of(office: TaxOffice, number: int = 0, *categories: str) -> Case:
    categories = categories or (INCOME,)
    household = HOUSEHOLD + number
    return open_case(office.grant(*categories, household=household), *categories, household=household)


def turn_in(seconds: float) -> None:
    at = timezone.now() + timedelta(seconds=seconds)
    Pace.objects.update_or_create(pk=source_id(), defaults={"next_at": at})


# How often


def test_without_a_limit_no_turn_is_taken(case: Case) -> None:
    journey.run(pull_id=case.pull_id)
    assert case.pull.state == "done" and not Pace.objects.exists()


def test_each_request_has_a_turn_of_its_own(office: TaxOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[datetime] = []
    monkeypatch.setattr(_turn.time, "sleep", lambda seconds: woken.append(timezone.now() + timedelta(seconds=seconds)))
    declare(pace={"a_second": 0.05})  # further apart than the slowest request takes
    case, before = one_of(office, 0, *BOTH), timezone.now()
    journey.run(pull_id=case.pull_id)
    assert case.pull.state == "done" and values(case) == known(*BOTH)
    [at] = woken
    assert at >= before + timedelta(seconds=20), "the second category waits for the second turn"
    assert Pace.objects.get().next_at >= before + timedelta(seconds=40)


def test_a_turn_that_is_too_far_puts_the_pull_off_and_costs_no_attempt(case: Case, office: TaxOffice) -> None:
    declare(pace={"a_second": 0.1})
    turn_in(60)
    before, asked = timezone.now(), office.asked("data")
    journey.run(pull_id=case.pull_id)
    assert (case.pull.state, case.pull.attempt, case.pull.error) == ("queued", 0, "") and office.asked("data") == asked
    assert before + timedelta(seconds=55) < case.pull.due_at < before + timedelta(seconds=65)


def test_a_pull_under_way_whose_next_turn_is_too_far_goes_back_and_has_made_no_attempt(office: TaxOffice, between: Between) -> None:
    declare(pace={"a_second": 0.5})
    case = one_of(office, 0, *BOTH)
    between(lambda count: turn_in(300))
    journey.run(pull_id=case.pull_id)
    assert (case.pull.state, case.pull.attempt, case.pull.lease_token) == ("queued", 0, None)
    assert case.pull.due_at > timezone.now() + timedelta(minutes=4) and not case.facts and not case.entries
    assert breaker.look(source_id=source_id()) == breaker.Seen(), "the source did nothing wrong"


def test_turns_of_many_workers_lie_apart(committed: TaxOffice) -> None:
    """Eight threads with connections of their own take forty turns, half a second apart: nobody sleeps, and the time that a thread waits for its
    answer makes no turn seem earlier than it is."""
    declared, case = declare(pace={"a_second": 2.0}), one_of(committed)
    id_, begin, before = source_id(), threading.Barrier(8), time.time()

    def take() -> list[float]:
        begin.wait()
        found = []
        for _ in range(5):
            turn = pace.another(source_id=id_, pull_id=case.pull_id, policy=declared, now=timezone.now())
            assert turn.granted
            found.append(time.time() + (turn.seconds or 0))
        return found

    threads = [in_thread(take) for _ in range(8)]
    for thread, _ in threads:
        thread.join()
    times = sorted(at for _, [outcome] in threads for at in outcome)
    assert len(times) == 40 and Pace.objects.get().next_at.timestamp() >= before + 20
    assert [at >= before + number / 2 - 0.001 for number, at in enumerate(times)] == [True] * 40, times


def test_a_worker_that_dies_has_used_its_turn_and_holds_none(committed: TaxOffice) -> None:
    """Its transaction is gone before it ends: nobody waits for it."""
    declared, case = declare(pace={"a_second": 1.0, "at_once": 1}), one_of(committed)
    id_ = source_id()
    with psycopg.connect(services().database_url or "") as dying:
        dying.execute("SELECT * FROM source_turn(%s, %s, now(), 1.0, 1, 5.0)", [id_, case.pull_id])
        thread, outcome = in_thread(lambda: pace.first(source_id=id_, pull_id=case.pull_id, policy=declared, now=timezone.now()))
        pid = dying.info.backend_pid
        with psycopg.connect(services().admin_url or "", autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s)", [pid])
        thread.join(60)
        assert not thread.is_alive() and outcome[0].granted
        dying.close()


# How many at once


def test_no_more_than_so_many_are_claimed_at_once_and_the_next_is_woken_when_one_ends(
    office: TaxOffice, between: Between, sent: list[Any]
) -> None:
    declare(pace={"at_once": 1})
    first, second = one_of(office), one_of(office, 1)
    met: list[tuple[str, int]] = []

    def meanwhile(count: int) -> None:
        if count == 1:
            journey.run(pull_id=second.pull_id)
            met.append((second.pull.state, second.pull.attempt))

    between(meanwhile)
    journey.run(pull_id=first.pull_id)
    assert met == [("queued", 0)] and first.pull.state == "done"
    assert sent == [second.pull_id], "it is told that it is its turn"
    journey.run(pull_id=second.pull_id)
    assert second.pull.state == "done"


def test_a_place_comes_back_when_the_lease_of_a_dead_worker_is_over(office: TaxOffice) -> None:
    declare(pace={"at_once": 1})
    dead, second = one_of(office), one_of(office, 1)
    with citizen_scope(dead.citizen_id):
        assert claim(dead)
    journey.run(pull_id=second.pull_id)
    assert second.pull.state == "queued"
    dead.lease_runs_out()
    journey.run(pull_id=second.pull_id)
    assert second.pull.state == "done"


@pytest.mark.parametrize("at_once", [1, 3])
def test_of_many_workers_so_many_are_at_work(committed: TaxOffice, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve threads run a pull each while the source is slow."""
    declare(pace={"at_once": at_once})
    cases = [one_of(committed, n) for n in range(12)]
    committed.switch(mode="slow", seconds=0.3)
    at_work, most, guard, so_many = 0, [0], threading.Lock(), threading.Event()
    real = journey.fetch_all

    def counted(*args: Any) -> Any:
        nonlocal at_work
        with guard:
            at_work += 1
            most.append(at_work)
            if at_work == at_once:
                so_many.set()
        try:
            so_many.wait(60)  # the first of them wait for the others: none is so quick that they never meet
            return real(*args)
        finally:
            with guard:
                at_work -= 1

    monkeypatch.setattr(journey, "fetch_all", counted)
    begin = threading.Barrier(12)

    def go(case: Case) -> Any:
        begin.wait()
        until = time.monotonic() + 120
        while time.monotonic() < until:
            journey.run(pull_id=case.pull_id)
            if case.pull.state == "done":
                return case.pull.attempt
            threading.Event().wait(0.05)
        return None

    threads = [in_thread(lambda case=case: go(case)) for case in cases]
    for thread, _ in threads:
        thread.join()
    assert [outcome for _, outcome in threads] == [[1]] * 12, "each was attempted once"
    assert max(most) == at_once


# Left alone


def opened(office: TaxOffice, *, until: timedelta = MINUTE) -> datetime:
    at = timezone.now()
    values_ = {"failures": 20, "opened_at": at - MINUTE, "retry_at": at + until, "tries": 0}
    Breaker.objects.update_or_create(pk=source_id(), defaults=values_)
    return at + until


def test_a_source_that_fails_so_often_in_a_row_is_left_alone(office: TaxOffice) -> None:
    declare(breaker={"failures": 3, "pause": 40})
    office.switch(mode="down")
    cases = [one_of(office, n) for n in range(4)]
    for case in cases[:3]:
        journey.run(pull_id=case.pull_id)
        assert (case.pull.attempt, case.pull.error) == (1, "source_down")
    seen, asked = breaker.look(source_id=source_id()), office.asked("data")
    assert seen.failures == 3 and seen.opened_at and seen.retry_at
    assert timedelta(seconds=30) <= seen.retry_at - seen.opened_at <= timedelta(seconds=40)
    for _ in range(2):
        cases[3].due_now()
        journey.run(pull_id=cases[3].pull_id)
    assert (cases[3].pull.state, cases[3].pull.attempt, cases[3].pull.error) == ("queued", 0, "")
    assert cases[3].pull.due_at >= seen.retry_at and office.asked("data") == asked


def test_an_answer_in_between_begins_the_count_anew(office: TaxOffice) -> None:
    declare(breaker={"failures": 2})
    for n, mode in enumerate(["down", "ok", "down"]):
        office.switch(mode=mode)
        journey.run(pull_id=one_of(office, n).pull_id)
    assert breaker.look(source_id=source_id()) == breaker.Seen(failures=1)


@pytest.mark.parametrize("mode", ["revoked", "wrong_citizen", "garbage"])
def test_what_a_source_says_of_one_citizen_says_nothing_against_it(office: TaxOffice, mode: str) -> None:
    declare(breaker={"failures": 1})
    office.switch(mode=mode)
    for n in range(3):
        journey.run(pull_id=one_of(office, n).pull_id)
    assert breaker.look(source_id=source_id()) == breaker.Seen()


def test_one_citizen_s_pull_alone_leaves_the_source_open_to_others() -> None:
    assert policy.FAILURES > pulls.MAXIMUM_ATTEMPTS


def test_when_its_time_has_come_one_tries_and_the_others_wait(office: TaxOffice, between: Between) -> None:
    opened(office, until=-timedelta(seconds=1))
    first, second = one_of(office), one_of(office, 1)
    met: list[tuple[str, int]] = []

    def meanwhile(count: int) -> None:
        if count == 1:
            journey.run(pull_id=second.pull_id)
            met.append((second.pull.state, second.pull.attempt))

    between(meanwhile)
    journey.run(pull_id=first.pull_id)
    assert met == [("queued", 0)] and first.pull.state == "done"
    assert breaker.look(source_id=source_id()) == breaker.Seen(), "it answers: closed"


def test_a_try_that_fails_makes_the_next_pause_longer(office: TaxOffice) -> None:
    declare(breaker={"failures": 3, "pause": 100})
    office.switch(mode="down")
    pauses = []
    for n in range(3):
        opened(office, until=-timedelta(seconds=1)) if n == 0 else Breaker.objects.update(retry_at=timezone.now())
        case, began = one_of(office, n), timezone.now()
        journey.run(pull_id=case.pull_id)
        seen = breaker.look(source_id=source_id())
        assert seen.retry_at
        pauses.append((seen.retry_at - began).total_seconds())
    assert [low <= pause <= low / 0.75 + 60 for pause, low in zip(pauses, (150, 300, 600), strict=True)] == [True] * 3, pauses


def test_a_pause_is_never_shorter_than_the_source_asks_for(office: TaxOffice) -> None:
    declared = declare(breaker={"failures": 1, "pause": 1})
    now = timezone.now()
    breaker.failed(source_id=source_id(), error=PeerFailed("too_many_requests", retry_after=500), policy=declared, now=now)
    assert breaker.look(source_id=source_id()).wait(now=now) == timedelta(seconds=500)


def test_a_worker_that_dies_while_it_tries_is_followed_by_another(office: TaxOffice, settings: Any) -> None:
    opened(office, until=-timedelta(seconds=1))
    now = timezone.now()
    seen = breaker.look(source_id=source_id())
    assert breaker.admit(source_id=source_id(), seen=seen, now=now) and not breaker.admit(source_id=source_id(), seen=seen, now=now)
    later = now + settings.AURORA_PULL_LEASE + timedelta(seconds=1)
    again = breaker.look(source_id=source_id())
    assert again.wait(now=now) and not again.wait(now=later) and breaker.admit(source_id=source_id(), seen=again, now=later)


def test_of_many_workers_one_tries(committed: TaxOffice) -> None:
    opened(committed, until=-timedelta(seconds=1))
    id_, begin = source_id(), threading.Barrier(8)

    def go() -> bool:
        seen = breaker.look(source_id=id_)
        begin.wait()
        return breaker.admit(source_id=id_, seen=seen, now=timezone.now())

    threads = [in_thread(go) for _ in range(8)]
    for thread, _ in threads:
        thread.join()
    assert sorted(outcome[0] for _, outcome in threads) == [False] * 7 + [True]


def test_failures_of_many_workers_are_all_counted(committed: TaxOffice) -> None:
    declared, id_ = declare(breaker={"failures": 50}), source_id()

    def go() -> None:
        for _ in range(5):
            breaker.failed(source_id=id_, error=DOWN, policy=declared, now=timezone.now())

    threads = [in_thread(go) for _ in range(8)]
    for thread, _ in threads:
        thread.join()
    assert breaker.look(source_id=id_) == breaker.Seen(failures=40)
