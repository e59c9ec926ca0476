"""A process of Aurora by itself, as a container's or a unit's start line begins it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def begun(command: Sequence[str], environ: Mapping[str, str], log: Path, *, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs in a session of its own, writes into `log`, and is killed with all that it started where the test has not ended it."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, env=environ, cwd=folder, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
