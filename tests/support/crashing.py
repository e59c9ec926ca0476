"""Killing or halting a process at a named step (`aurora.crash.reach`), and killing others meanwhile."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import httpx

from tests.support.stack import Stack, wait_for


def folder(stack: Stack) -> Path:
    found = stack.state / "crash"
    found.mkdir(exist_ok=True)
    return found


def disarm(stack: Stack) -> None:
    """Nobody comes to harm any more at what was armed and not reached."""
    for left in folder(stack).glob("*"):
        left.unlink(missing_ok=True)


class Crash:
    """Arms one point for `process`; `met` waits until it died there, `back` also until it is there again."""

    def __init__(self, stack: Stack, point: str, process: str) -> None:
        self.stack, self.process, self.file = stack, process, folder(stack) / point
        self.before = stack.pids()[process]
        self.file.touch()

    def met(self) -> None:
        wait_for(lambda: not self.file.exists(), f"{self.process} to come to {self.file.name}", within=60)

    def back(self) -> None:
        self.met()
        self.stack.wait_for_restart(self.process, self.before)
        if self.process == "web":
            wait_for_web(self.stack)


class Halt:
    """Arms one point, at which the worker, with its group, stands still. `met` waits for that; it goes on when the block ends."""

    def __init__(self, stack: Stack, point: str) -> None:
        self.stack, self.file = stack, folder(stack) / f"{point}.stop"
        self._group: int | None = None

    def __enter__(self) -> Halt:
        self.file.touch()
        return self

    def met(self) -> None:
        wait_for(self._stands_still, f"the worker to come to {self.file.name}", within=60)

    def _stands_still(self) -> bool:
        leader = self.stack.pids().get("worker")  # one that was killed a moment ago is still told of
        if leader is None or _state(leader) != "T":
            return False
        self._group = leader
        return True

    def __exit__(self, *_: object) -> None:
        self.file.unlink(missing_ok=True)
        if self._group is not None:
            os.killpg(self._group, signal.SIGCONT)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def kill_and_wait(stack: Stack, name: str) -> None:
    """kill -9 of a process with its group, and of a service its first process; waits until it is there again."""
    killed = stack.kill(name) if name in ("postgres", "valkey") else stack.kill_group(name)
    stack.wait_for_restart(name, killed)
    if name == "web":
        wait_for_web(stack)


def wait_for_web(stack: Stack) -> None:
    wait_for(lambda: _answers(stack), "the web to answer again", within=60)


def _answers(stack: Stack) -> bool:
    try:
        return httpx.get(f"{stack.base_url}/healthz", trust_env=False, timeout=20).status_code == 200
    except httpx.HTTPError:
        return False
