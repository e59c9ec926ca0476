"""All of Aurora as `make demo` runs it, in a temporary state folder on free ports: for journeys, browsers and faults."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg

from aurora.embedded import forget, state_folder
from aurora.guard import group_is_alive
from tests.support import migrated
from tests.support.logs import gather

ROOT = Path(__file__).resolve().parents[2]
# How many times slower a machine may be than the one on which the times were found that a test gives to `wait_for`.
SLOWER = 3
# What the test run set for its own services must not lead the stack to them.
FOREIGN = ("DATABASE_URL", "DATABASE_OWNER_URL", "BROKER_URL", "CACHE_URL")


class StackError(AssertionError):
    """The stack did not come up, or a process did not do what was waited for."""


def wait_for(condition: Callable[[], Any], what: str = "it to happen", *, within: float = 30.0) -> Any:
    """The first true answer of `condition`; fails when there is none in time, and a slow machine has three times `within`."""
    deadline = time.monotonic() + within * SLOWER
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise StackError(f"waited {within * SLOWER:.0f} s for {what}")
        time.sleep(0.05)
    return found


class Stack:
    """`with Stack(folder) as stack:` waits until all is ready. `demo` is the content of `.aurora/demo.json`."""

    def __init__(self, state: Path, *, environ: dict[str, str] | None = None, from_nothing: bool = False) -> None:
        """`environ`: variables to set on top, such as AURORA_PULL_LEASE_SECONDS. `from_nothing`: the first start makes its tables itself."""
        self.state = state
        self._from_nothing = from_nothing
        self.demo: dict[str, Any] = {}
        self._environ = {
            name: value for name, value in os.environ.items() if name not in FOREIGN and not name.startswith(("AURORA_", "PYTEST_"))
        } | (environ or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        return str(self.demo["base_url"])

    @property
    def log_dir(self) -> Path:
        return self.state / "log"

    def citizen(self, number: int) -> dict[str, Any]:
        return dict(self.demo["citizens"][number])

    def services(self) -> dict[str, Any]:
        """Addresses of the embedded services: `database_url` (the service's role), `admin_url`, ..."""
        return dict(json.loads((self.state / "services.json").read_text()))

    def admin(self) -> psycopg.Connection[Any]:
        """A superuser's connection, for looking at what is stored."""
        return psycopg.connect(self.services()["admin_url"], autocommit=True)

    def start(self, *, within: float = 150.0) -> None:
        """Starts and waits. May be called again after `stop` or `kill_supervisor`: state and addresses are kept."""
        if not self.state.exists() and not self._from_nothing:
            migrated.place(state_folder(self.state))
            migrated.place_operators(self.state)
        self.state.mkdir(parents=True, exist_ok=True)
        (self.state / "demo.json").unlink(missing_ok=True)  # left by a killed one
        command = [sys.executable, str(ROOT / "manage.py"), "demo", "--state", str(self.state), "--port", "0", "--quiet"]
        with (self.state / "demo.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self._environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._wait(self._is_described, within, "the stack to be ready")
        self.demo = json.loads((self.state / "demo.json").read_text(encoding="utf-8"))
        migrated.keep_operators(self.state)

    def stop(self, *, within: float = 90.0) -> int:
        """Ctrl-C, and waits; returns the exit status."""
        process = self._running()
        process.send_signal(signal.SIGINT)
        try:
            return process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill_supervisor()
            raise StackError(f"the stack did not stop within {within:.0f} s\n{self._log()}") from None

    def pids(self) -> dict[str, int]:
        """Process ids by name: the supervised processes and the embedded services."""
        found: dict[str, int] = {}
        with contextlib.suppress(OSError, ValueError):
            found |= json.loads((self.state / "services.json").read_text())["pids"]
        with contextlib.suppress(OSError, ValueError):
            found |= json.loads((self.state / "pids.json").read_text())
        return found

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Sends `number` to one child (web, worker, beat, sequencer, a sandbox process); returns the id it had."""
        pid = self.pids()[name]
        os.kill(pid, number)
        return pid

    def kill_group(self, name: str) -> int:
        """kill -9 of a child and of every process it started; returns the id it had."""
        pid = self.pids()[name]
        os.killpg(pid, signal.SIGKILL)
        return pid

    def manage(self, *arguments: str, check: bool = True, within: float = 300.0) -> subprocess.CompletedProcess[str]:
        """A command of manage.py as an operator gives it beside the running processes: their database, their keys. Its output is captured."""
        environ = self._environ | {"AURORA_STATE_DIR": str(self.state), "AURORA_SANDBOX": "1", "AURORA_BASE_URL": self.base_url}
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.run(command, cwd=ROOT, env=environ, check=check, capture_output=True, text=True, timeout=within)

    def switch(self, source: str, **setting: Any) -> None:
        """A failure switch of one of the sandbox's sources: aurora/sandbox/README.md."""
        issuer = next(s["issuer"] for s in self.demo["sandbox"]["sources"] if s["code"] == source)
        control = {"Authorization": f"Bearer {self.demo['sandbox']['control_token']}"}
        answer = httpx.post(f"{issuer}/_sandbox/switches", json=setting, headers=control, trust_env=False, timeout=60)
        assert answer.status_code == 200, answer.text

    def wait_for_restart(self, name: str, killed: int, *, within: float = 60.0) -> int:
        """Waits until `name` runs under another id than `killed`; returns it."""
        self._wait(lambda: self.pids().get(name, killed) != killed, within, f"{name} to be started again")
        return self.pids()[name]

    def kill_supervisor(self, *, within: float = 90.0) -> None:
        """kill -9 of the supervisor; waits until its guards have ended everything else."""
        groups = list(self.pids().values())
        process = self._running()
        process.kill()
        process.wait()
        deadline = time.monotonic() + within
        while left := [group for group in groups if group_is_alive(group)]:
            if time.monotonic() > deadline:
                raise StackError(f"still running after the supervisor was killed: {left}")
            time.sleep(0.05)

    def _is_described(self) -> bool:
        if self._running().poll() is not None:
            raise StackError(f"the stack ended with status {self._running().returncode}\n{self._log()}")
        return (self.state / "demo.json").exists()

    def _wait(self, condition: Callable[[], Any], within: float, what: str) -> None:
        try:
            wait_for(condition, what, within=within)
        except StackError as error:
            raise StackError(f"{error}\n{self._log()}") from None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise StackError("the stack was not started")
        return self._process

    def _log(self) -> str:
        return "\n".join((self.state / "demo.log").read_text(errors="replace").splitlines()[-40:])

    def __enter__(self) -> Stack:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends what runs and removes the database that lies outside the state folder."""
        try:
            if self._process is not None and self._process.poll() is None:
                self.stop()
        finally:
            gather(self.log_dir, "stack")
            gather(self.state, "stack-itself")
            forget(self.state)
