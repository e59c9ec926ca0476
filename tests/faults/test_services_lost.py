"""The broker emptied or lost with its file, the database restarted in order or at once, while pulls are under way: all go on by themselves."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import redis

from tests.support import wholeness
from tests.support.people import Person, identifier
from tests.support.stack import Stack, wait_for

pytestmark = pytest.mark.xdist_group("stack")
REGISTER = "population-register"
HOUSEHOLDS = range(1360, 1366)
PULLS = "SELECT state, count(*) FROM sources_pull WHERE citizen_id = ANY(%s) AND id IN (SELECT newest_pull FROM sources_connection) GROUP BY state"


@dataclass
class Crowd:
    """Citizens with the register connected and fetched; `households` by their ids."""

    stack: Stack
    households: dict[UUID, int]

    @property
    def ids(self) -> list[UUID]:
        return list(self.households)

    def states(self) -> dict[str, int]:
        return {row["state"]: row["count"] for row in wholeness.ask(self.stack, PULLS, self.ids)}

    def refresh(self) -> None:
        """Everything of everybody, at once, from a source that takes its time."""
        with self.stack.admin() as database:
            database.execute("DELETE FROM twin_fact WHERE citizen_id = ANY(%s)", [self.ids])
            database.execute("UPDATE sources_feed SET due_at = now() WHERE citizen_id = ANY(%s)", [self.ids])


@pytest.fixture(scope="module")
def everybody(stack: Stack) -> Crowd:
    def one(household: int) -> UUID:
        with Person(stack, identifier(household)) as person:
            return person.sign_in().connect(REGISTER)

    with ThreadPoolExecutor(3) as pool:
        pulls = list(pool.map(one, HOUSEHOLDS))
    of = "SELECT citizen_id FROM sources_pull WHERE id = %s"
    crowd = Crowd(stack, {wholeness.ask(stack, of, pull)[0]["citizen_id"]: number for pull, number in zip(pulls, HOUSEHOLDS, strict=True)})
    wait_for(lambda: crowd.states() == {"done": len(HOUSEHOLDS)}, "the first pulls", within=90)
    return crowd


@pytest.fixture
def crowd(everybody: Crowd) -> Iterator[Crowd]:
    """The source is quick again afterwards."""
    everybody.stack.switch(REGISTER, mode="slow", seconds=0.3)
    yield everybody
    everybody.stack.switch(REGISTER, mode="ok")


def _empty_the_broker(stack: Stack) -> None:
    """And the cache, and what it knows of exchanges and queues."""
    with closing(redis.Redis(unix_socket_path=urlsplit(stack.services()["broker_url"]).path)) as broker:
        broker.flushall()


def _lose_the_broker(stack: Stack) -> None:
    folder = stack.state / "valkey" / "appendonlydir"
    shutil.rmtree(folder.rename(folder.with_name("lost")))  # where it was, the broker may be about to begin a file
    stack.wait_for_restart("valkey", stack.kill("valkey"))


def _restart_the_database(how: signal.Signals) -> Callable[[Stack], None]:
    def restart(stack: Stack) -> None:
        pid = stack.pids()["postgres"]
        os.kill(pid, how)
        stack.wait_for_restart("postgres", pid)

    return restart


FAULTS = {
    "broker emptied": _empty_the_broker,
    "broker lost with its file": _lose_the_broker,
    "database restarted in order": _restart_the_database(signal.SIGINT),
    "database restarted at once": _restart_the_database(signal.SIGQUIT),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_pulls_under_way_are_finished_once_by_themselves(crowd: Crowd, fault: str) -> None:
    stack, number = crowd.stack, len(crowd.ids)
    crowd.refresh()
    wait_for(lambda: crowd.states().get("running", 0) > 0, "pulls to be under way", within=60)
    FAULTS[fault](stack)
    wait_for(lambda: crowd.states() == {"done": number} and _all_seen(crowd), "all refreshes to be done", within=120)
    wholeness.settle(stack, crowd.ids)
    wholeness.check(stack, crowd.households, sources={citizen: {REGISTER} for citizen in crowd.ids})
    wholeness.queue_empties(stack)


def _all_seen(crowd: Crowd) -> bool:
    """No feed is due any more: what had not even been planned at the fault is done too."""
    due = "SELECT count(*) FROM sources_feed WHERE citizen_id = ANY(%s) AND due_at <= now()"
    return wholeness.ask(crowd.stack, due, crowd.ids) == [{"count": 0}]
