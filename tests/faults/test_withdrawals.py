"""Web or worker killed (kill -9) at each step of a withdrawal: it has not begun, or it finishes; and never twice.

The points are `aurora.crash.reach`: a file in the state folder's `crash/` kills the process, and its whole group, that comes there first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from aurora.celery import app
from tests.support.people import Person, identifier
from tests.support.stack import Stack, wait_for

pytestmark = pytest.mark.xdist_group("stack")
REGISTER, OFFICE = "population-register", "benefits-office"
HOUSEHOLD, INCOME = "population.household", "tax.income"


@dataclass
class Case:
    """A citizen whose household data the office has read; `browser` is theirs."""

    stack: Stack
    person: Person
    citizen_id: UUID
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


@pytest.fixture
def case(stack: Stack, request: pytest.FixtureRequest) -> Iterator[Case]:
    household = 1300 + sum(map(ord, request.node.name)) % 97
    with Person(stack, identifier(household)) as person:
        pull = person.sign_in().connect(REGISTER)
        wait_for(lambda: _one(stack, "SELECT state FROM sources_pull WHERE id = %s", pull) == "done", "the pull")
        citizen = _one(stack, "SELECT citizen_id FROM sources_pull WHERE id = %s", pull)
        office = stack.demo["agencies"][0]["base_url"]
        person.browser.open(f"{office}/?ui_locales=en")
        person.browser.press("Apply for housing support")
        person.browser.press("Allow", categories=[HOUSEHOLD])
        person.browser.press("Read now", category=HOUSEHOLD)
        consent = _one(
            stack,
            "SELECT id FROM consent_consentrecord WHERE citizen_id = %s AND state = 'given' AND purpose_id = %s",
            citizen,
            "benefit-application",
        )
        try:
            yield Case(stack, person, citizen, consent)
        finally:
            _office_mode(stack, "ok")
            for left in _folder(stack).glob("*"):
                left.unlink()


def _one(stack: Stack, sql: str, *values: Any) -> Any:
    with stack.admin() as database:
        [(found,)] = database.execute(sql, values).fetchall()  # type: ignore[arg-type]
    return found


def _folder(stack: Stack) -> Path:
    folder = stack.state / "crash"
    folder.mkdir(exist_ok=True)
    return folder


class _Crash:
    """Arms one point; `met` waits until somebody died of it and is there again."""

    def __init__(self, stack: Stack, point: str, process: str) -> None:
        self.stack, self.process, self.file = stack, process, _folder(stack) / point
        self.before = stack.pids()[process]
        self.file.touch()

    def met(self) -> None:
        wait_for(lambda: not self.file.exists(), f"{self.process} to come to {self.file.name}", within=60)
        self.stack.wait_for_restart(self.process, self.before)
        if self.process == "web":
            wait_for(self._web_answers, "the web to answer again", within=60)

    def _web_answers(self) -> bool:
        try:
            return httpx.get(f"{self.stack.base_url}/healthz", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False


def _office_mode(stack: Stack, mode: str) -> None:
    control = {"Authorization": f"Bearer {stack.demo['sandbox']['control_token']}"}
    office = stack.demo["agencies"][0]["base_url"]
    assert httpx.post(f"{office}/_sandbox/switches", json={"mode": mode}, headers=control, trust_env=False).status_code == 200


def _told(stack: Stack, delivery: UUID) -> tuple[int, int]:
    """(how often the office was told, how many readings it deleted), out of its own file."""
    file = stack.state / "sandbox" / OFFICE / f"{OFFICE}.sqlite3"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as store:
        found = store.execute("SELECT times, deleted FROM notices WHERE id = ?", (str(delivery),)).fetchone()
    return (0, 0) if found is None else (int(found[0]), int(found[1]))


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
    wait_for(lambda: case.one(done, delivery), "the office to be told and to have confirmed", within=60)
    assert case.one(LIVING, case.consent_id) == 0
    times, deleted = _told(case.stack, delivery)
    assert times >= at_least and deleted == 1
    assert dict(case.ask(ENTRIES, case.consent_id)) == {
        "citizen:consent:given": 1,
        event: 1,
        "aurora:notice:delivered": 1,
        "agency:deletion:confirmed": 1,
    }


def test_killed_before_the_commit_it_has_not_begun(stack: Stack, case: Case) -> None:
    crash = _Crash(stack, "end.before_commit", "web")
    case.withdraw_into_the_void()
    crash.met()
    assert case.state == "given" and case.one(LIVING, case.consent_id) > 0
    assert case.one("SELECT count(*) FROM consent_webhooks_delivery WHERE consent_id = %s", case.consent_id) == 0
    case.withdraw()
    assert_finished(case)


@pytest.mark.parametrize("point", ["tell.before_wake", "end.after_commit"])
def test_killed_after_the_commit_it_finishes_without_the_citizen(stack: Stack, case: Case, point: str) -> None:
    crash = _Crash(stack, point, "web")
    case.withdraw_into_the_void()
    crash.met()
    assert_finished(case)


@pytest.mark.parametrize(("point", "at_least"), [("tell.before_post", 1), ("tell.after_post", 2)])
def test_a_worker_killed_while_it_tells_tells_again_under_the_same_id(stack: Stack, case: Case, point: str, at_least: int) -> None:
    crash = _Crash(stack, point, "worker")
    case.withdraw()
    crash.met()
    assert_finished(case, at_least=at_least)


def test_the_web_killed_in_a_confirmation_notes_it_once_when_it_is_said_again(stack: Stack, case: Case) -> None:
    crash = _Crash(stack, "confirm.before_commit", "web")
    case.withdraw()
    crash.met()
    _office_mode(stack, "ok")  # says again what has not been taken, as it does each minute
    assert_finished(case)


def test_an_office_that_fails_is_told_later(stack: Stack, case: Case) -> None:
    _office_mode(stack, "down")
    case.withdraw()
    tried = "SELECT attempts > 0 AND state = 'pending' AND error = 'receiver_failed' FROM consent_webhooks_delivery WHERE consent_id = %s"
    wait_for(lambda: case.ask(tried, case.consent_id) == [(True,)], "an attempt")
    _office_mode(stack, "ok")
    assert_finished(case)


def test_a_worker_killed_in_the_expiry_sweep_ends_it_in_the_next(stack: Stack, case: Case) -> None:
    crash = _Crash(stack, "sweep.before_end", "worker")
    with stack.admin() as database:
        database.execute(
            "UPDATE consent_consentrecord SET not_before = not_before - interval '1 day', expires_at = now() WHERE id = %s",
            [case.consent_id],
        )
    crash.met()
    assert_finished(case, state="expired", event="aurora:consent:expired")


def test_a_worker_killed_while_it_gives_tokens_back_gives_them_back_in_the_next_round(stack: Stack, case: Case) -> None:
    """The round comes every five minutes; here it is asked for."""
    own = case.ask(
        "SELECT id FROM consent_consentrecord WHERE citizen_id = %s AND state = 'given' AND source_id IS NOT NULL", case.citizen_id
    )
    crash = _Crash(stack, "return.before", "worker")
    for (consent,) in own:
        case.person.browser.open(f"{case.person.base_url}/en/consents/{consent}/withdraw/")
        case.person.browser.press("Withdraw all of it")
    crash.met()
    facts = case.one("SELECT count(*) FROM twin_fact WHERE citizen_id = %s", case.citizen_id)
    assert facts == 0
    left = "SELECT count(*) FROM sources_connection WHERE citizen_id = %s AND tokens_returned_at IS NULL"

    def returned() -> bool:
        with app.connection_for_write(stack.services()["broker_url"]) as broker:
            app.send_task("aurora.return_tokens", connection=broker)
        return bool(case.one(left, case.citizen_id) == 0)

    wait_for(returned, "the tokens to be given back", within=60)
    ended = "SELECT count(*) FROM ledger_ledgerentry WHERE citizen_id = %s AND event = 'citizen:consent:withdrawn'"
    assert case.one(ended, case.citizen_id) == len(own)
