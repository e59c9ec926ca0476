"""What a receiver of traces gets of a citizen's day: steps, durations and codes, nothing of the citizen. And when it hangs or is gone nobody waits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.support.live import IMPATIENT
from tests.support.otlp import Receiver, Span
from tests.support.people import Person, identifier
from tests.support.personal import found_in
from tests.support.stack import Stack, wait_for

HOUSEHOLD, OTHER = 1430, 1431
REGISTER = "population-register"
FACTS = {"http.route", "http.request.method", "http.response.status_code", "aurora.peer", "aurora.outcome", "error.type"}
PROCESS = {"service.namespace", "service.name", "deployment.environment.name"}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{32}")
STRANGER = "4bf92f3577b34da6a3ce929d0e0e4736"


@dataclass
class Day:
    """What happened, and which words of it nobody else may read."""

    stack: Stack
    receiver: Receiver
    secrets: set[str]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    with Receiver() as receiver:
        environ = IMPATIENT | {
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.address,
            "OTEL_EXPORTER_OTLP_HEADERS": "x-collector=let-me-in",
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=trial",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "AURORA_LOG_FORMAT": "json",
        }
        with Stack(tmp_path_factory.mktemp("traced") / "state", environ=environ) as stack, Person(stack, identifier(HOUSEHOLD)) as person:
            pull = person.sign_in().connect(REGISTER)
            asked = "SELECT citizen_id, state FROM sources_pull WHERE id = %s"
            with stack.admin() as database:
                wait_for(lambda: (database.execute(asked, [pull]).fetchone() or ("", ""))[1] == "done", "the pull", within=60)
                citizen = str((database.execute(asked, [pull]).fetchone() or ("",))[0])
                connection = str((database.execute("SELECT id FROM sources_connection").fetchone() or ("",))[0])
            for path in ("my-data/", "suggestions/", f"pulls/{pull}/", "activity/?from=2026-01-02", f"hushhush/{identifier(HOUSEHOLD)}/"):
                person.browser.open(f"{stack.base_url}/en/{path}")
            stranger = {"traceparent": f"00-{STRANGER}-00f067aa0ba902b7-01", "tracestate": "hushhush=1", "baggage": "who=hushhush"}
            httpx.get(f"{stack.base_url}/api/v1/twin/tax.income?x=hushhush", headers=stranger, trust_env=False, timeout=60)
            cookies = {cookie.value for cookie in person.browser.http.cookies.jar if cookie.value}
            wait_for(lambda: any(str(one.facts.get("http.route")).endswith("twin") for one in receiver.spans()), "the last request's step")
            yield Day(stack, receiver, {identifier(HOUSEHOLD), citizen, connection, str(pull), "hushhush", STRANGER, *cookies})
            receiver.close()


def _named(day: Day, name: str) -> list[Span]:
    return [one for one in day.receiver.spans() if one.name == name]


def test_web_worker_and_what_left_told_of_their_steps(day: Day) -> None:
    def whole() -> bool:
        """Each step is told when it ends: the task's after the pull's, which is within it."""
        known = {one.id for one in day.receiver.spans()}
        return any(one.parent in known for one in _named(day, f"pull {REGISTER}"))

    wait_for(whole, "the pull's own step, and its task's")
    assert {one.process["service.name"] for one in day.receiver.spans()} >= {"web", "worker"}
    assert all(one.process["deployment.environment.name"] == "trial" for one in day.receiver.spans())
    assert {one["x-collector"] for one in day.receiver.heads} == {"let-me-in"}
    assert {one["path"] for one in day.receiver.heads} == {"/v1/traces"}
    (pulled,) = _named(day, f"pull {REGISTER}")
    assert pulled.facts == {"aurora.peer": REGISTER, "aurora.outcome": "answered"} and not pulled.failed
    mine = {one.id: one for one in day.receiver.spans() if one.trace == pulled.trace}
    task = mine[pulled.parent]
    assert (task.name, task.kind, task.facts) == ("aurora.pull", "consumer", {"aurora.outcome": "success"})
    assert mine[task.parent].kind == "server" and mine[task.parent].process["service.name"] == "web", "who asked for it"
    left = [one for one in mine.values() if one.kind == "client" and one.parent == pulled.id]
    # The source's answers, and the keys by which it signs them.
    assert {one.facts["aurora.peer"] for one in left} <= {REGISTER, "key-set"} and all(one.seconds > 0 for one in left) and left
    assert {one.name for one in day.receiver.spans() if one.kind == "client"} >= {f"GET {REGISTER}", f"POST {REGISTER}", "POST e-id"}


def test_nothing_that_is_told_is_a_citizen_s_or_a_stranger_s(day: Day) -> None:
    spans = day.receiver.spans()
    assert len(spans) > 20
    assert {name for one in spans for name in one.facts} <= FACTS and {name for one in spans for name in one.process} <= PROCESS
    assert [one for one in spans if one.rest] == [], "no event, no link, no message"
    words = {str(value) for one in spans for value in (one.name, *one.facts.values(), *one.process.values())}
    assert [word for word in words if UUID.search(word) or found_in(word) or len(word) > 100] == []
    assert [word for word in words if not re.fullmatch(r"[A-Za-z0-9_.:()<>/ -]+", word)] == []
    for body in day.receiver.bodies:
        text = body.decode("latin-1")
        assert [secret for secret in day.secrets if secret in text] == []
        assert UUID.search(text) is None and bytes.fromhex(STRANGER) not in body
    assert not [one for one in spans if one.kind == "server" and one.parent], "a stranger's request begins a trace of its own"


def test_a_line_of_the_log_names_its_trace(day: Day) -> None:
    text = "\n".join(file.read_text() for file in day.stack.log_dir.glob("web.log"))
    told = set(re.findall(r'"trace": "([0-9a-f]{32})"', text))
    assert told & {one.trace for one in day.receiver.spans()}


def test_a_receiver_that_hangs_and_then_is_gone_holds_nobody_up(day: Day) -> None:
    address = f"{day.stack.base_url}/readyz"
    day.receiver.hold()
    wait_for(lambda: httpx.get(address, trust_env=False, timeout=20).status_code == 200 and day.receiver.held, "a sender to hang")
    for _ in range(30):
        assert httpx.get(address, trust_env=False, timeout=20).status_code == 200 and day.receiver.held, "answered while its sender hangs"
    with Person(day.stack, identifier(OTHER)) as person:
        pull = person.sign_in().connect(REGISTER)
    asked = "SELECT state FROM sources_pull WHERE id = %s"
    with day.stack.admin() as database:
        wait_for(lambda: database.execute(asked, [pull]).fetchone() == ("done",), "a pull", within=60)
    day.receiver.close()
    for _ in range(30):
        assert httpx.get(address, trust_env=False, timeout=20).status_code == 200
