"""What the database itself keeps of consents: for its own citizen, never contradicting itself, and before or after every access."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from consent_world import NOW, World, take_away, values_of
from django.db import IntegrityError, ProgrammingError, connection, connections, transaction

from consent import queries, services
from consent.errors import Conflict
from consent.models import ConsentEvent, ConsentRecord
from consent.rules import Permit, Refusal, RefusalCode
from consent.scope import citizen_scope


@pytest.fixture
def world(db: None) -> World:
    return World()


# What the database itself does not let through


def test_one_live_consent_of_a_kind(world: World) -> None:
    record, _ = world.give()
    with citizen_scope(world.aino), pytest.raises(IntegrityError, match="one_live_consent"), transaction.atomic():
        ConsentRecord.objects.create(**values_of(record) | {"id": uuid4()})


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"expires_at": NOW}, "consent_ends_after_it_begins"),
        ({"ended_at": NOW}, "consent_ended_has_a_time"),
        ({"state": "withdrawn"}, "consent_ended_has_a_time"),
        ({"state": "lent"}, "consent_ended_has_a_time"),
        ({"categories": []}, "consent_covers_something"),
    ],
)
def test_no_consent_contradicts_itself(world: World, changes: dict[str, Any], constraint: str) -> None:
    record, _ = world.give()
    with citizen_scope(world.aino), pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ConsentRecord.objects.filter(pk=record.pk).update(**changes)


@pytest.mark.parametrize("table", ["consent_consentevent", "consent_notice"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_history_and_notices_are_only_added_to(world: World, table: str, statement: str) -> None:
    world.give()
    column = {"consent_consentevent": "by", "consent_notice": "language"}[table]
    with citizen_scope(world.aino), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(statement.format(table, column, column))


@pytest.mark.parametrize("table", ["consent_consentevent", "consent_notice"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_not_even_by_the_tables_owner(db: None, table: str, statement: str) -> None:
    column = {"consent_consentevent": "by", "consent_notice": "language"}[table]
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner, pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        owner.execute(statement.format(table, column, column))


def test_a_stranger_sees_and_changes_nothing(world: World) -> None:
    record, _ = world.give()
    with citizen_scope(world.cecilia):
        assert not ConsentRecord.objects.filter(pk=record.pk).exists() and not ConsentEvent.objects.exists()
        assert not queries.for_decision(citizen_id=world.aino, recipient=world.office.code)
        assert not queries.for_citizen(citizen_id=world.aino).exists()
        assert ConsentRecord.objects.filter(pk=record.pk).update(state="withdrawn", ended_at=NOW) == 0
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            ConsentEvent.objects.create(consent_id=record.pk, citizen_id=world.aino, at=NOW, kind="withdrawn", by="citizen")
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            ConsentRecord.objects.create(**values_of(record) | {"id": uuid4(), "recipient_id": world.source.pk})
    assert not ConsentRecord.objects.exists(), "nor does anyone without a scope"
    assert world.record(record.pk).state == "given"


def test_counts_name_nobody(world: World) -> None:
    for citizen_id in (world.aino, world.cecilia):
        world.give(citizen_id=citizen_id)
    with citizen_scope(world.aino):
        services.end(consent_id=ConsentRecord.objects.get().pk, now=NOW)
    assert {row[1:] for row in queries.counts() if row[0] == world.purpose} == {("given", 1), ("withdrawn", 1)}


# Two at once, with real transactions


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """A world of committed rows. Its history cannot be deleted by anyone but a superuser, who takes it away."""
    with django_db_blocker.unblock():
        world = World()
        try:
            yield world
        finally:
            connection.close()
            take_away(world)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each returned or raised, in their order; all begin together, each on a connection of its own."""
    together = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(index: int) -> None:
        together.wait(60)
        try:
            results[index] = acts[index]()
        except Exception as error:
            results[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    return results


def test_four_withdrawals_at_once_are_one(committed: World) -> None:
    record, _ = committed.give()
    results = at_once(*[lambda: committed.withdraw(record.pk)] * 4)
    assert sorted(type(r).__name__ for r in results) == ["Conflict"] * 3 + ["ConsentRecord"]
    assert committed.events() == ["given", "withdrawn"]


def test_four_first_consents_at_once_leave_one_standing_and_none_crashes(committed: World) -> None:
    notice = committed.notice()
    results = at_once(*[lambda: committed.give(notice=notice)] * 4)
    assert all(isinstance(r, tuple | Conflict) for r in results), results
    with citizen_scope(committed.aino):
        assert ConsentRecord.objects.filter(state="given").count() == 1
        recorded = ConsentRecord.objects.count()
    assert recorded == sum(isinstance(r, tuple) for r in results) == committed.events().count("given")


def waits_for_lock() -> bool:
    """Whether some connection of this test run waits for a row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
        return bool(cursor.fetchone()[0])


def until(condition: Callable[[], bool]) -> None:
    deadline = threading.Event()
    for _ in range(6000):
        if condition():
            return
        deadline.wait(0.01)
    raise AssertionError("it did not happen")


def test_a_withdrawal_waits_for_an_access_that_was_decided_before_it(committed: World) -> None:
    record, _ = committed.give()
    done = threading.Event()

    def withdraw() -> None:
        committed.withdraw(record.pk)
        done.set()
        connections.close_all()

    thread = threading.Thread(target=withdraw)
    with citizen_scope(committed.aino):
        assert isinstance(committed.decision(), Permit)
        thread.start()
        until(waits_for_lock)
        assert not done.is_set(), "not while the access is under way"
        assert ConsentRecord.objects.get(pk=record.pk).state == "given"
    thread.join(120)
    assert done.is_set() and committed.record(record.pk).state == "withdrawn"


def test_an_access_waits_for_a_withdrawal_under_way_and_sees_it(committed: World) -> None:
    record, _ = committed.give()
    decisions: list[Permit | Refusal] = []

    def ask() -> None:
        with citizen_scope(committed.aino):
            decisions.append(committed.decision(now=NOW))  # its clock was read before the withdrawal
        connections.close_all()

    thread = threading.Thread(target=ask)
    with citizen_scope(committed.aino):
        services.end(consent_id=record.pk, now=NOW + timedelta(seconds=1))
        thread.start()
        until(waits_for_lock)
        assert not decisions
    thread.join(120)
    [decision] = decisions
    assert isinstance(decision, Refusal) and decision.code is RefusalCode.CONSENT_WITHDRAWN


def test_an_access_that_waited_for_a_newer_consent_is_decided_by_that_one(committed: World) -> None:
    committed.give()
    decisions: list[Permit | Refusal] = []

    def ask() -> None:
        with citizen_scope(committed.aino):
            decisions.append(committed.decision(now=NOW + timedelta(hours=1)))
        connections.close_all()

    thread = threading.Thread(target=ask)
    with citizen_scope(committed.aino):
        newer, _ = committed.give()
        thread.start()
        until(waits_for_lock)
    thread.join(120)
    [decision] = decisions
    assert isinstance(decision, Permit) and decision.consent_ids == (newer.pk,)
