"""kill -9 of the worker, the web, PostgreSQL and Valkey at every step of a pull: it is taken up again by itself and ends once, with all that the source says.

The worker dies at the step. For the others it halts there, they are killed and started again by who looks after them, and it goes on: into
connections that are broken, with a transaction, a lease or a message that is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest

from tests.support import crashing, wholeness
from tests.support.crashing import Crash, Halt
from tests.support.people import Person, identifier
from tests.support.stack import Stack, wait_for

pytestmark = pytest.mark.xdist_group("stack")
REGISTER = "population-register"
HOUSEHOLD, NEIGHBOUR, CONNECTING = 1340, 1341, 1342
# In the order in which a pull comes to them.
STEPS = (
    "plan.planned", "pull.turn_taken", "pull.claimed", "pull.begun", "pull.before_request", "pull.token_renewed", "pull.token_stored",
    "pull.answered", "pull.part_noted", "pull.before_commit", "pull.after_commit", "pull.before_next",
)  # fmt: skip
RENEWAL = ("pull.token_renewed", "pull.token_stored")
# Of these the ordinary run has the neighbour: the same is committed, and the same is not.
LIKE_ANOTHER = ("pull.turn_taken", "pull.token_stored", "pull.part_noted")
# The others' deaths are the same to the worker at many steps: these stay in the ordinary run, all of them are in the long one.
TELLING = {
    "postgres": ("plan.planned", "pull.claimed", "pull.token_renewed", "pull.before_commit", "pull.before_next"),
    "valkey": ("plan.planned", "pull.begun", "pull.after_commit"),
    "web": ("pull.answered",),
}


@dataclass
class Citizen:
    """Signed in, with the register connected."""

    person: Person
    id: UUID
    connection_id: UUID


@pytest.fixture(scope="module")
def citizen(stack: Stack) -> Iterator[Citizen]:
    with Person(stack, identifier(HOUSEHOLD)) as person, Person(stack, identifier(NEIGHBOUR)) as neighbour:
        pulls = [neighbour.sign_in().connect(REGISTER), person.sign_in().connect(REGISTER)]
        for pull in pulls:
            wait_for(lambda pull=pull: _state_of(stack, pull) == "done", "the first pull", within=60)
        [row] = wholeness.ask(stack, "SELECT citizen_id, connection_id FROM sources_pull WHERE id = %s", pulls[1])
        yield Citizen(person, row["citizen_id"], row["connection_id"])


@pytest.fixture(autouse=True)
def disarmed(stack: Stack) -> Iterator[None]:
    yield
    crashing.disarm(stack)


def _state_of(stack: Stack, pull: UUID) -> str:
    [row] = wholeness.ask(stack, "SELECT state FROM sources_pull WHERE id = %s", pull)
    return str(row["state"])


def _make_due(stack: Stack, citizen: Citizen, step: str) -> None:
    """A refresh that has everything to fetch and to keep, and a token to renew where that is a step."""
    with stack.admin() as database:
        database.execute("DELETE FROM twin_fact WHERE citizen_id = %s", [citizen.id])
        if step in RENEWAL:
            database.execute("UPDATE sources_connection SET access_expires_at = now() WHERE id = %s", [citizen.connection_id])
        database.execute("UPDATE sources_feed SET due_at = now() WHERE connection_id = %s", [citizen.connection_id])


def _let_the_lease_run_out(stack: Stack, citizen: Citizen, step: str) -> None:
    """Who renews a token has a lease that outlasts a slow source, of more than a minute: nobody need wait for that here."""
    if step in RENEWAL:
        with stack.admin() as database:
            database.execute(
                "UPDATE sources_pull SET lease_until = now() WHERE connection_id = %s AND state = 'running'", [citizen.connection_id]
            )


def _assert_refreshed_once(stack: Stack, citizen: Citizen, before: int) -> None:
    """One pull more, done; and everything that was deleted is there again, as the source says it."""
    wait_for(lambda: _pulls(stack, citizen) == (before + 1, before + 1), "the refresh to be done", within=90)
    wholeness.settle(stack, [citizen.id])
    wholeness.check(stack, {citizen.id: HOUSEHOLD}, sources={citizen.id: {REGISTER}})
    assert _pulls(stack, citizen) == (before + 1, before + 1)


def _pulls(stack: Stack, citizen: Citizen) -> tuple[int, int]:
    """All, and those that are done."""
    counted = "SELECT count(*) AS pulls, count(*) FILTER (WHERE state = 'done') AS done FROM sources_pull WHERE connection_id = %s"
    [row] = wholeness.ask(stack, counted, citizen.connection_id)
    return int(row["pulls"]), int(row["done"])


@pytest.mark.parametrize("step", [pytest.param(step, id=step, marks=pytest.mark.long if step in LIKE_ANOTHER else ()) for step in STEPS])
def test_the_worker_dies_at_a_step(stack: Stack, citizen: Citizen, step: str) -> None:
    before, _ = _pulls(stack, citizen)
    crash = Crash(stack, step, "worker")
    _make_due(stack, citizen, step)
    crash.met()
    _let_the_lease_run_out(stack, citizen, step)
    _assert_refreshed_once(stack, citizen, before)
    [row] = wholeness.ask(
        stack,
        "SELECT attempt FROM sources_pull WHERE connection_id = %s AND id IN (SELECT newest_pull FROM sources_connection)",
        citizen.connection_id,
    )
    begun_and_not_ended = STEPS[STEPS.index("pull.begun") : STEPS.index("pull.after_commit")]
    assert row["attempt"] == (2 if step in begun_and_not_ended else 1)


@pytest.mark.parametrize(
    ("victim", "step"),
    [
        pytest.param(victim, step, id=f"{victim}-{step}", marks=() if step in telling else pytest.mark.long)
        for victim, telling in TELLING.items()
        for step in STEPS
    ],
)
def test_another_dies_while_the_worker_is_at_a_step(stack: Stack, citizen: Citizen, victim: str, step: str) -> None:
    before, _ = _pulls(stack, citizen)
    with Halt(stack, step) as halt:
        _make_due(stack, citizen, step)
        halt.met()
        crashing.kill_and_wait(stack, victim)
    _let_the_lease_run_out(stack, citizen, step)
    _assert_refreshed_once(stack, citizen, before)


@pytest.mark.parametrize("step", ["connect.held", "pull.before_message", "pull.after_message"])
def test_the_web_dies_while_a_citizen_comes_back_from_the_source(stack: Stack, citizen: Citizen, step: str) -> None:
    """Before the transaction nothing has begun, and the citizen begins anew; after it the pull is done, whether or not its message was sent."""
    with Person(stack, identifier(CONNECTING)) as person:
        person.sign_in()
        crash = Crash(stack, step, "web")
        with pytest.raises(httpx.HTTPError):
            person.connect(REGISTER)
        crash.back()
        if step == "connect.held":
            person.connect(REGISTER)
    [row] = wholeness.ask(stack, "SELECT citizen_id FROM sources_pull ORDER BY created_at DESC LIMIT 1")
    mine = row["citizen_id"]
    assert mine != citizen.id
    wholeness.settle(stack, [mine])
    wholeness.check(stack, {mine: CONNECTING}, sources={mine: {REGISTER}})
    kept = "SELECT count(*) FROM sources_connection WHERE citizen_id = %s AND tokens_returned_at IS NULL AND state <> 'live'"
    with stack.admin() as database:  # five minutes pass
        database.execute("UPDATE sources_connection SET return_due_at = now() WHERE citizen_id = %s AND state = 'ended'", [mine])
    wait_for(lambda: wholeness.ask(stack, kept, mine) == [{"count": 0}], "the tokens of no use to be given back", within=60)
