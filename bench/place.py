"""Where it is measured: servers of its own, in a folder that is removed, and processes beside them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from aurora.database_url import DatabaseUrl
from aurora.embedded import Services, forget, provide, state_folder
from bench.results import ROOT

PEERS = "peers"


@dataclass(frozen=True, slots=True)
class Place:
    """Running services, and the environment of processes of ours (`ours`) and of the peers (`peers`)."""

    services: Services
    state: Path
    ours: dict[str, str]
    peers: dict[str, str]

    def admin(self) -> psycopg.Connection[Any]:
        """A superuser in Aurora's database: makes rows in bulk, which takes hours one by one."""
        return psycopg.connect(self.services.admin_url or "", autocommit=True)

    def log(self, name: str) -> Path:
        return self.state / "log" / f"{name}.log"


@contextmanager
def place(*, durable: bool) -> Iterator[Place]:
    """Services with Aurora's tables in one database and the peers' in another; this process then runs Django as Aurora's service.

    `durable`: with fsync, as in production; without it figures mean nothing.
    """
    state = state_folder(Path(tempfile.mkdtemp(prefix="aurora-bench-")))
    clean = {name: value for name, value in os.environ.items() if not _leads_elsewhere(name)}
    base = clean | {"AURORA_STATE_DIR": str(state), "AURORA_SANDBOX": "1", "PYTHONPATH": str(ROOT)}
    try:
        with provide(state, {}, durable=durable) as services:
            found = _described(state, services, base)
            migrate(found.ours)
            _make_peers(found)
            os.environ.clear()
            os.environ.update(found.ours)
            import django

            django.setup()
            yield found
            django.db.connections.close_all()
    except Exception:
        # The folder goes; what its processes said last is what explains the failure.
        for file in sorted((state / "log").glob("*.log")):
            print(f"--- {file.name}\n{file.read_text(errors='replace')[-2000:]}", file=sys.stderr)
        raise
    finally:
        forget(state)
        shutil.rmtree(state, ignore_errors=True)


def migrate(environ: dict[str, str]) -> None:
    """Aurora's tables, in the database that `environ` names."""
    _run([sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"], {**environ, "AURORA_DB_ROLE": "owner"})


def _leads_elsewhere(name: str) -> bool:
    return name.startswith(("AURORA_", "DJANGO_")) or name in ("DATABASE_URL", "DATABASE_OWNER_URL", "BROKER_URL", "CACHE_URL")


def _described(state: Path, services: Services, base: dict[str, str]) -> Place:
    owner = DatabaseUrl.parse(services.owner_url or "")
    peers = replace(owner, name=PEERS)
    url = f"postgresql://{peers.user}@/{peers.name}?host={quote(peers.host)}"
    return Place(
        services,
        state,
        base | services.environ() | {"DJANGO_SETTINGS_MODULE": "bench.settings"},
        base | {"BENCH_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "bench.peers.settings"},
    )


def _make_peers(found: Place) -> None:
    with found.admin() as admin:
        admin.execute(f"CREATE DATABASE {PEERS} OWNER aurora_owner")
    environ = {**found.peers, "DJANGO_SETTINGS_MODULE": "bench.peers.toolkit"}
    _run([sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"], environ)


def _run(command: Sequence[str], environ: dict[str, str]) -> None:
    subprocess.run(command, env=environ, cwd=ROOT, check=True)


class Partner:
    """A process that takes orders as lines of JSON and answers each with one."""

    def __init__(self, module: str, environ: dict[str, str], log: Path, *arguments: str, within: Sequence[str] = ()) -> None:
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [*within, sys.executable, "-m", module, *arguments],
                env=environ,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def ask(self, order: Any) -> Any:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self._process.args!r} ended")
        return json.loads(answer)

    def __enter__(self) -> Partner:
        return self

    def __exit__(self, *_: object) -> None:
        # The end of its orders ends it; it is killed if it hangs.
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
