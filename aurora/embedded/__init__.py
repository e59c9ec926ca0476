"""The services that Aurora needs, for the time of a `with`: the ones that the environment names, else embedded ones.

One process owns the embedded services of a state folder: it holds a lock there, starts them, and stops them when it ends. Others that come
meanwhile (a `manage.py shell` beside `make demo`) read their addresses from `services.json` and just connect.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from aurora.embedded.keeper import Keeper, Service
from aurora.embedded.places import forget
from aurora.embedded.postgres import BUFFERS, SUPERUSER, Postgres
from aurora.embedded.valkey import Valkey
from aurora.guard import Guard
from aurora.provision import APP, OWNER

__all__ = ["Services", "ServicesBusy", "forget", "provide", "state_folder"]

JOIN_SECONDS = 90.0
VARIABLES = {"DATABASE_URL": "database_url", "BROKER_URL": "broker_url", "CACHE_URL": "cache_url"}


class ServicesBusy(RuntimeError):
    """Another process owns the services of this state folder."""


@dataclass(frozen=True, slots=True)
class Services:
    """Addresses (out of repr: they may carry passwords). `admin_url`: a superuser, embedded only. None where there is none."""

    database_url: str = field(repr=False, default="")
    owner_url: str | None = field(repr=False, default=None)
    admin_url: str | None = field(repr=False, default=None)
    broker_url: str = field(repr=False, default="")
    cache_url: str = field(repr=False, default="")
    pids: Mapping[str, int] = field(default_factory=dict)
    owned: bool = False

    def environ(self) -> dict[str, str]:
        """The environment variables that tell another process of these services."""
        urls = {
            "DATABASE_URL": self.database_url,
            "DATABASE_OWNER_URL": self.owner_url or "",
            "BROKER_URL": self.broker_url,
            "CACHE_URL": self.cache_url,
        }
        return {name: url for name, url in urls.items() if url}


def state_folder(path: Path) -> Path:
    """Makes the state folder. Mode 711: PostgreSQL's account walks through it; each thing in it is closed by itself."""
    path.mkdir(parents=True, exist_ok=True, mode=0o711)
    (path / "log").mkdir(exist_ok=True, mode=0o700)
    return path.resolve()


@contextlib.contextmanager
def provide(
    state_dir: Path,
    environ: Mapping[str, str] = os.environ,
    *,
    alone: bool = False,
    durable: bool = True,
    wait: float = JOIN_SECONDS,
    buffers: str = BUFFERS,
) -> Iterator[Services]:
    """Yields services that answer. Starts only what `environ` gives no URL for; ends what it started.

    `alone`: refuse to share with another owner (the demo must not lose its database when somebody's shell ends), and start again, for as long as
    it lasts, a service that ends by itself. `durable=False` trades safety against power loss for speed, for
    tests. `buffers` is PostgreSQL's `shared_buffers`. Raises ServicesBusy, PlaceError, PostgresError, ValkeyError.
    """
    given = Services(
        database_url=environ.get("DATABASE_URL", ""),
        owner_url=environ.get("DATABASE_OWNER_URL") or None,
        broker_url=environ.get("BROKER_URL", ""),
        cache_url=environ.get("CACHE_URL", ""),
    )
    if given.database_url and given.broker_url and given.cache_url:
        yield given
        return
    state = state_folder(state_dir)
    deadline = time.monotonic() + wait
    with (state / "services.lock").open("a+") as lock:
        while not _try_lock(lock.fileno()):
            # Between the lock and the addresses lies the owner's start; between the addresses' end and the lock, its stop.
            if not alone and _owner_lives(state) and (running := _read(state)) is not None:
                yield _merge(running, given)
                return
            if time.monotonic() > deadline:
                raise ServicesBusy(f"another process holds the embedded services of {state}; end it, or choose another AURORA_STATE_DIR")
            time.sleep(0.05)
        with _start(state, given, lock.fileno(), durable, keep=alone, buffers=buffers) as services:
            yield services


@contextlib.contextmanager
def _start(state: Path, given: Services, lock: int, durable: bool, *, keep: bool, buffers: str) -> Iterator[Services]:
    addresses = state / "services.json"
    addresses.unlink(missing_ok=True)  # an owner that was killed left it
    # The guard holds the lock too: after a kill -9 of us, the next owner waits until the old servers are gone.
    # The second lock is ours alone, so that nobody joins servers whose owner is dead.
    with (state / "owner.lock").open("a+") as life, Guard(hold=[lock]) as guard, contextlib.ExitStack() as stack:
        fcntl.flock(life.fileno(), fcntl.LOCK_EX)
        services, started = given, dict[str, Service]()
        if not (given.broker_url and given.cache_url):
            valkey = Valkey(state, state / "log" / "valkey.log", durable=durable)
            stack.callback(valkey.stop, guard)
            valkey.start(guard)
            started["valkey"] = valkey
            services = replace(services, broker_url=given.broker_url or valkey.broker_url, cache_url=given.cache_url or valkey.cache_url)
        if not given.database_url:
            postgres = Postgres(state, state / "log" / "postgres.log", durable=durable, buffers=buffers)
            stack.callback(postgres.stop, guard)
            postgres.start(guard)
            started["postgres"] = postgres
            services = replace(services, database_url=postgres.url(APP), owner_url=postgres.url(OWNER), admin_url=postgres.url(SUPERUSER))

        def tell() -> Services:
            told = replace(services, pids={name: service.pid or 0 for name, service in started.items()})
            write_private(addresses, json.dumps(asdict(told)))
            return told

        stack.callback(addresses.unlink, missing_ok=True)
        services = tell()
        if keep:
            stack.enter_context(Keeper(started, guard, tell))
        yield replace(services, owned=True)


def write_private(path: Path, text: str) -> None:
    """Puts a file of mode 600 in place whole: a reader sees the old one or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(name, path)


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner_lives(state: Path) -> bool:
    with (state / "owner.lock").open("a+") as life:
        return not _try_lock(life.fileno())


def _read(state: Path) -> Services | None:
    try:
        return Services(**json.loads((state / "services.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _merge(running: Services, given: Services) -> Services:
    if given.database_url:
        running = replace(running, database_url=given.database_url, owner_url=given.owner_url, admin_url=None)
    return replace(running, broker_url=given.broker_url or running.broker_url, cache_url=given.cache_url or running.cache_url, owned=False)
