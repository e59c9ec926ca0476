"""A restore that is killed, fails, or meets others: nothing of Aurora opens what it leaves behind, and the next one begins anew by itself."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
from contextlib import AbstractContextManager
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from aurora.embedded import provide
from tests.support.backed_up import ANNA, BERT, CILLA, HOUSEHOLD, Story, elsewhere, environ_of, manage, order_of, restore
from tests.support.begun import begun
from tests.support.services import ROOT
from tests.support.stack import wait_for

pytestmark = pytest.mark.xdist_group("backup")
STEPS = ("marked", "pre-data", "data", "emptied", "post-data", "files", "tree", "erased", "checked")
PROCESSES = ("web", "worker", "beat", "sequencer", "migrate")
RIGHTS = (
    "SELECT array_agg(said ORDER BY said) FROM (SELECT nspname || nspowner::regrole::text || nspacl::text FROM pg_namespace "
    "WHERE nspname IN ('public', 'vault') UNION ALL SELECT defaclrole::regrole::text || defaclnamespace::regnamespace::text "
    "|| defaclobjtype::text || defaclacl::text FROM pg_default_acl) AS rights (said)"
)


def by_entry(name: str, environ: dict[str, str], log: Path) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """A process of Aurora, by the image's own start line."""
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    return begun([str(ROOT / "deploy/entry.sh"), name], environ | {"PATH": path}, log, folder=ROOT)


def refuses(name: str, environ: dict[str, str], log: Path) -> bool:
    """Whether it ends by itself, because of what stands in its way."""
    log.unlink(missing_ok=True)
    with by_entry(name, environ | {"AURORA_DB_ROLE": "owner" if name in ("sequencer", "migrate") else "app", "PORT": "0"}, log) as process:
        return process.wait(300) != 0 and "half restored" in log.read_text()


def ready(port: int) -> tuple[int, Any]:
    answer = httpx.get(f"http://127.0.0.1:{port}/readyz", headers={"Host": "localhost"}, trust_env=False, timeout=60)
    return answer.status_code, answer.json()["failed"]


def alive(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", headers={"Host": "localhost"}, trust_env=False, timeout=60).status_code == 200
    except httpx.TransportError:
        return False


def test_killed_at_any_step_it_is_never_started_on_and_begins_anew(story: Story, tmp_path: Path) -> None:
    state = elsewhere(story, "killed")
    (state / "crash").mkdir()
    with provide(state, {}) as services, psycopg.connect(services.admin_url or "", autocommit=True) as database:
        urls = services.environ()
        environ = environ_of(story, state) | urls
        rights = database.execute(RIGHTS).fetchone()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        # This one is there before the restore, and asks nothing of the database until it has begun.
        with by_entry("web", environ | {"PORT": str(port)}, tmp_path / "early"):
            wait_for(lambda: alive(port), "web to answer", within=90)
            for step, name in zip(STEPS, cycle(PROCESSES), strict=False):
                (state / "crash" / f"restore.{step}").touch()
                died = restore(story, state, story.older, AURORA_CRASH_POINTS="1", **urls)
                assert (died.returncode, list((state / "crash").iterdir())) == (-signal.SIGKILL, []), (step, died.stderr)
                assert ready(port) == (503, ["database"]), step
                assert refuses(name, environ, tmp_path / "log"), (step, name, (tmp_path / "log").read_text())
            (state / "crash" / "restore.ended").touch()
            died = restore(story, state, story.older, AURORA_CRASH_POINTS="1", **urls)
            assert died.returncode == -signal.SIGKILL and "A restore had begun here and not ended" in died.stdout, died.stderr
            assert ready(port) == (200, [])
        # It is whole, as if nothing had ever come between.
        assert database.execute(RIGHTS).fetchone() == rights
        assert [database.execute(HOUSEHOLD, [story.ids[who]]).fetchone() for who in (ANNA, CILLA)] == [(story.facts,), (0,)]
        assert database.execute("SELECT count(*) FROM vault.data_key WHERE citizen_id = %s", [story.ids[BERT]]).fetchone() == (0,)
        assert manage(story, state, "migrate", "--check", AURORA_DB_ROLE="owner", **urls).returncode == 0
        over = restore(story, state, story.older, **urls)
        assert over.returncode == 1 and "is not empty" in over.stderr


def _child(parent: int, name: str) -> int | None:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            kind, _, rest = (entry / "stat").read_text().rpartition(")")
            if int(rest.split()[1]) == parent and kind.endswith(f"({name}"):
                return int(entry.name)
        except (OSError, ValueError, IndexError):
            continue
    return None


def test_what_outlives_it_is_ended_others_keep_it_out_and_a_failure_leaves_the_mark(story: Story, tmp_path: Path) -> None:
    state = elsewhere(story, "orphan")
    with provide(state, {}) as services, psycopg.connect(services.admin_url or "", autocommit=True) as database:
        urls = services.environ()
        with psycopg.connect(services.database_url):
            kept_out = restore(story, state, story.newest, **urls)
        assert kept_out.returncode == 1 and "stop every process of Aurora first" in kept_out.stderr
        assert manage(story, state, "migrate", "--plan", **urls).returncode == 0, "nothing was begun"

        with psycopg.connect(services.admin_url or "") as blocker:
            blocker.execute("CREATE TABLE public.identity_citizen ()")  # which pg_restore waits for
            environ, order = environ_of(story, state) | urls, order_of(state, story.newest)
            process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), *order], env=environ, start_new_session=True, stdout=subprocess.DEVNULL
            )
            waits = "SELECT pid FROM pg_stat_activity WHERE application_name = 'pg_restore' AND wait_event_type = 'Lock'"
            (backend,) = wait_for(lambda: database.execute(waits).fetchone(), "pg_restore to wait", within=60)
            second = restore(story, state, story.newest, **urls)
            assert second.returncode == 1 and "another restore" in second.stderr
            program = wait_for(lambda: _child(process.pid, "pg_restore"), "its program")
            # The command dies and its program, which no signal reaches, goes on; it stands still in the midst of its transaction.
            os.kill(program, signal.SIGSTOP)
            process.kill()
            process.wait()
            blocker.rollback()
        try:
            assert database.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [backend]).fetchone() == (1,)
            (tmp_path / "kek").write_text(secrets.token_urlsafe(32))
            (tmp_path / "kek").chmod(0o600)
            failed = restore(story, state, story.newest, AURORA_KEK_FILE=str(tmp_path / "kek"), **urls)
            assert failed.returncode == 1 and "a fact does not open" in failed.stderr, failed.stderr
            assert database.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [backend]).fetchone() == (0,)
        finally:
            os.kill(program, signal.SIGKILL)
        assert refuses("sequencer", environ, tmp_path / "log")
        backup = manage(story, state, "backup", "--to", str(tmp_path / "to"), "--without-keys", **urls)
        assert backup.returncode == 1 and "RestoreUnfinished" in backup.stderr and not (tmp_path / "to").exists()
