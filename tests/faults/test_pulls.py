"""Pulls that lose their message, their worker or their source: each finishes, and none takes effect twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from aurora.celery import app
from tests.support.people import Person, identifier
from tests.support.stack import Stack, wait_for

REGISTER = "population-register"
PULLS = 50
FLOOD = 16
DUE = "UPDATE sources_feed SET due_at = now() WHERE connection_id IN (SELECT connection_id FROM sources_pull WHERE id = ANY(%s))"
REFRESHES = (
    "SELECT state, count(*) FROM sources_pull WHERE id IN (SELECT newest_pull FROM sources_connection) AND NOT id = ANY(%s)"
    " AND connection_id IN (SELECT connection_id FROM sources_pull WHERE id = ANY(%s)) GROUP BY state"
)
STATES = "SELECT state, count(*) FROM sources_pull WHERE id = ANY(%s) GROUP BY state"


def _states(stack: Stack, pulls: list[UUID]) -> dict[str, int]:
    with stack.admin() as database:
        return dict(database.execute(STATES, [pulls]).fetchall())


def _connect_all(stack: Stack, households: range) -> list[UUID]:
    """Each household's citizen signs in and connects the register, four at a time."""

    def one(household: int) -> UUID:
        with Person(stack, identifier(household)) as person:
            return person.sign_in().connect(REGISTER)

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(one, households))


