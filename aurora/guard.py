"""Ends what a process started when that process dies in a way that lets it end nothing itself (kill -9, out of memory).

A guard is a small process of its own that waits on a pipe from its owner. While the owner lives it does nothing; when the pipe closes
without a goodbye, it asks every watched process to end, newest first, and kills the process groups that are still there after a grace.
PR_SET_PDEATHSIG would reach only direct children, and follows the thread, not the process, that started them.

Run as a script this module is the guard itself; it then imports the standard library only and starts in about 20 ms.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

GRACE_SECONDS = 6.0


class Guard:
    """Watches process groups for its owner. A watched process must lead a group of its own (`start_new_session=True`)."""

    def __init__(self, hold: Iterable[int] = ()) -> None:
        """`hold`: file descriptors that the guard keeps open, so that a lock stays taken until all is ended."""
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=tuple(hold),
            start_new_session=True,
            cwd="/",
        )

    def watch(self, pid: int, ask: signal.Signals = signal.SIGTERM) -> None:
        """From now on `pid` and its group end with the owner; `ask` is the signal that asks for an orderly end."""
        self._tell(f"+ {pid} {int(ask)}")

    def release(self, pid: int) -> None:
        """`pid` has ended in good order."""
        self._tell(f"- {pid}")

    def close(self) -> None:
        """Says goodbye: all watched processes have been ended by the owner."""
        self._tell("bye")
        if self._process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        if self._process.stdin and not self._process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(f"{line}\n".encode())
                self._process.stdin.flush()

    def __enter__(self) -> Guard:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def group_is_alive(group: int) -> bool:
    """Whether a process group has a member that still runs. Zombies do not count: in a container nobody may ever reap them."""
    return any(pgrp == group and state not in "ZX" for _, state, pgrp in _processes())


def _processes() -> Iterable[tuple[int, str, int]]:
    """(pid, state, process group) of every process, from /proc/PID/stat."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError, IndexError, ValueError):
                with open(f"/proc/{entry}/stat", "rb") as file:
                    # The name in brackets may itself hold brackets and spaces.
                    fields = file.read().rpartition(b")")[2].split()
                yield int(entry), fields[0].decode(), int(fields[2])


def end_groups(watched: dict[int, int], grace: float = GRACE_SECONDS) -> None:
    """Asks each process (pid to signal, newest first) to end, waits at most `grace` seconds, kills the groups that remain."""
    for pid, ask in reversed(watched.items()):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, ask)
    deadline = time.monotonic() + grace
    left = list(watched)
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = [group for group in left if group_is_alive(group)]
    for group in left:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A Ctrl-C or a closing terminal is for the owner, which ends things in order; the guard ends by its pipe only.
        signal.signal(number, signal.SIG_IGN)
    watched: dict[int, int] = {}
    for line in sys.stdin:
        match line.split():
            case ["+", pid, ask]:
                watched[int(pid)] = int(ask)
            case ["-", pid]:
                watched.pop(int(pid), None)
            case ["bye"]:
                return
    end_groups(watched)


if __name__ == "__main__":
    main()
