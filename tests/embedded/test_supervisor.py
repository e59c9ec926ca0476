"""The supervisor: what crashes comes back, what is stopped stops in order, and a killed supervisor leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from aurora import ports
from aurora.guard import group_is_alive
from tests.support.stack import wait_for

ROOT = Path(__file__).resolve().parents[2]
# A child that has a child of its own, as a worker has its pool. `stubborn` ignores the request to stop.
CHILD = """
import os, signal, subprocess, sys, time
note = open(sys.argv[2], "a", buffering=1)
def leave(*_):
    note.write(sys.argv[1] + " stopped\\n")
    os._exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if sys.argv[1] == "stubborn" else leave)
subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"])
print("up", flush=True)
time.sleep(600)
"""
PARENT = """
import sys, pathlib
sys.path.insert(0, {root!r})
from aurora.supervisor import Process, StartFailed, Stopped, Supervisor, logs
state = pathlib.Path({state!r})
def child(name, ready="up"):
    return Process(name, (sys.executable, "-c", {child!r}, name, str(state / "order")), ready=logs(ready), start_seconds={start_seconds})
try:
    with Supervisor(state / "log", stop_seconds=2.0, say=lambda text: print(text, flush=True)) as supervisor:
        supervisor.start(child({first!r}))
        supervisor.start(child("second"), child("third"))
        print("ALL READY", flush=True)
        supervisor.run()
except (StartFailed, Stopped) as error:
    print(type(error).__name__, error, flush=True)
"""


class Run:
    """A supervisor in a process of its own."""

    def __init__(self, state: Path) -> None:
        self.state = state
        (state / "log").mkdir()
        self.groups: set[int] = set()

    def start(self, *, first: str = "first", child: str = CHILD, start_seconds: float = 60.0, until: str = "ALL READY") -> None:
        code = textwrap.dedent(PARENT.format(root=str(ROOT), state=str(self.state), child=child, first=first, start_seconds=start_seconds))
        self.process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.last = line
            if until in line:
                break
        self.groups |= set(self.pids().values())

    def pids(self) -> dict[str, int]:
        try:
            return dict(json.loads((self.state / "pids.json").read_text()))
        except FileNotFoundError:
            return {}

    def order(self) -> list[str]:
        return (self.state / "order").read_text().splitlines()

    def nothing_left(self) -> bool:
        return not any(group_is_alive(group) for group in self.groups)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    run = Run(tmp_path)
    yield run
    if run.process.poll() is None:
        run.process.kill()
        run.process.wait()
    if run.process.stdout:
        run.process.stdout.close()
    wait_until(run.nothing_left, "nothing is left")


wait_until = partial(wait_for, within=30.0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_newest_tier_first_with_their_children(run: Run, number: signal.Signals) -> None:
    run.start()
    run.process.send_signal(number)
    assert run.process.wait(120) == 0
    assert set(run.order()[:2]) == {"second stopped", "third stopped"}
    assert run.order()[2] == "first stopped"
    assert run.nothing_left()
    assert run.pids() == {}


def test_who_does_not_stop_is_killed(run: Run) -> None:
    run.start(first="stubborn")
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(120) == 0
    assert run.nothing_left()


def test_a_second_ctrl_c_does_not_cut_the_stop_short(run: Run) -> None:
    run.start(first="stubborn")
    for _ in range(5):
        run.process.send_signal(signal.SIGINT)
    assert run.process.wait(120) == 0
    assert run.nothing_left()


def test_a_crashed_child_is_started_again_and_its_own_children_are_not_kept(run: Run) -> None:
    run.start()
    crashed = run.pids()["second"]
    os.kill(crashed, signal.SIGKILL)
    wait_until(lambda: run.pids().get("second", crashed) != crashed, "the child runs again")
    run.groups |= set(run.pids().values())
    assert not group_is_alive(crashed)
    assert "second ended with status -9" in (run.process.stdout.readline() if run.process.stdout else "")
    assert set(run.pids()) == {"first", "second", "third"}


def test_delays_double_for_a_child_that_keeps_crashing(run: Run) -> None:
    run.start()
    assert run.process.stdout is not None
    delays = []
    for _ in range(3):
        before = run.pids()["third"]
        os.kill(before, signal.SIGKILL)
        delays.append(float(run.process.stdout.readline().rsplit(" ", 2)[1]))
        wait_until(lambda before=before: run.pids().get("third", before) != before, "the child runs again")  # type: ignore[misc]
        run.groups |= set(run.pids().values())
    assert delays == [0.2, 0.4, 0.8]


def test_a_killed_supervisor_leaves_no_process(run: Run) -> None:
    run.start(first="stubborn")
    run.process.kill()
    run.process.wait()
    wait_until(run.nothing_left, "the guard has ended all")


def test_a_child_that_ends_while_starting_fails_the_start_with_its_last_words(run: Run) -> None:
    run.start(child="raise SystemExit('no such thing')", until="StartFailed")
    assert "first ended with status 1" in run.last
    assert run.process.stdout is not None
    assert "no such thing" in run.process.stdout.readline()
    assert run.process.wait(120) == 0


def test_a_child_that_is_never_ready_fails_the_start(run: Run) -> None:
    run.start(child="import time; time.sleep(600)", start_seconds=0.5, until="StartFailed")
    assert "was not ready" in run.last
    assert run.process.wait(120) == 0


def test_ctrl_c_while_starting_stops_too(run: Run) -> None:
    code = textwrap.dedent(
        PARENT.format(root=str(ROOT), state=str(run.state), child="import time; time.sleep(600)", first="first", start_seconds=600)
    )
    run.process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    wait_until(lambda: bool(run.pids()), "the first child runs")
    run.groups |= set(run.pids().values())
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(120) == 0
    assert run.nothing_left()


def test_ports_are_kept_while_they_are_free(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    first = ports.choose(file, ["eid", "office"], web=0)
    assert len(set(first.values())) == 3
    assert ports.choose(file, ["eid", "office"], web=0) == first
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first["eid"]))
        taken.listen()
        second = ports.choose(file, ["eid", "office"], web=0)
        assert second["eid"] != first["eid"]
        assert second["office"] == first["office"]
        with pytest.raises(ports.NoFreePort, match="taken"):
            ports.choose(file, [], web=first["eid"])


def test_a_port_that_the_system_gives_twice_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = iter([40001, 40001, 40001, 40002])
    monkeypatch.setattr(ports, "_bindable", lambda _: next(given))
    assert ports.choose(tmp_path / "ports.json", ["eid"], web=0) == {"web": 40001, "eid": 40002}


@pytest.mark.parametrize("content", ["", "[]", "null", '{"web": "x"}', '{"web": 70000}'])
def test_a_damaged_list_of_ports_is_made_anew(tmp_path: Path, content: str) -> None:
    file = tmp_path / "ports.json"
    file.write_text(content)
    assert ports.choose(file, ["eid"], web=0).keys() == {"web", "eid"}
