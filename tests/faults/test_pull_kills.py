"""kill -9 at random, under load: of the worker, the web, PostgreSQL, Valkey and the sources, while citizens connect, say something of themselves and are
refreshed. Afterwards each pull has finished once, no twin lacks or doubles a fact, and nothing of one citizen is under another's key.

The order of kills is drawn from a seed, which is printed: AURORA_TEST_SEED=<number> draws the same again (what meets whom stays the machine's).
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from uuid import UUID

import httpx
import psycopg
import pytest

from tests.support import crashing, wholeness
from tests.support.people import Person, identifier
from tests.support.stack import Stack, StackError, wait_for

pytestmark = pytest.mark.xdist_group("stack")
REGISTER, TAX, SOCIAL = SOURCES = ("population-register", "tax-administration", "social-insurance")
VICTIMS = ("worker", "worker", "web", "postgres", "valkey", *SOURCES)  # the worker is what it is about
METER = "health"
SAID = "SELECT citizen_id FROM sources_pull WHERE id = %s"


class Visitor:
    """A citizen in a thread of their own, who connects sources one after the other, however often it takes, and then says how they are, again and again."""

    def __init__(self, stack: Stack, household: int, sources: Sequence[str]) -> None:
        self.stack, self.household, self.sources = stack, household, sources
        self.pulls: dict[str, UUID] = {}
        self.troubles: Counter[str] = Counter()
        # What was answered "saved", the last one; and what was sent since and may have been saved.
        self.saved, self.sent_since = "", set[str]()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def _live(self) -> None:
        dice = random.Random(self.household)
        while not self._over.is_set():
            try:
                with Person(self.stack, identifier(self.household)) as person:
                    person.sign_in()
                    for source in self.sources:
                        if source not in self.pulls:
                            self.pulls[source] = person.connect(source)
                    while not self._over.is_set():
                        self._say(person, str(dice.randint(0, 10)))
                        self._over.wait(dice.uniform(0.5, 2))
            except (httpx.HTTPError, AssertionError, LookupError, StopIteration) as error:
                self.troubles[type(error).__name__] += 1
                self._over.wait(dice.uniform(0.2, 1))  # they try again, as people do

    def _say(self, person: Person, grade: str) -> None:
        browser = person.browser.open(f"{person.base_url}/en/life/")
        form = next(form for form in browser.forms() if "notice_token" in form.fields)
        # Boxes as they stand; the page's lists of answers are not among the form's fields.
        self.sent_since.add(grade)
        answer = browser.http.post(browser.url, data={**form.fields, METER: grade, "decision": "decline"}, headers={"Referer": browser.url})
        assert answer.status_code == 302 and "done=saved" in answer.headers["Location"], answer.status_code
        self.saved, self.sent_since = grade, set()

    @property
    def is_connected(self) -> bool:
        return set(self.sources) <= set(self.pulls)

    def leave(self) -> None:
        self._over.set()
        self._thread.join(300)
        assert not self._thread.is_alive()


class Refresher:
    """Makes feeds due, some of them, all the while: the nightly refresh that never ends."""

    def __init__(self, stack: Stack, seed: int) -> None:
        self._stack, self._dice, self._over = stack, random.Random(seed), threading.Event()
        self._thread = threading.Thread(target=self._refresh, daemon=True)
        self._thread.start()

    def _refresh(self) -> None:
        while not self._over.wait(0.5):
            with suppress(psycopg.OperationalError, OSError), self._stack.admin() as database:
                database.execute("UPDATE sources_feed SET due_at = now() WHERE random() < %s", [self._dice.uniform(0.1, 0.6)])

    def stop(self) -> None:
        self._over.set()
        self._thread.join(300)
        assert not self._thread.is_alive()


@contextmanager
def _visited(stack: Stack, households: Sequence[int], seed: int) -> Iterator[list[Visitor]]:
    visitors = [Visitor(stack, household, SOURCES[: 1 + household % 3]) for household in households]
    refresher = Refresher(stack, seed)
    try:
        yield visitors
    finally:
        refresher.stop()
        for visitor in visitors:
            visitor.leave()


def _kill(stack: Stack, kills: int, dice: random.Random) -> Counter[str]:
    """One after the other, about a second apart; who was killed and is not back yet is passed over. Each fourth is the worker, met at work."""
    killed: dict[str, int] = {}
    done: Counter[str] = Counter()
    while sum(done.values()) < kills:
        time.sleep(dice.uniform(0.3, 1.5))
        victim = dice.choice(VICTIMS) if sum(done.values()) % 4 else "worker"
        if victim == "worker" and not _is_at_work(stack):
            continue
        pids = stack.pids()
        if victim not in pids or pids[victim] == killed.get(victim):
            continue
        killed[victim] = pids[victim]
        with suppress(ProcessLookupError):  # it was about to end by itself
            os.kill(pids[victim], 9) if victim in ("postgres", "valkey") else os.killpg(pids[victim], 9)
            done[victim] += 1
    return done


def _is_at_work(stack: Stack) -> bool:
    with suppress(psycopg.OperationalError):
        return wholeness.ask(stack, "SELECT count(*) FROM sources_pull WHERE state = 'running' AND lease_until > now()") != [{"count": 0}]
    return False


def _is_up(stack: Stack) -> bool:
    with suppress(psycopg.OperationalError):
        return bool(wholeness.ask(stack, "SELECT 1"))
    return False


def _time_passes(stack: Stack) -> None:
    """What waits for a later try has its time: minutes of patience that a test need not have."""
    with suppress(psycopg.OperationalError), stack.admin() as database:
        database.execute("UPDATE sources_pull SET due_at = now() WHERE state = 'queued' AND due_at > now()")
        database.execute("UPDATE sources_breaker SET retry_at = now() WHERE retry_at > now()")


def _recover(stack: Stack, visitors: Sequence[Visitor], within: float) -> None:
    """Nobody helps: all come back by themselves, every citizen gets what they came for, every pull ends."""
    crashing.wait_for_web(stack)
    wait_for(lambda: _is_up(stack), "the database to answer", within=60)  # it may have been the last that was killed
    wait_for(lambda: all(v.is_connected and v.saved for v in visitors), "every citizen to be connected", within=within)


def _settle(stack: Stack, citizens: list[UUID], within: float) -> None:
    """Once more everything is refreshed, so that what ended for good amid the kills, with a reason, has its answer too."""
    deadline = time.monotonic() + within
    while True:
        with suppress(StackError):
            wholeness.settle(stack, citizens, within=1)
            break
        assert time.monotonic() < deadline, wholeness.ask(
            stack,
            "SELECT state, error, attempt, due_at - now() AS due, lease_until - now() AS lease FROM sources_pull WHERE state IN ('queued', 'running')",
        )
        _time_passes(stack)


def _refresh_all(stack: Stack, citizens: list[UUID], within: float) -> None:
    with stack.admin() as database:
        database.execute("UPDATE sources_feed SET due_at = now(), mark_sealed = NULL WHERE citizen_id = ANY(%s)", [citizens])
    due = "SELECT count(*) FROM sources_feed WHERE citizen_id = ANY(%s) AND (due_at <= now() OR error <> '')"
    deadline = time.monotonic() + within
    while wholeness.ask(stack, due, citizens) != [{"count": 0}]:
        assert time.monotonic() < deadline, wholeness.ask(
            stack, "SELECT category, error, due_at FROM sources_feed WHERE due_at <= now() OR error <> ''"
        )
        _time_passes(stack)
        time.sleep(0.5)
    _settle(stack, citizens, within)


def _check(stack: Stack, visitors: Sequence[Visitor], citizens: dict[UUID, Visitor]) -> None:
    wholeness.check(stack, {c: v.household for c, v in citizens.items()}, sources={c: set(v.sources) for c, v in citizens.items()})
    keys = wholeness.Keys(stack)
    for citizen_id, visitor in citizens.items():
        said = [
            f.value for f in wholeness.facts_of(stack, citizen_id, keys) if f.current and f.category == "life.situation" and f.key == METER
        ]
        assert len(said) == 1 and str(said[0]) in {visitor.saved, *visitor.sent_since}, (said, visitor.saved, visitor.sent_since)
    wholeness.queue_empties(stack)


def _slowly(stack: Stack, do: Callable[[], Counter[str]]) -> Counter[str]:
    """While the sources take their time: then a pull lasts long enough to be met."""
    for source in SOURCES:
        _switch(stack, source, mode="slow", seconds=0.3)
    try:
        return do()
    finally:
        for source in SOURCES:
            _switch(stack, source, mode="ok")


def _switch(stack: Stack, source: str, **setting: object) -> None:
    """A source that was killed a moment ago is told when it is back."""

    def told() -> bool:
        with suppress(httpx.HTTPError):
            stack.switch(source, **setting)
            return True
        return False

    wait_for(told, f"{source} to answer", within=60)


def _say(text: str) -> None:
    """Shown when the test fails, or with `-s`."""
    sys.stdout.write(f"{text}\n")


def _under_fire(stack: Stack, households: Sequence[int], kills: int, *, within: float) -> None:
    seed = int(os.environ.get("AURORA_TEST_SEED", "") or random.SystemRandom().randrange(10**6))
    _say(f"AURORA_TEST_SEED={seed}")
    with _visited(stack, households, seed) as visitors:
        wait_for(lambda: any(v.pulls for v in visitors), "the first citizen to be connected", within=60)
        killed = _slowly(stack, lambda: _kill(stack, kills, random.Random(seed)))
        _recover(stack, visitors, within)
    citizens = {wholeness.ask(stack, SAID, v.pulls[v.sources[0]])[0]["citizen_id"]: v for v in visitors}
    _settle(stack, list(citizens), within)
    _refresh_all(stack, list(citizens), within)
    _check(stack, visitors, citizens)
    # Everybody else's too, whose feeds were made due: the next test must not meet a pull that waits for its next try.
    _settle(stack, [row["citizen_id"] for row in wholeness.ask(stack, "SELECT DISTINCT citizen_id FROM sources_pull")], within)
    pulls = wholeness.ask(
        stack, "SELECT state, error, count(*), max(attempt) FROM sources_pull WHERE citizen_id = ANY(%s) GROUP BY 1, 2", list(citizens)
    )
    _say(f"killed: {dict(killed)}; pulls: {pulls}; citizens met: {dict(sum((v.troubles for v in visitors), Counter()))}")
    assert sum(killed.values()) == kills
    assert max(row["max"] for row in pulls) > 1, "no pull was interrupted: this run proved nothing"


def test_twelve_kills_under_load(stack: Stack) -> None:
    _under_fire(stack, range(1400, 1406), 12, within=120)


@pytest.mark.long
def test_two_hundred_kills_under_load(stack: Stack) -> None:
    _switch(stack, REGISTER, mode="short_tokens", seconds=25)  # now and then a token is renewed too
    _under_fire(stack, range(1410, 1440), 200, within=600)
