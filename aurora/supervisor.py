"""Starts processes, waits until they are ready, restarts the ones that crash, stops all of them in order.

Knows nothing of Aurora. Each process leads a group of its own and writes to `<log_dir>/<name>.log`. When the supervisor is killed, its
guard ends the groups (`aurora.guard`). `<log_dir>/../pids.json` maps names to process ids at all times.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType

from aurora.guard import Guard, group_is_alive

POLL_SECONDS = 0.05
# Long enough alive to count as healthy again: the next crash starts the delays anew.
HEALTHY_SECONDS = 30.0
LONGEST_DELAY = 10.0
LOG_LIMIT = 16 * 2**20

Ready = Callable[[str], bool]  # given what the process has logged since it was started


class StartFailed(RuntimeError):
    """A process ended, or was not ready in time; carries the end of its log."""


class Stopped(Exception):
    """A signal asked the supervisor to stop."""


@dataclass(frozen=True, slots=True)
class Process:
    """What to run. `ready` None: ready once it runs. `start_seconds` is the longest wait until it is ready."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str] = field(repr=False, default_factory=lambda: dict(os.environ))
    ready: Ready | None = None
    start_seconds: float = 90.0


@dataclass(slots=True)
class _Child:
    process: Process
    popen: subprocess.Popen[bytes]
    started: float
    log_offset: int
    crashes: int = 0
    restart_at: float | None = None


def answers(url: str) -> Ready:
    """Ready when a GET of `url` answers 200."""
    # A proxy of the environment must not stand between us and loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ready(_: str) -> bool:
        with contextlib.suppress(urllib.error.URLError, OSError), opener.open(url, timeout=2) as response:
            return bool(response.status == 200)
        return False

    return ready


def logs(text: str) -> Ready:
    """Ready when `text` is in what it logged."""
    return lambda log: text in log


class Supervisor:
    """`with Supervisor(...) as s: s.start(...); s.run()`. Leaving the `with` stops everything."""

    def __init__(self, log_dir: Path, *, stop_seconds: float = 8.0, say: Callable[[str], None] = print) -> None:
        self._log_dir = log_dir
        self._stop_seconds = stop_seconds
        self._say = say
        self._tiers: list[list[_Child]] = []
        self._stopping = False
        self._guard = Guard()

    def start(self, *processes: Process, wait: bool = True) -> None:
        """Starts a tier, all at once. Tiers stop in reverse order. `wait`: until all are ready. Raises StartFailed, Stopped."""
        tier: list[_Child] = []
        self._tiers.append(tier)
        tier.extend(self._spawn(process) for process in processes)
        self._write_pids()
        if wait:
            self.ready()

    def ready(self) -> None:
        """Waits until every process is ready. Raises StartFailed, Stopped."""
        for child in (child for tier in self._tiers for child in tier):
            while not self._is_ready(child):
                if child.popen.poll() is not None:
                    raise StartFailed(f"{child.process.name} ended with status {child.popen.returncode}\n{self._tail(child)}")
                if time.monotonic() - child.started > child.process.start_seconds:
                    raise StartFailed(f"{child.process.name} was not ready after {child.process.start_seconds:.0f} s\n{self._tail(child)}")
                self._wait()

    def finish(self, process: Process) -> None:
        """Runs a process that ends by itself, and waits for its success. Raises StartFailed, Stopped."""
        child = self._spawn(process)
        try:
            while child.popen.poll() is None:
                self._wait()
        finally:
            self._bury(child)
        if child.popen.returncode != 0:
            raise StartFailed(f"{process.name} failed with status {child.popen.returncode}\n{self._tail(child)}")

    def run(self) -> None:
        """Watches until SIGINT, SIGTERM or SIGHUP; restarts what crashes, after 0.2 s, doubling up to 10 s."""
        with contextlib.suppress(Stopped):
            while True:
                for child in (child for tier in self._tiers for child in tier):
                    self._care_for(child)
                self._wait()

    def stop(self) -> None:
        """Asks each tier to end, newest first; what is left when the time is over is killed, with its whole group."""
        deadline = time.monotonic() + self._stop_seconds
        for tier in reversed(self._tiers):
            for child in tier:
                if child.popen.poll() is None:
                    child.popen.terminate()
            while any(child.popen.poll() is None for child in tier) and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
            for child in tier:
                self._bury(child)
        self._tiers.clear()

    def _care_for(self, child: _Child) -> None:
        now = time.monotonic()
        if child.restart_at is not None:
            if now >= child.restart_at:
                fresh = self._spawn(child.process)
                child.popen, child.started, child.log_offset, child.restart_at = fresh.popen, fresh.started, fresh.log_offset, None
                self._write_pids()
            return
        status = child.popen.poll()
        if status is None:
            return
        self._bury(child)
        child.crashes = 1 if now - child.started > HEALTHY_SECONDS else child.crashes + 1
        delay = min(0.1 * 2**child.crashes, LONGEST_DELAY)
        child.restart_at = now + delay
        self._say(f"{child.process.name} ended with status {status}; starting it again in {delay:.1f} s")

    def _spawn(self, process: Process) -> _Child:
        path = self._log_path(process)
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_suffix(".log.1"))
        with path.open("ab") as log:
            offset = log.tell()
            popen = subprocess.Popen(
                process.command, env=process.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._guard.watch(popen.pid)
        return _Child(process, popen, time.monotonic(), offset)

    def _bury(self, child: _Child) -> None:
        """Whatever the process left behind in its group goes with it: two workers' pools side by side would be one too many."""
        pid = child.popen.pid
        if child.popen.poll() is None or group_is_alive(pid):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        child.popen.wait()
        self._guard.release(pid)

    def _is_ready(self, child: _Child) -> bool:
        return child.popen.poll() is None and (child.process.ready is None or child.process.ready(self._logged(child)))

    def _logged(self, child: _Child) -> str:
        with self._log_path(child.process).open("rb") as log:
            log.seek(child.log_offset)
            return log.read().decode(errors="replace")

    def _tail(self, child: _Child) -> str:
        return "\n".join(self._logged(child).splitlines()[-25:])

    def _log_path(self, process: Process) -> Path:
        return self._log_dir / f"{process.name}.log"

    def _write_pids(self) -> None:
        pids = {child.process.name: child.popen.pid for tier in self._tiers for child in tier if child.restart_at is None}
        path = self._log_dir.parent / "pids.json"
        path.with_suffix(".tmp").write_text(json.dumps(pids))
        path.with_suffix(".tmp").replace(path)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        # Only a note: raised here, an exception could fall between the start of a process and the note of its number.
        self._stopping = True

    def _wait(self) -> None:
        if self._stopping:
            raise Stopped
        time.sleep(POLL_SECONDS)

    def __enter__(self) -> Supervisor:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Never put back: the shutdown that follows (ours, then the services') must not be cut short by a second Ctrl-C.
            signal.signal(number, self._on_signal)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        self._guard.close()
        (self._log_dir.parent / "pids.json").unlink(missing_ok=True)
