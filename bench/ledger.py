"""The access log: how fast entries are appended beside plain INSERTs, and how long until they stand under a signed checkpoint.

Writers are processes, each with a connection; the real sequencer runs all the while. All contenders write one row a transaction:

- `ledger_append_ratio_*`: an append as journeys do it, over an INSERT of the same columns and width as a Django project does it: `atomic`, a
  cursor, ready values, no scope. An append opens a scope, writes canonical JSON, seals it, links the chain and queues a leaf beside that.
- `ledger_append_sealed_ratio_*`: over such an INSERT that also opens the citizen's scope, writes JSON and seals it.
- `ledger_append_database_ratio_*`: the server's part. Both send ready bytes, without Django and cursors: the scope and `ledger_append` over an
  INSERT. Client and server share the machine, so the first figure can be better than this one: an append spends less on the client's side than a cursor does.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from bench.harness import Lap, Scale, column, interleave, percentile
from bench.place import Partner, Place
from bench.results import ROOT, Results

# The peer: the entry's columns and a primary key, without its other indexes, its chain and its queue.
_TABLE = """
CREATE TABLE bench_entry (
    id uuid PRIMARY KEY, citizen_id uuid, seq bigint, prev bytea, commitment bytea, at timestamptz, event text, actor text, purpose text,
    categories text[], consent_ids uuid[], decision text, permit_id uuid, source text, sealed bytea
);
GRANT INSERT ON bench_entry TO aurora_app;
"""
PACE = 0.005


def measure(results: Results, place: Place, scale: Scale) -> None:
    with place.admin() as admin, sequencer(place):
        admin.execute(_TABLE)
        for writers in scale.pick((1, 4, 16), (1, 2)):
            _appends(results, place, scale, admin, writers)
        _inclusion(results, place, scale, admin)


def _appends(results: Results, place: Place, scale: Scale, admin: psycopg.Connection[Any], writers: int) -> None:
    seconds = scale.pick(1.5, 0.1)
    with Partner("bench.writers", place.ours, place.log("writers"), str(writers)) as partner:

        def lap(how: str) -> Callable[[], Lap]:
            def run() -> Lap:
                _wait_until_sequenced(admin)
                return {"rate": sum(partner.ask({"how": how, "seconds": seconds}))}

            return run

        laps = interleave(
            {how: lap(how) for how in ("append", "insert", "insert_sealed", "append_bare", "insert_bare")}, rounds=scale.pick(7, 2)
        )
    rates = {how: column(found, "rate") for how, found in laps.items()}
    results.ratio(f"ledger_append_ratio_{writers}w", rates["append"], rates["insert"], "rows/s")
    results.ratio(f"ledger_append_sealed_ratio_{writers}w", rates["append"], rates["insert_sealed"], "rows/s")
    results.ratio(f"ledger_append_database_ratio_{writers}w", rates["append_bare"], rates["insert_bare"], "rows/s")


def _inclusion(results: Results, place: Place, scale: Scale, admin: psycopg.Connection[Any]) -> None:
    """A writer at 200 entries a second; an entry counts as included once a checkpoint that covers it can be read."""
    p99, p50 = [], []
    with Partner("bench.writers", place.ours, place.log("writers"), "1") as partner:
        for _ in range(scale.pick(3, 1)):
            _wait_until_sequenced(admin)
            with _watched(place) as seen:
                (made,) = partner.ask({"how": "append", "count": scale.pick(1000, 30), "pace": PACE})
                _wait_until_sequenced(admin)
            index = dict(admin.execute("SELECT entry_id::text, index FROM ledger_leaf").fetchall())
            waits = [1000 * (_seen(seen, index[entry]) - committed) for entry, committed in made]
            p99.append(percentile(waits, 0.99))
            p50.append(percentile(waits, 0.5))
    results.number("ledger_inclusion_p99_ms", p99, "ms")
    results.number("ledger_inclusion_p50_ms", p50, "ms")


@contextmanager
def _watched(place: Place) -> Iterator[list[tuple[int, float]]]:
    """(size, when it was first seen) of every checkpoint that appears within the block, looked for each 2 ms."""
    seen: list[tuple[int, float]] = []
    stop = threading.Event()

    def watch() -> None:
        with place.admin() as admin:
            while True:
                stopping = stop.is_set()  # asked before the look: the last checkpoint is not missed
                ((size,),) = admin.execute("SELECT coalesce(max(size), 0) FROM ledger_checkpoint").fetchall()
                if not seen or size > seen[-1][0]:
                    seen.append((size, time.monotonic()))
                if stopping:
                    return
                stop.wait(0.002)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        stop.set()
        watcher.join()


def _seen(seen: list[tuple[int, float]], index: int) -> float:
    """When the first checkpoint was seen that covers a leaf: its size exceeds the leaf's index."""
    return seen[bisect_right(seen, index, key=lambda one: one[0])][1]


@contextmanager
def sequencer(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, str(ROOT / "manage.py"), "sequencer"]
    with place.log("sequencer").open("ab") as log:
        process = subprocess.Popen(command, env={**place.ours, "AURORA_DB_ROLE": "owner"}, cwd=ROOT, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _wait_until_sequenced(admin: psycopg.Connection[Any]) -> None:
    deadline = time.monotonic() + 60
    while admin.execute("SELECT EXISTS (SELECT FROM ledger_pending)").fetchone() != (False,):
        if time.monotonic() > deadline:
            raise RuntimeError("the sequencer does not keep up, or does not run")
        time.sleep(0.02)
