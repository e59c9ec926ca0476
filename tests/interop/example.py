"""The example client of docs/agency/client, run as a newcomer runs it: one command a process, its state in one file."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.interop.peer import EXAMPLE, node
from tests.support.stack import ROOT, Stack

PATIENCE_SECONDS = 120.0


def free_address(path: str) -> str:
    """An address on this machine whose port nobody has now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"http://localhost:{found.getsockname()[1]}{path}"


def manage(stack: Stack, *arguments: str) -> str:
    """A command of the operators beside the running stack, as docs/agency/README.md writes it."""
    environ = {**os.environ, "AURORA_STATE_DIR": str(stack.state), "AURORA_SANDBOX": "1", "AURORA_BASE_URL": stack.base_url}
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "BROKER_URL", "CACHE_URL"):
        environ.pop(name, None)
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Running:
    """A command that goes on: what it prints, object by object."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._text = ""

    def next(self) -> dict[str, Any]:
        """The next object of its output; fails when none comes."""
        assert self._process.stdout is not None
        deadline = time.monotonic() + PATIENCE_SECONDS
        while "\n}\n" not in self._text:
            readable, _, _ = select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            more = os.read(self._process.stdout.fileno(), 65_536) if readable else b""
            if not more:
                pytest.fail(f"the example said no more: {self._text}")
            self._text += more.decode()
        found, self._text = self._text.split("\n}\n", 1)
        return dict(json.loads(found + "\n}"))

    def ended(self) -> int:
        return self._process.wait(PATIENCE_SECONDS)


class Example:
    """`folder` is the newcomer's; the state is `state`, parsed."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "agency.json"
        self._environ = {**os.environ, "AGENCY_FILE": str(self.file)}

    @property
    def state(self) -> dict[str, Any]:
        return dict(json.loads(self.file.read_text()))

    def run(self, *arguments: str) -> dict[str, Any]:
        """What a command printed; fails when it was refused."""
        done = self._run(arguments)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def refused(self, *arguments: str) -> dict[str, Any]:
        """Why a command was refused; fails when it was not."""
        done = self._run(arguments)
        assert (done.returncode, done.stdout) == (1, ""), done.stdout
        return dict(json.loads(done.stderr))

    def failed(self, *arguments: str) -> str:
        """What a command complained of before it asked Aurora anything."""
        done = self._run(arguments)
        assert (done.returncode, done.stdout) == (1, ""), done.stdout
        return done.stderr

    @contextlib.contextmanager
    def started(self, *arguments: str) -> Iterator[Running]:
        """A command that waits for something to come; ended with the block if it has not."""
        process = subprocess.Popen([node(), "client.mjs", *arguments], cwd=EXAMPLE, env=self._environ, stdout=subprocess.PIPE)
        try:
            yield Running(process)
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def _run(self, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        command = [node(), "client.mjs", *arguments]
        return subprocess.run(
            command, cwd=EXAMPLE, env=self._environ, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )
