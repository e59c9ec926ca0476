"""Web or worker killed (kill -9) at each step of a withdrawal: it has not begun, or it finishes; and never twice.

The points are `aurora.crash.reach`: a file in the state folder's `crash/` kills the process, and its whole group, that comes there first.
Starting again is what takes time: so one withdrawal dies at several steps, one after the other, and web and worker start at the same time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.support import crashing
from tests.support.crashing import Crash
from tests.support.people import Person, identifier
from tests.support.stack import Stack, StackError, wait_for

pytestmark = pytest.mark.xdist_group("stack")
REGISTER, OFFICE = "population-register", "benefits-office"
HOUSEHOLD = "population.household"


@dataclass
class Case:
    """A citizen whose household data the office has read; `browser` is theirs."""

    stack: Stack
    person: Person
    consent_id: UUID

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.stack.admin() as database:
            return database.execute(sql, values).fetchall()  # type: ignore[arg-type]

    def one(self, sql: str, *values: Any) -> Any:
        [(found,)] = self.ask(sql, *values)
        return found

    @property
    def state(self) -> str:
        return str(self.one("SELECT state FROM consent_consentrecord WHERE id = %s", self.consent_id))

    def withdraw(self) -> None:
        self.person.browser.open(f"{self.person.base_url}/en/consents/{self.consent_id}/withdraw/")
        self.person.browser.press("Withdraw")

    def withdraw_into_the_void(self) -> None:
        """The web server dies in it, before or after its work."""
        with pytest.raises(httpx.HTTPError):
            self.withdraw()


@dataclass
class Citizen:
    """Signed in, with their household data fetched."""

    person: Person
    id: UUID


@pytest.fixture(scope="module")
def citizen(stack: Stack) -> Iterator[Citizen]:
    with Person(stack, identifier(1317)) as person:
        pull = person.sign_in().connect(REGISTER)
        wait_for(lambda: _one(stack, "SELECT state FROM sources_pull WHERE id = %s", pull) == "done", "the pull")
        yield Citizen(person, _one(stack, "SELECT citizen_id FROM sources_pull WHERE id = %s", pull))


@pytest.fixture
def case(stack: Stack, citizen: Citizen) -> Iterator[Case]:
    """A fresh consent of theirs to the office, on which it has read."""
    person = citizen.person
    office = stack.demo["agencies"][0]["base_url"]
    person.browser.open(f"{office}/?ui_locales=en")
    person.browser.press("Apply for housing support")
    person.browser.press("Allow", categories=[HOUSEHOLD])
    person.browser.press("Read now", category=HOUSEHOLD)
    given = "SELECT id FROM consent_consentrecord WHERE citizen_id = %s AND state = 'given' AND purpose_id = 'benefit-application'"
    consent = _one(stack, given, citizen.id)
    try:
        yield Case(stack, person, consent)
    finally:
        _office_mode(stack, "ok")
        crashing.disarm(stack)


def _one(stack: Stack, sql: str, *values: Any) -> Any:
    with stack.admin() as database:
        [(found,)] = database.execute(sql, values).fetchall()  # type: ignore[arg-type]
    return found


def _office_mode(stack: Stack, mode: str) -> None:
    control = {"Authorization": f"Bearer {stack.demo['sandbox']['control_token']}"}
    office = stack.demo["agencies"][0]["base_url"]
    assert httpx.post(f"{office}/_sandbox/switches", json={"mode": mode}, headers=control, trust_env=False, timeout=60).status_code == 200


def _told(stack: Stack, delivery: UUID) -> tuple[int, int]:
    """(how often the office was told, how many readings it deleted), out of its own file."""
    file = stack.state / "sandbox" / OFFICE / f"{OFFICE}.sqlite3"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as store:
        found = store.execute("SELECT times, deleted FROM notices WHERE id = ?", (str(delivery),)).fetchone()
    return (0, 0) if found is None else (int(found[0]), int(found[1]))


def _say_again(case: Case, confirmed: Callable[[], bool]) -> None:
    """What Aurora did not take, since it was dead, the office says again each minute, and whenever it is switched."""
    for _ in range(30):
        _office_mode(case.stack, "ok")
        with suppress(StackError):
            wait_for(confirmed, "the office to have confirmed", within=2)
            return
    raise StackError("the office did not confirm")


LIVING = """
SELECT (SELECT count(*) FROM consent_oauth_accesstoken t WHERE t.consent_id = c.id AND t.revoked_at IS NULL AND t.expires_at > now())
     + (SELECT count(*) FROM consent_oauth_refreshtoken r JOIN consent_oauth_grantpart p ON p.grant_id = r.grant_id
        WHERE p.consent_id = c.id AND r.revoked_at IS NULL AND r.expires_at > now())
