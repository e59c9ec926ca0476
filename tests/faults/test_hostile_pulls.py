"""Sources that mean ill or are broken, pulled by the real worker: each pull ends with its reason, the twin stays as it was, and the worker stays small.

What each connector says to each ill, byte for byte and over TLS too, is for tests/sources; here it is what becomes of the pull.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.support import wholeness
from tests.support.certificates import Authority
from tests.support.people import Person, identifier
from tests.support.stack import Stack, wait_for

pytestmark = pytest.mark.xdist_group("stack")
REGISTER = "population-register"
ENDLESS = "population.household"
HOUSEHOLD, NEIGHBOUR = 1350, 1351
MORE_MEMORY = 48 * 2**20  # what a worker may take beyond what it had, of two gigabytes


@dataclass
class Case:
    """A citizen with the register connected and fetched."""

    stack: Stack
    person: Person
    citizen_id: UUID
    connection_id: UUID

    def refresh(self) -> None:
        """All of it is asked for anew, whatever the source said before."""
        with self.stack.admin() as database:
            database.execute("UPDATE sources_feed SET due_at = now(), mark_sealed = NULL WHERE connection_id = %s", [self.connection_id])

    @property
    def newest(self) -> dict[str, Any]:
        [pull] = wholeness.ask(
            self.stack,
            "SELECT id, state, error, attempt FROM sources_pull WHERE connection_id = %s AND id IN (SELECT newest_pull FROM sources_connection)",
            self.connection_id,
        )
        return pull

    def as_it_was(self) -> None:
        wholeness.settle(self.stack, [self.citizen_id])
        wholeness.check(self.stack, {self.citizen_id: HOUSEHOLD}, sources={self.citizen_id: {REGISTER}})


@pytest.fixture(scope="module")
def connected(stack: Stack) -> Iterator[Case]:
    with Person(stack, identifier(HOUSEHOLD)) as person, Person(stack, identifier(NEIGHBOUR)) as neighbour:
        pulls = [neighbour.sign_in().connect(REGISTER), person.sign_in().connect(REGISTER)]
        for pull in pulls:
            wait_for(lambda pull=pull: _pull(stack, pull)["state"] == "done", "the first pull", within=60)
        mine = _pull(stack, pulls[1])
        yield Case(stack, person, mine["citizen_id"], mine["connection_id"])


@pytest.fixture
def case(connected: Case) -> Iterator[Case]:
    """The source is well again afterwards."""
    yield connected
    connected.stack.switch(REGISTER, mode="ok")


def _pull(stack: Stack, pull: UUID) -> dict[str, Any]:
    [found] = wholeness.ask(stack, "SELECT * FROM sources_pull WHERE id = %s", pull)
    return found


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("garbage", "signature_invalid"),
        ("wrong_schema", "invalid_answer"),
        ("huge", "too_large"),
        ("redirect", "invalid_answer"),
        ("unsigned", "signature_invalid"),
    ],
)
def test_an_answer_that_no_time_mends_ends_the_pull_and_changes_nothing(case: Case, mode: str, error: str) -> None:
    before, small = case.newest, _Memory(case.stack)
    case.stack.switch(REGISTER, mode=mode)
    case.refresh()
    wait_for(lambda: case.newest["id"] != before["id"] and case.newest["state"] == "failed", "the pull to fail", within=120)
    assert case.newest["error"] == error and case.newest["attempt"] == 1
    assert small.grown() < MORE_MEMORY
    case.as_it_was()


def test_pages_without_end_end_at_the_thousandth_and_the_other_category_is_kept(case: Case) -> None:
    """However many there are: ten to the fifth, or for ever."""
    before, small = case.newest, _Memory(case.stack)
    case.stack.switch(REGISTER, mode="endless_pages", category=ENDLESS)
    case.refresh()
    wait_for(lambda: case.newest["id"] != before["id"] and case.newest["state"] == "done", "the pull to end", within=120)
    parts = wholeness.ask(
        case.stack, "SELECT category, error FROM sources_pullpart WHERE pull_id = %s AND state = 'failed'", case.newest["id"]
    )
    assert parts == [{"category": ENDLESS, "error": "too_large"}]
    assert small.grown() < MORE_MEMORY
    case.as_it_was()


def test_two_gigabytes_are_not_read_to_their_end(case: Case) -> None:
    """Nothing of a body stays in the worker: ten of them need no more room than one."""
    small = _Memory(case.stack)
    case.stack.switch(REGISTER, mode="huge")
    for _ in range(10):
        before = case.newest
        case.refresh()
        wait_for(
            lambda before=before: case.newest["id"] != before["id"] and case.newest["state"] == "failed", "the pull to fail", within=60
        )
    assert case.newest["error"] == "too_large" and small.grown() < MORE_MEMORY
    case.as_it_was()


def test_a_certificate_that_has_run_out_is_none_and_the_token_does_not_leave(case: Case, tls_authority: Authority) -> None:
    """The same peer behind a certificate that is good is heard: it is the date that counts."""
    for days, heard in (((-9, -1), False), ((-1, 1), True)):
        with tls_authority.serving(days=days) as peer, _moved(case.stack, peer.url):
            before = case.newest
            case.refresh()
            wait_for(lambda before=before: case.newest["id"] != before["id"] and case.newest["error"], "an attempt to fail", within=60)
            assert bool(peer.seen) is heard
            assert heard or case.newest["error"] == "source_down"
        with case.stack.admin() as database:
            database.execute("UPDATE sources_pull SET due_at = now() WHERE connection_id = %s AND state = 'queued'", [case.connection_id])
        case.as_it_was()


@contextmanager
def _moved(stack: Stack, address: str) -> Iterator[None]:
    """The source answers at another address meanwhile."""
    mine = "WHERE agency_id = (SELECT id FROM consent_agency WHERE code = 'population-register')"
    [former] = wholeness.ask(stack, f"SELECT issuer FROM sources_datasource {mine}")
    change = f"UPDATE sources_datasource SET issuer = %s {mine}"
    with stack.admin() as database:
        database.execute(change, [address])
        try:
            yield
        finally:
            database.execute(change, [former["issuer"]])


def test_somebody_elses_data_breaks_the_connection_and_reaches_no_twin(case: Case) -> None:
    """The last one here: the citizen connects anew."""
    case.stack.switch(REGISTER, mode="wrong_citizen")
    case.refresh()
    wait_for(lambda: case.newest["error"] == "wrong_citizen", "the pull to fail", within=60)
    assert case.newest["state"] == "failed"
    case.as_it_was()
    case.stack.switch(REGISTER, mode="ok")
    pull = case.person.connect(REGISTER)
    wait_for(lambda: _pull(case.stack, pull)["state"] == "done", "the pull of the new connection", within=60)
    case.as_it_was()


class _Memory:
    """How much the worker's processes grow from here on, each at its largest."""

    def __init__(self, stack: Stack) -> None:
        leader = stack.pids()["worker"]
        self._before: dict[int, int] = {}
        for status in Path("/proc").glob("[0-9]*/status"):
            pid = int(status.parent.name)
            if pid == leader or _said(pid, "PPid") == leader:
                (status.parent / "clear_refs").write_text("5")  # its largest is what it has now (proc(5))
                self._before[pid] = _said(pid, "VmRSS")
        assert len(self._before) >= 2

    def grown(self) -> int:
        return max(_said(pid, "VmHWM") - size for pid, size in self._before.items()) * 1024


def _said(pid: int, name: str) -> int:
    """A number of /proc/PID/status; sizes in kB. -1 of a process that is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return -1
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), -1)
