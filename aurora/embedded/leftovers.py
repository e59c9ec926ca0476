"""Servers that an earlier start left running, when both it and its guard were killed."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

PATIENCE_SECONDS = 8.0


def end_leftovers(folder: Path, program: str, ask: signal.Signals) -> None:
    """Ends every process of `program` that works in `folder`: two servers on one folder destroy it. The caller holds the lock.

    Asks with `ask`; kills what is left after `PATIENCE_SECONDS`. PostgreSQL's children work in the data folder too, and so does Valkey.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while left := _working_in(folder, program):
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, ask if time.monotonic() < deadline else signal.SIGKILL)
        time.sleep(0.05)


def _working_in(folder: Path, program: str) -> list[int]:
    wanted = folder.resolve()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        # Other users' processes may not be looked at; they cannot be ours. Zombies have no working folder.
        with contextlib.suppress(OSError):
            name = (process / "comm").read_text(encoding="ascii", errors="replace")
            if name.startswith(program) and (process / "cwd").readlink() == wanted:
                found.append(int(process.name))
    return found