FROM consent_consentrecord c WHERE c.id = %s
"""
ENTRIES = "SELECT event, count(*) FROM ledger_ledgerentry WHERE consent_ids @> ARRAY[%s]::uuid[] AND (event LIKE '%%:consent:%%' OR event LIKE '%%:notice:%%' OR event LIKE '%%:deletion:%%') GROUP BY event"


def assert_finished(case: Case, *, state: str = "withdrawn", event: str = "citizen:consent:withdrawn", at_least: int = 1) -> None:
    """Ended; no token lives; told under one id, deleted there, confirmed; and each stands in the log once."""
    wait_for(lambda: case.state == state, f"the consent to be {state}", within=60)
    deliveries = "SELECT id FROM consent_webhooks_delivery WHERE consent_id = %s"
    delivery = case.one(deliveries, case.consent_id)
    done = "SELECT state = 'delivered' AND confirmed_at IS NOT NULL FROM consent_webhooks_delivery WHERE id = %s"
    told = "SELECT state = 'delivered' AND confirmed_at IS NULL FROM consent_webhooks_delivery WHERE id = %s"
    if wait_for(lambda: case.one(done, delivery) or case.one(told, delivery), "the office to be told", within=60):
        _say_again(case, lambda: bool(case.one(done, delivery)))
    assert case.one(LIVING, case.consent_id) == 0
    times, deleted = _told(case.stack, delivery)
    assert times >= at_least and deleted == 1
    assert dict(case.ask(ENTRIES, case.consent_id)) == {
        "citizen:consent:given": 1,
        event: 1,
        "aurora:notice:delivered": 1,
        "agency:deletion:confirmed": 1,
    }


def test_killed_before_the_commit_it_has_not_begun_and_after_it_it_finishes_without_the_citizen(stack: Stack, case: Case) -> None:
    """Web: before the commit; then after it, with no message sent. Worker: before it tells."""
    before = Crash(stack, "end.before_commit", "web")
    case.withdraw_into_the_void()
    before.back()
    assert case.state == "given" and case.one(LIVING, case.consent_id) > 0
    assert case.one("SELECT count(*) FROM consent_webhooks_delivery WHERE consent_id = %s", case.consent_id) == 0

    wake, post = Crash(stack, "tell.before_wake", "web"), Crash(stack, "tell.before_post", "worker")
    case.withdraw_into_the_void()
    wake.met()
    post.back()
    wake.back()
    assert_finished(case)


def test_killed_with_the_message_sent_and_again_once_it_is_told_it_tells_under_the_same_id(stack: Stack, case: Case) -> None:
    """Web: after the commit. Worker: when the office has it, and Aurora has not noted that yet.

    The office confirms only once asked again: its word alone would also tell that the notice came, and Aurora would have no need to say it twice.
    """
    _office_mode(stack, "silent")
    after, post = Crash(stack, "end.after_commit", "web"), Crash(stack, "tell.after_post", "worker")
    case.withdraw_into_the_void()
    after.met()
    post.back()
    after.back()
    assert_finished(case, at_least=2)


def test_an_office_that_fails_is_told_later_and_its_word_is_noted_once_though_the_web_dies_of_it(stack: Stack, case: Case) -> None:
    _office_mode(stack, "down")
    case.withdraw()
    tried = "SELECT attempts > 0 AND state = 'pending' AND error = 'receiver_failed' FROM consent_webhooks_delivery WHERE consent_id = %s"
    wait_for(lambda: case.ask(tried, case.consent_id) == [(True,)], "an attempt")
    crash = Crash(stack, "confirm.before_commit", "web")
    _office_mode(stack, "ok")
    crash.met()
    _office_mode(stack, "silent")  # else it says it again in its next round, which may come the moment that the web is back
    crash.back()
    assert case.one("SELECT confirmed_at IS NULL FROM consent_webhooks_delivery WHERE consent_id = %s", case.consent_id)
    assert_finished(case)


def test_a_worker_killed_in_the_expiry_sweep_ends_it_in_the_next(stack: Stack, case: Case) -> None:
    crash = Crash(stack, "sweep.before_end", "worker")
    with stack.admin() as database:
        database.execute(
            "UPDATE consent_consentrecord SET not_before = not_before - interval '1 day', expires_at = now() WHERE id = %s",
            [case.consent_id],
        )
    crash.back()
    assert_finished(case, state="expired", event="aurora:consent:expired")


def test_a_worker_killed_while_it_gives_tokens_back_gives_them_back_in_the_next_round(stack: Stack, citizen: Citizen) -> None:
    """Nobody asks for the round: the sweep does."""
    own_ones = "SELECT id FROM consent_consentrecord WHERE citizen_id = %s AND state = 'given' AND source_id IS NOT NULL"
    with stack.admin() as database:
        own = [consent for (consent,) in database.execute(own_ones, [citizen.id]).fetchall()]
    assert own
    crash = Crash(stack, "return.before", "worker")
    for consent in own:
        citizen.person.browser.open(f"{citizen.person.base_url}/en/consents/{consent}/withdraw/")
        citizen.person.browser.press("Withdraw all of it")
    crash.back()
    left = "SELECT count(*) FROM sources_connection WHERE citizen_id = %s AND tokens_returned_at IS NULL"
    wait_for(lambda: _one(stack, left, citizen.id) == 0, "the tokens to be given back", within=60)
    assert _one(stack, "SELECT count(*) FROM twin_fact WHERE citizen_id = %s", citizen.id) == 0
    ended = "SELECT count(*) FROM ledger_ledgerentry WHERE citizen_id = %s AND event = 'citizen:consent:withdrawn' AND consent_ids && %s"
    assert _one(stack, ended, citizen.id, own) == len(own)
