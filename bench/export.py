"""A copy of everything that is held of a citizen with ten thousand facts: made by the worker, and opened by the program that lies in each.

Some of the facts have former versions, and the log has entries of reading them. Opened with the package `cryptography` beside it and, as on a machine that has nothing
but Python, without.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from aurora.exports import forgetting
from aurora.journeys import export
from aurora.twin import write
from aurora.twin.values import NewFact
from aurora.ui import export_page
from bench import pulls
from bench.harness import Scale
from bench.place import Place
from bench.results import Results
from consent.queries import current_categories
from consent.scope import citizen_scope

FACTS, FORMER, READ = 10_000, 2_000, 200
MEGA = 1e6


@dataclass(slots=True)
class _Count:
    """Of statements; a wrapper of Django's executions."""

    found: int = 0

    def __call__(self, execute: Any, *arguments: Any) -> Any:
        self.found += 1
        return execute(*arguments)


def measure(results: Results, place: Place, scale: Scale) -> None:
    pulls.prepare(place)
    citizen_id = _citizen(*scale.pick((FACTS, FORMER, READ), (60, 10, 3)))
    laps = [_lap(citizen_id, place.state / "copy.html") for _ in range(scale.pick(6, 2))][1:]
    results.number("export_s", [lap["made"] for lap in laps], "s")
    results.number("export_cpu_s", [lap["cpu"] for lap in laps], "s")
    results.number("export_mb", [lap["size"] for lap in laps], "MB")
    results.number("export_facts_a_second", [scale.pick(FACTS, 60) / lap["made"] for lap in laps], "facts/s")
    results.number("export_statements", [lap["statements"] for lap in laps])
    results.number("export_open_s", [lap["opened"] for lap in laps], "s")
    results.number("export_open_plain_s", [lap["opened_plain"] for lap in laps], "s")


def asked(citizen_id: UUID) -> UUID:
    """A copy that a worker may make; those before it are forgotten, so that there may be as many as are measured."""
    with citizen_scope(citizen_id):
        forgetting.forget(citizen_id=citizen_id)
    return export.ask(citizen_id=citizen_id, language="en", now=timezone.now()).export_id


def _citizen(facts: int, former: int, read: int) -> UUID:
    citizen_id, version = pulls.holding(facts), current_categories([pulls.CATEGORY])[0].version
    with citizen_scope(citizen_id):
        now = timezone.now()
        newer = [
            NewFact(pulls.CATEGORY, version, f"f{n:05d}", 90_000 + secrets.randbelow(90_000), "reported", pulls.SOURCE, now)
            for n in range(former)
        ]
        write.write(citizen_id=citizen_id, facts=newer, now=now)
    for _ in range(read):
        pulls.through_door(citizen_id)
    return citizen_id


def _lap(citizen_id: UUID, file: Path) -> dict[str, float]:
    with citizen_scope(citizen_id):
        forgetting.forget(citizen_id=citizen_id)
    wanted = export.ask(citizen_id=citizen_id, language="en", now=timezone.now())
    count = _Count()
    with connection.execute_wrapper(count):
        begun, used = perf_counter(), process_time()
        export.run(export_id=wanted.export_id)
        lap = {"made": perf_counter() - begun, "cpu": process_time() - used}
    found = export.progress(citizen_id=citizen_id, export_id=wanted.export_id)
    if found.size is None:
        raise RuntimeError(f"the copy ended as {found.state}: {found.code}")
    file.write_bytes(b"".join(export.download(citizen_id=citizen_id, export_id=wanted.export_id, now=timezone.now()).pieces))
    lap |= {"size": found.size / MEGA, "statements": count.found, "opened": _open(file, wanted.passphrase)}
    return lap | {"opened_plain": _open(file, wanted.passphrase, "--plain")}


def _open(file: Path, passphrase: str, *options: str) -> float:
    """Seconds of the program, its start and the passphrase's derivation included."""
    program, packed = export_page.FOLDER / export_page.PROGRAM, file.with_suffix(".zip")
    begun = perf_counter()
    subprocess.run(
        [sys.executable, str(program), str(file), "--out", str(packed), *options], input=f"{passphrase}\n", text=True, check=True, capture_output=True
    )  # fmt: skip
    taken = perf_counter() - begun
    packed.unlink()
    return taken
