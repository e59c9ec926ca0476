"""A backup of a running Aurora with three citizens, and other hosts on which it is restored: what tests of backups share."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from aurora.embedded import forget, provide
from tests.support.live import IMPATIENT
from tests.support.people import Person, identifier
from tests.support.services import ROOT
from tests.support.stack import Stack, wait_for

REGISTER = "population-register"
ANNA, BERT, CILLA = 1420, 1421, 1422
# As the citizen's own page does it; the worker of the stack ends it.
LEAVE = """
from uuid import UUID
from django.utils import timezone
from aurora.journeys import erase
erase.everything(citizen_id=UUID("{0}"), language="fi", now=timezone.now())
"""
EMPTY = LEAVE.replace("everything(citizen_id", 'source(code="population-register", citizen_id')
HOUSEHOLD = "SELECT count(*) FROM twin_fact WHERE citizen_id = %s AND superseded_at IS NULL"


@dataclass
class Story:
    """What there was: whose numbers, the folders of the older and of the newest backup, and the state folder that is left of the host."""

    stack: Stack
    ids: dict[int, str]
    older: tuple[Path, Path]
    newest: tuple[Path, Path]
    facts: int
    copies: Path


def facts_of(stack: Stack, citizen: str) -> int:
    with stack.admin() as database:
        return int(database.execute(HOUSEHOLD, [citizen]).fetchone()[0])  # type: ignore[index]


def _connected(stack: Stack, household: int) -> str:
    with Person(stack, identifier(household)) as person:
        pull = person.sign_in().connect(REGISTER)
    with stack.admin() as database:
        citizen = str(database.execute("SELECT citizen_id FROM sources_pull WHERE id = %s", [pull]).fetchone()[0])  # type: ignore[index]
    wait_for(lambda: facts_of(stack, citizen) > 0, "the first pull", within=60)
    return citizen


def _backup(run: subprocess.CompletedProcess[str]) -> tuple[Path, Path]:
    assert run.returncode == 0, run.stderr
    data, keys = run.stdout.split()[:2]
    return Path(data), Path(keys)


@contextmanager
def backed_up(folder: Path) -> Iterator[Story]:
    """Bert leaves and Cilla empties a source between the older backup and the newest; the host has stopped."""
    stack = Stack(folder / "state", environ=IMPATIENT)
    order = ["backup", "--to", str(folder / "data"), "--keys-to", str(folder / "keys")]
    with stack:
        ids = {household: _connected(stack, household) for household in (ANNA, BERT, CILLA)}
        facts = facts_of(stack, ids[ANNA])
        older = _backup(stack.manage(*order))
        stack.manage("shell", "-c", LEAVE.format(ids[BERT]))
        stack.manage("shell", "-c", EMPTY.format(ids[CILLA]))

        def thirty_days_are_over() -> bool:
            with stack.admin() as database:
                for table in ("ledger_erasure", "erasures_erasure"):
                    database.execute(f"UPDATE {table} SET due_at = now() - interval '1 second' WHERE citizen_id = %s", [ids[BERT]])  # type: ignore[arg-type]
                left = database.execute("SELECT count(*) FROM ledger_ledgerentry WHERE citizen_id = %s", [ids[BERT]]).fetchone()
            return left == (0,)

        erased = stack.state / "erased"
        wait_for(lambda: thirty_days_are_over() and erased.read_text().count('"gone"') == 1, "Bert to be gone", within=90)
        wait_for(lambda: facts_of(stack, ids[CILLA]) == 0 and '"source"' in erased.read_text(), "Cilla's household to be erased", within=60)
        stack.stop()
        newest = _backup(stack.manage(*order))
        assert not any(number in erased.read_text() for number in ids.values()), "digests only"
        yield Story(stack, ids, older, newest, facts, folder)
    for one in folder.glob("elsewhere-*"):
        forget(one)


def elsewhere(story: Story, name: str) -> Path:
    """Another host: what was kept outside the database came along, the database did not."""
    state = story.copies / f"elsewhere-{name}"
    left_behind = shutil.ignore_patterns(
        "postgres", "valkey", "pgdata.path", "exports", "beat-schedule*", "alive", "log", "services.json", "*.lock", "lock"
    )
    shutil.copytree(story.stack.state, state, ignore=left_behind)
    shutil.rmtree(state / "files", ignore_errors=True)
    return state


def environ_of(story: Story, state: Path) -> dict[str, str]:
    """What a process on that host finds around it."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AURORA_", "PYTEST_", "DATABASE_", "BROKER_", "CACHE_"))
    }
    return kept | {
        "AURORA_STATE_DIR": str(state),
        "AURORA_SANDBOX": "1",
        "AURORA_BASE_URL": story.stack.base_url,
        "AURORA_LEDGER_ORIGIN": "localhost/aurora-demo-ledger",
    }


def manage(story: Story, state: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """In a process group of its own, which may be killed whole."""
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env=environ_of(story, state) | more,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        start_new_session=True,
    )


def order_of(state: Path, folders: tuple[Path, Path]) -> tuple[str, ...]:
    """The restore of a backup, as an operator gives it."""
    return ("restore", "--from", str(folders[0]), "--keys-from", str(folders[1]), "--erased", str(state / "erased"))


def restore(story: Story, state: Path, folders: tuple[Path, Path], **more: str) -> subprocess.CompletedProcess[str]:
    return manage(story, state, *order_of(state, folders), **more)


def ask(state: Path, statement: str, *values: object) -> object:
    with provide(state, {}) as services, psycopg.connect(services.admin_url or "") as database:
        row = database.execute(statement, values).fetchone()  # type: ignore[arg-type]
        return row[0] if row else None


def alter(state: Path, statement: str) -> None:
    """As the machine's superuser."""
    with provide(state, {}) as services, psycopg.connect(services.admin_url or "") as database:
        database.execute(statement)  # type: ignore[arg-type]
