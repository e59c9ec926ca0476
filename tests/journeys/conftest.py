"""The whole of Aurora and its sandbox as `make demo` runs it, once for all journeys: real worker, broker, database, HTTP, browser."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 120
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]


@dataclass
class Stack:
    """A running demo. `demo` is what `.aurora/demo.json` tells integrators."""

    state: Path
    demo: dict[str, Any]

    @property
    def base_url(self) -> str:
        return str(self.demo["base_url"])

    def citizen(self, number: int) -> dict[str, Any]:
        return dict(self.demo["citizens"][number])

    def admin(self) -> psycopg.Connection[Any]:
        """A superuser's connection, for looking at what is stored."""
        return psycopg.connect(json.loads((self.state / "services.json").read_text())["admin_url"], autocommit=True)


def wait_for(what: Callable[[], Any], *, seconds: float = 20.0) -> Any:
    """The first true answer; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        if time.monotonic() > deadline:
            raise AssertionError("It did not happen in time.")
        time.sleep(0.05)
    return found


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    state = tmp_path_factory.mktemp("stack")
    kept = {"HOME", "PATH", "LANG", "TMPDIR", "CHROMIUM"}
    environment = {k: v for k, v in os.environ.items() if k in kept} | {"AURORA_PULL_LEASE_SECONDS": "3", "AURORA_SWEEP_SECONDS": "1"}
    log = (state / "demo.out").open("w")
    command = [sys.executable, str(ROOT / "manage.py"), "demo", "--state", str(state), "--port", "0"]
    running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        wait_for(lambda: "Aurora is ready" in (state / "demo.out").read_text() or running.poll() is not None, seconds=READY_SECONDS)
        assert running.poll() is None, (state / "demo.out").read_text()
        yield Stack(state, json.loads((state / "demo.json").read_text()))
    finally:
        if running.poll() is None:
            running.send_signal(signal.SIGINT)
            running.wait(30)
        log.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield started
        started.close()


@pytest.fixture(params=[False, True], ids=["without-javascript", "with-javascript"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh browser; a page that answers with a server error fails the test, whatever it looks like."""
    context = browser.new_context(java_script_enabled=request.param, viewport={"width": 1280, "height": 900})
    found = context.new_page()
    found.set_default_timeout(15_000)
    failures: list[str] = []
    found.on("response", lambda r: failures.append(f"{r.status} {r.url}") if r.status >= 500 else None)
    yield found
    context.close()
    assert not failures, failures
