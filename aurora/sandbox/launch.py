"""Starts sandbox processes as children, waits until they answer, stops them: for test-suites."""

from __future__ import annotations

import os
import random
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from aurora.sandbox.errors import SandboxError

ROOT = Path(__file__).resolve().parents[2]
_HANDED_OUT = Path("/proc/sys/net/ipv4/ip_local_port_range")


class Running:
    """One started process. `base_url` is what it printed with READY; its log goes to `<state>/<process>.log`."""

    def __init__(self, process: str, *, config: Path, state: Path, port: int = 0, within: float = 120.0) -> None:
        """SandboxError(not_started) with the log's place if it is not ready `within` seconds."""
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._log = (state / f"{process}.log").open("ab")
        command = [sys.executable, "-m", "aurora.sandbox", process, "--port", str(port)]
        command += ["--state", str(state), "--config", str(config)]
        self.popen = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self._log, start_new_session=True)
        self.base_url = self._wait(process, time.monotonic() + within)

    def stop(self, *, number: int = signal.SIGTERM, within: float = 30.0) -> int:
        """Ends it and returns its exit code; kills it if it does not end `within` seconds. Safe to call twice."""
        if self.popen.poll() is None:
            self.popen.send_signal(number)
            try:
                self.popen.wait(within)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        if self.popen.stdout is not None:
            self.popen.stdout.close()
        self._log.close()
        return self.popen.wait()

    def _wait(self, process: str, deadline: float) -> str:
        stdout, read = self.popen.stdout, b""
        while stdout is not None and time.monotonic() < deadline:
            if not select.select([stdout], [], [], deadline - time.monotonic())[0]:
                break
            chunk = os.read(stdout.fileno(), 4096)
            read += chunk
            for line in read.splitlines(keepends=True):
                if line.startswith(b"READY ") and line.endswith(b"\n"):
                    return line[6:].strip().decode("ascii")
            if not chunk:
                break
        self.stop(number=signal.SIGKILL)
        raise SandboxError("not_started", f"The sandbox process {process} did not start; see {self._log.name}.")


def free_ports(number: int) -> list[int]:
    """Ports on 127.0.0.1 that nobody listens on now; all are held open until all are found, so they differ.

    Between this and the start of the process for which one is, it is nobody's: so they come from below those that the system hands out to whoever
    asks for any. (`aurora.ports` does it for the demo, but nothing of Aurora is known here.)
    """
    below = range(11_000, int(_HANDED_OUT.read_text().split()[0]) if _HANDED_OUT.exists() else 49_152)  # RFC 6335, 6
    drawn = random.Random().sample(below, min(50 * number, len(below)))  # its own: others may have seeded the module's
    held: list[socket.socket] = []
    try:
        for port in [*drawn, *[0] * number]:
            one = socket.socket()
            held.append(one)
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                held.pop().close()
            if len(held) == number:
                break
        return [int(one.getsockname()[1]) for one in held]
    finally:
        for one in held:
            one.close()


def free_urls(names: Iterable[str]) -> dict[str, str]:
    """A free loopback address for each name, for `provision(urls=...)`."""
    wanted = list(names)
    return {name: f"http://127.0.0.1:{port}" for name, port in zip(wanted, free_ports(len(wanted)), strict=True)}


def start_all(configs: Mapping[str, Path], *, state: Path, urls: Mapping[str, str]) -> dict[str, Running]:
    """Starts a process for each configuration on the port of its address; stops those started if one fails."""
    started: dict[str, Running] = {}
    try:
        for process, config in configs.items():
            port = int(urls[process].rsplit(":", 1)[1])
            started[process] = Running(process, config=config, state=state / process, port=port)
    except BaseException:
        stop_all(started)
        raise
    return started


def stop_all(started: Mapping[str, Running]) -> None:
    for running in started.values():
        running.stop()
