"""The log under load, as real processes that can be killed: PostgreSQL with fsync, the sequencer's command, and readers; and who watches them.

Outside the database, and therefore believed: `Client`, which notes what readers were told, and `Poller`, which notes every tree head that it
sees published.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psycopg

from aurora.embedded import forget, state_folder
from aurora.embedded.postgres import SUPERUSER, Postgres
from aurora.guard import Guard
from aurora.provision import APP, OWNER
from consent.ledger.sequence import LOCK
from tests.support import migrated
from tests.support.logs import gather
from tests.support.stack import wait_for

ROOT = Path(__file__).resolve().parents[2]
ORIGIN = "aurora.test/ledger"
PATIENCE = 90.0


class Client:
    """Reads what readers say until they are all gone. `told`: {entry id: citizen id} of each answer that arrived."""

    def __init__(self, lines: Any) -> None:
        self.told: dict[str, str] = {}
        self.twice: list[str] = []
        self.readers: list[int] = []
        self.ready = False
        self._thread = threading.Thread(target=self._listen, args=(lines,), daemon=True)
        self._thread.start()

    def _listen(self, lines: Any) -> None:
        for line in lines:
            said = json.loads(line)
            if entry := said.get("read") or said.get("refused"):
                if entry in self.told:
                    self.twice.append(entry)
                self.told[entry] = said["citizen"]
            elif "reader" in said:
                self.readers.append(said["reader"])
            else:
                self.ready = True

    def join(self) -> None:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "a reader is still there"


class Poller:
    """Looks for new tree heads all the while, and keeps each note that it sees: `heads` is {size: {note, ...}}."""

    def __init__(self, url: str) -> None:
        self.heads: dict[int, set[str]] = {}
        self.newest = -1
        self._url, self._stop = url, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._stop.is_set():
            with suppress(psycopg.OperationalError), psycopg.connect(self._url, autocommit=True) as database:
                while not self._stop.wait(0.005):
                    # From the newest one known on: that one may be signed anew.
                    found = database.execute("SELECT size, note FROM ledger_checkpoint WHERE size >= %s", [self.newest]).fetchall()
                    for size, note in found:
                        self.heads.setdefault(size, set()).add(note)
                        self.newest = max(self.newest, size)
            self._stop.wait(0.05)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(PATIENCE)


class LogUnderLoad:
    """`with LogUnderLoad(citizens=..., clocks=...) as log`: all is running, and reads are answered. Nothing is left of it afterwards.

    `clocks`: one reader each, and by how many seconds its clock is off.
    """

    def __init__(self, *, citizens: int, clocks: Sequence[float], seed: int) -> None:
        self.dice = random.Random(seed)
        self.kills: dict[str, int] = {}
        self._citizens, self._clocks, self._exit = citizens, clocks, ExitStack()

    def __enter__(self) -> LogUnderLoad:
        with ExitStack() as building:
            self.state = state_folder(Path(tempfile.mkdtemp(prefix="aurora-kills-")))
            building.callback(shutil.rmtree, self.state, ignore_errors=True)
            building.callback(forget, self.state)
            building.callback(gather, self.state / "log", "kills")
            migrated.place(self.state)
            self._guard = building.enter_context(Guard())
            self._postgres = Postgres(self.state, self.state / "log" / "postgres.log", durable=True)
            building.callback(self._postgres.stop, self._guard)
            self._postgres.start(self._guard)
            self.url = self._postgres.url(SUPERUSER)
            building.callback(self._end_processes)
            self._start_readers()
            self._start_sequencer()
            self.poller = Poller(self.url)
            building.callback(self.poller.stop)
            wait_for(lambda: self.poller.newest > 0 and len(self.client.told) > 20, "reads and a tree head", within=PATIENCE)
            self._exit = building.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._exit.close()

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """As a superuser, whom row-level security does not bind."""
        with psycopg.connect(self.url, autocommit=True) as database:
            return database.execute(sql, values).fetchall()  # type: ignore[arg-type]

    # What is killed

    def kill(self, what: str) -> None:
        """`reader`, `sequencer`, `backend` (one process of PostgreSQL's, any) or `postmaster`: kill -9, and start again what does not by itself."""
        self.kills[what] = self.kills.get(what, 0) + 1
        getattr(self, f"_kill_{what}")()

    def _kill_reader(self) -> None:
        place = self.dice.randrange(len(self._readers))
        os.kill(self._readers[place], signal.SIGKILL)
        self._readers[place] = self._new_reader(self._clocks[place])

    def _kill_sequencer(self) -> None:
        os.killpg(self._sequencer.pid, signal.SIGKILL)
        assert self._sequencer.wait(PATIENCE) == -signal.SIGKILL, "it had ended before"
        self._guard.release(self._sequencer.pid)
        self._start_sequencer()

    def _kill_backend(self) -> None:
        """PostgreSQL then ends all the others too, and recovers from its log."""
        while True:
            with suppress(ProcessLookupError):  # one that ended by itself since
                os.kill(self.dice.choice(_children(self._postgres.pid or 0)), signal.SIGKILL)
                return

    def _kill_postmaster(self) -> None:
        pid = self._postgres.pid or 0
        os.kill(pid, signal.SIGKILL)
        self._postgres.stop(self._guard)  # it is dead: this takes note of it
        self._postgres.start(self._guard)

    def wait_for_a_round(self) -> None:
        """Until the sequencer is amid one: its transaction has written, and has not ended."""
        amid = (
            "SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
            "WHERE l.locktype = 'advisory' AND (l.classid::bigint << 32 | l.objid::bigint) = %s AND a.backend_xid IS NOT NULL"
        )
        with psycopg.connect(self.url, autocommit=True) as database:
            deadline = time.monotonic() + PATIENCE
            while not database.execute(amid, [LOCK]).fetchall():  # without a pause: a round takes some milliseconds
                assert time.monotonic() < deadline, "no round"

    def assert_at_work(self) -> None:
        """Nobody died of something else than a kill."""
        assert self._sequencer.poll() is None, (self.state / "log" / "sequencer.log").read_text()[-2000:]
        assert all(Path(f"/proc/{pid}").exists() for pid in self._readers), (self.state / "log" / "readers.log").read_text()[-3000:]

    def wait_for_reads(self, number: int) -> None:
        before = len(self.client.told)
        self._wait(lambda: len(self.client.told) >= before + number, f"{number} more reads")

    def wait_for_heads(self, number: int) -> None:
        for _ in range(number):
            before = self.poller.newest
            self._wait(lambda before=before: self.poller.newest > before, "a newer tree head")  # type: ignore[misc]

    def _wait(self, condition: Callable[[], object], what: str) -> None:
        def look() -> object:
            found = condition()
            if not found:
                self.assert_at_work()
            return found

        wait_for(look, what, within=PATIENCE)

    # How it ends

    def settle(self) -> None:
        """All readers are killed at once; what they had committed comes into the tree; the sequencer ends when asked."""
        self.assert_at_work()
        os.killpg(self._zygote.pid, signal.SIGKILL)
        self._zygote.wait(PATIENCE)
        self.client.join()
        # A server process outlives its client: what it was committing may still become visible.
        left = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'aurora_app'"
        self._wait_settled(lambda: self.ask(left) == [(0,)], "the readers' server processes to end")
        self._wait_settled(lambda: self.ask("SELECT count(*) FROM ledger_pending") == [(0,)], "all to be in the tree")
        ((size,),) = self.ask("SELECT max(size) FROM ledger_checkpoint")
        self._wait_settled(lambda: self.poller.newest == size, "the last tree head to be noted")
        self._sequencer.send_signal(signal.SIGTERM)
        assert self._sequencer.wait(PATIENCE) == 0
        self.poller.stop()

    @staticmethod
    def _wait_settled(condition: Callable[[], object], what: str) -> None:
        wait_for(condition, what, within=PATIENCE)

    # Processes

    def _environ(self) -> dict[str, str]:
        mine = {
            n: v for n, v in os.environ.items() if not n.startswith(("AURORA_", "DATABASE_", "DJANGO_", "PYTEST_", "BROKER_", "CACHE_"))
        }
        return mine | {
            "DATABASE_URL": self._postgres.url(APP),
            "DATABASE_OWNER_URL": self._postgres.url(OWNER),
            **migrated.NO_VALKEY,
            "AURORA_STATE_DIR": str(self.state),
            "AURORA_SANDBOX": "1",
            "AURORA_LEDGER_ORIGIN": ORIGIN,
            "DJANGO_SETTINGS_MODULE": "aurora.settings",
            "PYTHONPATH": str(ROOT),
        }

    def _spawn(self, name: str, *command: str, **options: Any) -> subprocess.Popen[bytes]:
        with (self.state / "log" / f"{name}.log").open("ab") as log:
            given = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "cwd": ROOT, "start_new_session": True} | options
            process = subprocess.Popen([sys.executable, *command], **given)
        self._guard.watch(process.pid, signal.SIGKILL)
        return process

    def _start_sequencer(self) -> None:
        environ = self._environ() | {"AURORA_DB_ROLE": "owner"}
        self._sequencer = self._spawn("sequencer", str(ROOT / "manage.py"), "sequencer", env=environ)

    def _start_readers(self) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        arguments = ("-m", "tests.support.ledger_readers", str(self._citizens))
        self._zygote = self._spawn("readers", *arguments, env=self._environ(), **pipes)
        self.client = Client(self._zygote.stdout)
        wait_for(lambda: self.client.ready or self._zygote.poll() is not None, "the citizens to be made", within=PATIENCE)
        # So that a clock that is behind does not find every consent in the future.
        with psycopg.connect(self.url, autocommit=True) as database:
            database.execute("UPDATE consent_consentrecord SET not_before = not_before - interval '40 days'")
        self._readers = [self._new_reader(clock) for clock in self._clocks]

    def _new_reader(self, clock: float) -> int:
        known = len(self.client.readers)
        assert self._zygote.stdin
        self._zygote.stdin.write(f"{clock}\n".encode())
        self._zygote.stdin.flush()
        wait_for(lambda: len(self.client.readers) > known, "a reader to start", within=PATIENCE)
        return self.client.readers[-1]

    def _end_processes(self) -> None:
        for name in ("_sequencer", "_zygote"):
            if (process := getattr(self, name, None)) is not None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait(PATIENCE)
                self._guard.release(process.pid)


def _children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            if int(fields[1]) == parent and fields[0] != "Z":
                found.append(int(entry.name))
    return sorted(found)