@contextmanager
def _halted(stack: Stack, name: str) -> Iterator[None]:
    """The process neither works nor dies meanwhile; its children (the worker's pool) halt too."""
    group = stack.pids()[name]
    os.killpg(group, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(group, signal.SIGCONT)


def _assert_each_took_effect_once(stack: Stack, pulls: list[UUID]) -> None:
    """One entry in the log, one set of facts, one set of parts a pull."""
    with stack.admin() as database:
        entries = database.execute(
            "SELECT p.id, count(e.id) FROM sources_pull p"
            " LEFT JOIN ledger_ledgerentry e ON e.citizen_id = p.citizen_id AND e.event LIKE 'aurora:pull:%%'"
            " WHERE p.id = ANY(%s) GROUP BY p.id",
            [pulls],
        ).fetchall()
        assert {number for _, number in entries} == {1}
        facts = database.execute(
            "SELECT p.id, count(f.id), count(DISTINCT (f.category, f.mark)), count(*) FILTER (WHERE f.pull_id <> p.id)"
            " FROM sources_pull p LEFT JOIN twin_fact f ON f.citizen_id = p.citizen_id WHERE p.id = ANY(%s) GROUP BY p.id",
            [pulls],
        ).fetchall()
        assert len(facts) == len(pulls)
        for pull, number, different, foreign in facts:
            assert number == different > 0 and foreign == 0, pull
        parts = database.execute("SELECT DISTINCT state FROM sources_pullpart WHERE pull_id = ANY(%s)", [pulls]).fetchall()
        assert parts == [("done",)]


def test_kill_9_of_the_worker_amid_fifty_pulls(stack: Stack) -> None:
    """Twice, each time while pulls are running: the ones that had been begun are taken up again when their lease is over."""
    with _halted(stack, "worker"):
        pulls = _connect_all(stack, range(1000, 1000 + PULLS))
        assert _states(stack, pulls) == {"queued": PULLS}
        stack.switch(REGISTER, mode="slow", seconds=0.1)  # long enough to be met at work
    for done_before in (5, 20):
        wait_for(lambda least=done_before: _are_at_work(stack, pulls, least), "pulls to be running", within=60)
        killed = stack.kill_group("worker")
        stack.wait_for_restart("worker", killed)
    stack.switch(REGISTER, mode="ok")
    wait_for(lambda: _states(stack, pulls) == {"done": PULLS}, "all pulls to be done", within=90)
    with stack.admin() as database:
        attempts = database.execute("SELECT max(attempt) FROM sources_pull WHERE id = ANY(%s)", [pulls]).fetchone()
    assert attempts is not None and attempts[0] > 1, "no pull was interrupted: this run proved nothing"
    _assert_each_took_effect_once(stack, pulls)


def _are_at_work(stack: Stack, pulls: list[UUID], done: int) -> bool:
    states = _states(stack, pulls)
    return states.get("done", 0) >= done and states.get("running", 0) > 0


def test_lost_messages_are_sent_again(stack: Stack) -> None:
    """The broker forgets everything it holds."""
    with _halted(stack, "worker"):
        pulls = _connect_all(stack, range(1100, 1105))
        with _broker(stack) as channel:
            assert channel.queue_purge("celery") >= 4  # one may already be on its way to the worker
        assert _states(stack, pulls) == {"queued": 5}
    wait_for(lambda: _states(stack, pulls) == {"done": 5}, "the sweep to find them", within=60)
    _assert_each_took_effect_once(stack, pulls)


def test_repeated_messages_do_nothing(stack: Stack) -> None:
    with _halted(stack, "worker"):
        pulls = _connect_all(stack, range(1110, 1113))
        with app.connection_for_write(stack.services()["broker_url"]) as broker:
            for pull in pulls * 5:
                app.send_task("aurora.pull", args=(str(pull),), connection=broker)
    wait_for(lambda: _states(stack, pulls) == {"done": 3}, "the pulls to be done", within=60)
    wait_for(lambda: _queue_length(stack) == 0, "the repeated messages to be taken")
    _assert_each_took_effect_once(stack, pulls)


def test_a_citizen_does_not_wait_for_the_nightly_refresh_and_a_killed_worker_leaves_none_of_it_undone(stack: Stack) -> None:
    """A slow source, and a refresh of everybody: who connects now is served before most of it; the rest is done all the same."""
    with stack.admin() as database:
        crowd = _connect_all(stack, range(1200, 1200 + FLOOD))
        wait_for(lambda: _states(stack, crowd) == {"done": FLOOD}, "the first pulls", within=90)
        stack.switch(REGISTER, mode="slow", seconds=0.8)
        try:
            with Person(stack, identifier(1250)) as person:
                person.sign_in()  # before: how long that takes is no matter of the refresh
                database.execute(DUE, [crowd])
                wait_for(lambda: _refreshes(stack, crowd).get("done", 0) >= 1, "the refresh to be under way", within=60)
                mine = person.connect(REGISTER)
            wait_for(lambda: _states(stack, [mine]) == {"done": 1}, "the citizen's own pull", within=60)
            left = _refreshes(stack, crowd)
            assert left.get("queued", 0) >= FLOOD // 2, f"it waited for the refresh: {left}"
            stack.wait_for_restart("worker", stack.kill_group("worker"))
        finally:
            stack.switch(REGISTER, mode="ok")
        wait_for(lambda: _refreshes(stack, crowd) == {"done": FLOOD}, "all refreshes to be done", within=90)
        rows = database.execute(
            "SELECT count(*), count(DISTINCT (f.citizen_id, f.category, f.mark)) FROM twin_fact f JOIN sources_pull p ON p.citizen_id = f.citizen_id"
            " WHERE p.id = ANY(%s) AND f.superseded_at IS NULL", [crowd],
        ).fetchone()  # fmt: skip
        assert rows is not None and rows[0] == rows[1] > 0, "no fact twice"


def _refreshes(stack: Stack, crowd: list[UUID]) -> dict[str, int]:
    """The newest pulls of their connections, as far as they are others than the first."""
    with stack.admin() as database:
        return dict(database.execute(REFRESHES, [crowd, crowd]).fetchall())


@contextmanager
def _broker(stack: Stack) -> Iterator[Any]:
    with app.connection_for_write(stack.services()["broker_url"]) as connection:
        yield connection.default_channel


def _queue_length(stack: Stack) -> int:
    with _broker(stack) as channel:
        return int(channel.queue_declare("celery").message_count)


@pytest.mark.parametrize(
    ("household", "fault"),
    [(1120, {"mode": "down"}), (1121, {"mode": "down", "reset": True}), (1122, {"mode": "too_many", "seconds": 1})],
    ids=["503", "reset", "429"],
)
def test_a_source_that_is_away_is_asked_again(stack: Stack, household: int, fault: dict[str, object]) -> None:
    with _halted(stack, "worker"):
        pulls = _connect_all(stack, range(household, household + 1))
        stack.switch(REGISTER, **fault)
    try:
        wait_for(lambda: _error_of(stack, pulls[0]) != "", "the failure to be noted")
        assert _states(stack, pulls).get("done", 0) == 0
    finally:
        stack.switch(REGISTER, mode="ok")
    wait_for(lambda: _states(stack, pulls) == {"done": 1}, "the next attempt", within=60)
    _assert_each_took_effect_once(stack, pulls)


def _error_of(stack: Stack, pull: UUID) -> str:
    with stack.admin() as database:
        row = database.execute("SELECT error FROM sources_pull WHERE id = %s", [pull]).fetchone()
    return str(row[0]) if row else ""
