"""The sweep finds what was lost, and gives back the tokens of connections that have ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from tax_office import HOUSEHOLD, INCOME, TAX, Case, TaxOffice, open_case

from aurora.celery import app
from aurora.journeys import pull as journey
from aurora.journeys.withdraw import return_tokens
from aurora.sources import connections, pulls
from aurora.sources.models import DataSource
from consent.scope import citizen_scope
from tests.support.citizens import make_citizen

# The sweep


def test_the_sweep_finds_what_waits_and_what_was_left_and_nothing_else(case: Case) -> None:
    def found(at: datetime) -> bool:
        return case.pull_id in pulls.overdue(now=at, most=1000)

    now = timezone.now()
    assert found(now) and not found(now - timedelta(hours=1)), "its message may be lost"
    case.change(due_at=now + timedelta(minutes=5))
    assert not found(now) and found(now + timedelta(minutes=5))
    case.due_now()
    with citizen_scope(case.citizen_id):
        lease = pulls.claim(pull_id=case.pull_id, now=now + timedelta(seconds=1))
    assert lease and not found(now) and found(lease.until), "its worker may be dead"
    with citizen_scope(case.citizen_id):
        assert pulls.finish(lease, state=case.pull.State.DONE, now=now)
    assert not found(now + timedelta(days=365))


def test_the_sweep_sends_a_message_that_carries_the_row_s_id_and_nothing_else(case: Case) -> None:
    with app.connection_for_read() as connection, connection.SimpleQueue(app.conf.task_default_queue) as queue:
        queue.clear()
        sent = journey.sweep(now=timezone.now())
        messages = [queue.get(timeout=10) for _ in range(sent)]
        for message in messages:
            message.ack()
    assert ("aurora.pull", [[str(case.pull_id)], {}]) in [(m.headers["task"], m.payload[:2]) for m in messages]


def test_of_many_the_sweep_takes_the_longest_waiting_first(office: TaxOffice) -> None:
    cases = [open_case(office.grant(INCOME), INCOME, household=HOUSEHOLD + n) for n in range(3)]
    epoch = datetime(2000, 1, 1, tzinfo=UTC)
    for n, one in enumerate(cases):
        one.change(due_at=epoch - timedelta(days=n))
    assert pulls.overdue(now=epoch, most=2) == [cases[2].pull_id, cases[1].pull_id]


def test_a_pull_is_out_of_a_stranger_s_reach(case: Case) -> None:
    with citizen_scope(make_citizen()):
        assert pulls.claim(pull_id=case.pull_id, now=timezone.now()) is None
        assert not pulls.latest(citizen_id=case.citizen_id)
    assert case.pull.state == "queued" and pulls.citizen_of(case.pull_id) == case.citizen_id


# Giving tokens back


def ended(case: Case, **ago: int) -> None:
    with citizen_scope(case.citizen_id):
        assert connections.end(connection_id=case.connection_id, now=timezone.now() - timedelta(**ago))


def test_tokens_of_an_ended_connection_are_given_back_and_forgotten(case: Case, office: TaxOffice) -> None:
    ended(case)
    before = office.asked("revoke")
    assert return_tokens(now=timezone.now()) == 1 and return_tokens(now=timezone.now()) == 0
    assert office.asked("revoke") == before + 1
    assert bytes(case.connection.access_token_sealed) == b"" and case.connection.refresh_token_sealed is None


def test_a_source_that_is_away_keeps_its_turn_but_is_waited_for_once(office: TaxOffice) -> None:
    cases = [open_case(office.grant(INCOME), INCOME, household=HOUSEHOLD + n) for n in range(3)]
    for one in cases:
        ended(one)
    office.switch(mode="down")
    before = office.asked("revoke") + office.asked("metadata")
    assert return_tokens(now=timezone.now()) == 0
    assert office.asked("revoke") + office.asked("metadata") == before + 1
    assert all(one.connection.tokens_returned_at is None for one in cases)
    office.switch(mode="ok")
    assert return_tokens(now=timezone.now()) == 3


def test_tokens_are_forgotten_when_no_one_takes_them_for_a_week(case: Case, office: TaxOffice) -> None:
    ended(case, days=8)
    office.switch(mode="down")
    return_tokens(now=timezone.now())
    assert case.connection.tokens_returned_at and case.connection.refresh_token_sealed is None


def test_tokens_are_forgotten_when_the_source_will_never_take_them(case: Case) -> None:
    ended(case)
    DataSource.objects.filter(agency__code=TAX).update(client_id="unknown-there")
    return_tokens(now=timezone.now())
    assert case.connection.tokens_returned_at and case.connection.refresh_token_sealed is None
