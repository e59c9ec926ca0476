"""A peer on Node: one of this folder's scripts as a process that is told one thing at a time and answers it, a JSON line each."""

from __future__ import annotations

import json
import select
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "docs" / "agency" / "client"
PATIENCE_SECONDS = 120.0


def node() -> str:
    """Where Node is; fails where it, or what the scripts import, is not installed."""
    found = shutil.which("node")
    if found is None:
        pytest.fail("The independent peers run on Node 20 or later, which is not installed: apt-get install nodejs npm")
    if not all((folder / "node_modules").is_dir() for folder in (HERE, EXAMPLE)):
        pytest.fail("The independent peers are not installed: run `make .venv/.npm`")
    return found


class Peer:
    """`with Peer("agency.mjs", {...}) as peer: peer.ask(do="push", ...)`. The process ends with its standard input, hence with this one."""

    def __init__(self, script: str, config: dict[str, Any]) -> None:
        """`config` is the first line that the script reads; `ready` is its answer."""
        self._process = subprocess.Popen([node(), script], cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        try:
            self.ready = self.ask(**config)
        except BaseException:
            self.close()
            raise

    def ask(self, **command: Any) -> dict[str, Any]:
        """What came of one command; fails when it failed."""
        answer = self._answer(command)
        assert "failed" not in answer, answer["failed"]
        return answer

    def refused(self, **command: Any) -> dict[str, Any]:
        """How one command failed, in the words of the peer's library; fails when it did not."""
        answer = self._answer(command)
        assert "failed" in answer, f"{command['do']} succeeded"
        return dict(answer["failed"])

    def _answer(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(command) + "\n")
        # One answer a command: nothing waits in the text buffer, so the pipe itself says whether there is something to read.
        readable, _, _ = select.select([self._process.stdout], [], [], PATIENCE_SECONDS)
        line = self._process.stdout.readline() if readable else ""
        if not line:
            pytest.fail(f"the peer did not answer {command.get('do', 'its configuration')!r}: {'it ended' if readable else 'it is silent'}")
        return dict(json.loads(line))

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
