"""A PostgreSQL folder in which every migration has run: made once for a state of the sources, and copied by whatever needs a database.

`migrate` from nothing costs ten seconds of processor time, and one `make test` starts some twenty databases. The copy's name is a digest of
every source file, of the pinned packages and of what makes the database: whoever changes any of them gets a new one, so that no test passes
on tables that the sources do not make. That a first start makes them itself is for `tests/embedded/test_demo.py`, which takes no copy.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from aurora.embedded import forget, provide, state_folder, write_private
from aurora.embedded.places import Account, postgres_home

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".pytest_cache" / "migrated"
SOURCES = ("aurora", "consent", "recommender")
# Addresses that are given keep the embedded services from being started: only PostgreSQL is wanted.
NO_VALKEY = {"BROKER_URL": "redis://127.0.0.1:1/0", "CACHE_URL": "redis://127.0.0.1:1/1"}
MOST = 3
OPERATORS = "operators-{}.json"


def place(state: Path) -> None:
    """Puts the migrated database into a state folder that has none yet. The next start finds it, as if an earlier one had made it."""
    home = postgres_home(state, Account.for_database())
    KEPT.mkdir(parents=True, exist_ok=True)
    found = KEPT / _digest()
    # Two workers that start together: one makes it, the other waits. And nobody takes away what another one copies.
    with (KEPT / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.exists():
            _make(found)
        os.utime(found)
        for old in sorted(KEPT.glob("[0-9a-f]*"), key=lambda f: f.stat().st_mtime)[:-MOST]:
            shutil.rmtree(old, ignore_errors=True)
        _copy(found, home / "data")


def place_operators(state: Path) -> None:
    """The demo's operators as another demo of the same sources made them: to digest their twelve slow passwords costs each new stack as much as four of its processes."""
    found = KEPT / OPERATORS.format(_digest())
    with suppress(FileNotFoundError):
        write_private(state / "operators.json", found.read_text("utf-8"))


def keep_operators(state: Path) -> None:
    """Those of a demo that is up, for the next one. Of two that come at once either will do."""
    found = KEPT / OPERATORS.format(_digest())
    if not found.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        for old in KEPT.glob(OPERATORS.format("*")):
            old.unlink(missing_ok=True)
        write_private(found, (state / "operators.json").read_text("utf-8"))


def _digest() -> str:
    digest = hashlib.sha256(f"{sys.version}\n{os.geteuid()}\n".encode())
    files = [
        f for name in SOURCES for f in (ROOT / name).rglob("*") if f.suffix in (".py", ".sql", ".json") and "node_modules" not in f.parts
    ]
    for file in sorted((*files, ROOT / "manage.py", ROOT / "requirements.txt", Path(__file__))):
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:32]


def _make(found: Path) -> None:
    state = state_folder(Path(tempfile.mkdtemp(prefix="aurora-migrate-")))
    try:
        with provide(state, NO_VALKEY, durable=False) as services:
            environ = {
                **os.environ,
                **services.environ(),
                "AURORA_STATE_DIR": str(state),
                "AURORA_SANDBOX": "1",
                "AURORA_DB_ROLE": "owner",
                "DJANGO_SETTINGS_MODULE": "aurora.settings",
            }
            # The checks import all pages, which is a quarter of it; `make lint` runs them.
            command = [sys.executable, str(ROOT / "manage.py"), "migrate", "--skip-checks", "--verbosity", "0"]
            subprocess.run(command, env=environ, cwd=ROOT, check=True)
        unfinished = found.with_name(f".unfinished-{found.name}")
        shutil.rmtree(unfinished, ignore_errors=True)
        _copy(postgres_home(state, Account.for_database()) / "data", unfinished)
        unfinished.rename(found)
    finally:
        forget(state)
        shutil.rmtree(state, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    """With owners and modes: PostgreSQL opens no folder that is not its account's alone."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)
