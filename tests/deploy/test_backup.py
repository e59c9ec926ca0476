"""A backup of a running Aurora, restored elsewhere: the log is held against the head that was kept outside, twins open, and who was erased since is not there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from aurora.backups.tools import program
from aurora.embedded import forget, provide
from tests.support.live import IMPATIENT
from tests.support.people import Person, identifier
from tests.support.services import ROOT
from tests.support.stack import Stack, wait_for

pytestmark = pytest.mark.xdist_group("backup")
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


def _facts(stack: Stack, citizen: str) -> int:
    with stack.admin() as database:
        return int(database.execute(HOUSEHOLD, [citizen]).fetchone()[0])  # type: ignore[index]


def _connected(stack: Stack, household: int) -> str:
    with Person(stack, identifier(household)) as person:
        pull = person.sign_in().connect(REGISTER)
    with stack.admin() as database:
        citizen = str(database.execute("SELECT citizen_id FROM sources_pull WHERE id = %s", [pull]).fetchone()[0])  # type: ignore[index]
    wait_for(lambda: _facts(stack, citizen) > 0, "the first pull", within=60)
    return citizen


def _backup(run: subprocess.CompletedProcess[str]) -> tuple[Path, Path]:
    assert run.returncode == 0, run.stderr
    data, keys = run.stdout.split()[:2]
    return Path(data), Path(keys)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("backup")
    stack = Stack(folder / "state", environ=IMPATIENT)
    order = ["backup", "--to", str(folder / "data"), "--keys-to", str(folder / "keys")]
    with stack:
        ids = {household: _connected(stack, household) for household in (ANNA, BERT, CILLA)}
        facts = _facts(stack, ids[ANNA])
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
        wait_for(lambda: _facts(stack, ids[CILLA]) == 0 and '"source"' in erased.read_text(), "Cilla's household to be erased", within=60)
        stack.stop()
        newest = _backup(stack.manage(*order))
        assert not any(number in erased.read_text() for number in ids.values()), "digests only"
        yield Story(stack, ids, older, newest, facts, folder)
    for one in folder.glob("elsewhere-*"):
        forget(one)


def _elsewhere(story: Story, name: str) -> Path:
    """Another host: what was kept outside the database came along, the database did not."""
    state = story.copies / f"elsewhere-{name}"
    left_behind = shutil.ignore_patterns(
        "postgres", "valkey", "pgdata.path", "exports", "beat-schedule*", "alive", "log", "services.json", "*.lock", "lock"
    )
    shutil.copytree(story.stack.state, state, ignore=left_behind)
    shutil.rmtree(state / "files", ignore_errors=True)
    return state


def _manage(story: Story, state: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("AURORA_", "PYTEST_", "DATABASE_", "BROKER_", "CACHE_"))
    }
    environ |= {
        "AURORA_STATE_DIR": str(state),
        "AURORA_SANDBOX": "1",
        "AURORA_BASE_URL": story.stack.base_url,
        "AURORA_LEDGER_ORIGIN": "localhost/aurora-demo-ledger",
        **more,
    }
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments], env=environ, capture_output=True, text=True, check=False, timeout=240
    )


def _restore(story: Story, state: Path, folders: tuple[Path, Path]) -> subprocess.CompletedProcess[str]:
    return _manage(story, state, "restore", "--from", str(folders[0]), "--keys-from", str(folders[1]), "--erased", str(state / "erased"))


def _ask(state: Path, statement: str, *values: object) -> object:
    with provide(state, {}) as services, psycopg.connect(services.admin_url or "") as database:
        row = database.execute(statement, values).fetchone()  # type: ignore[arg-type]
        return row[0] if row else None


def _tables_in(archive: Path) -> set[str]:
    """Schema and name of each table of which an archive has rows."""
    said = subprocess.run([program("pg_restore"), "--list", str(archive)], capture_output=True, text=True, check=True)
    return {" ".join(line.split("TABLE DATA ")[1].split()[:2]) for line in said.stdout.splitlines() if "TABLE DATA " in line}


def test_wrapped_keys_lie_in_a_folder_of_their_own_and_nowhere_else(story: Story) -> None:
    data, keys = story.older
    assert {file.name for file in data.iterdir()} == {"data.dump", "files.tar", "manifest.jws"}
    assert {file.name for file in keys.iterdir()} == {"keys.dump", "manifest.jws"}
    held = {name: _tables_in(file) for name, file in (("data", data / "data.dump"), ("keys", keys / "keys.dump"))}
    assert "vault data_key" in held["keys"] and {one.split()[0] for one in held["keys"]} == {"vault"}
    assert "public identity_citizen" in held["data"] and not [one for one in held["data"] if one.startswith("vault ")]
    for folder in (data, keys):
        assert folder.stat().st_mode & 0o077 == 0
    secrets = [file.read_bytes().strip() for file in (story.stack.state / "keys").iterdir()]
    everything = b"".join(file.read_bytes() for folder in (data, keys) for file in folder.iterdir())
    assert len(secrets) >= 6 and not [one for one in secrets if one in everything], "no key of Aurora's is in a backup"


def test_the_newest_state_goes_on_as_if_nothing_had_been(story: Story) -> None:
    state = _elsewhere(story, "newest")
    restored = _restore(story, state, story.newest)
    assert restored.returncode == 0, restored.stderr
    assert "THE LOG extends the head" in restored.stdout and "0 who are gone, 0 who are leaving" in restored.stdout
    assert "The access log is whole" in restored.stdout
    again = _restore(story, state, story.newest)
    assert again.returncode == 1 and "is not empty" in again.stderr
    with Stack(state, environ=IMPATIENT) as stack:
        with Person(stack, identifier(ANNA)) as anna:
            anna.sign_in().browser.open(f"{stack.base_url}/en/my-data/")
            assert "Population Register" in anna.browser.text
            anna.browser.open(f"{stack.base_url}/en/activity/")
            assert "Population Register" in anna.browser.text
        assert _facts(stack, story.ids[ANNA]) == story.facts
        with Person(stack, identifier(BERT)) as bert:
            bert.sign_in()
        with stack.admin() as database:
            assert database.execute("SELECT count(*) FROM identity_citizen WHERE id = %s", [story.ids[BERT]]).fetchone() == (0,)
            assert database.execute("SELECT count(*) FROM ledger_alarm").fetchone() == (0,)
        pids = stack.pids()
        wait_for(lambda: stack.manage("healthy", "sequencer", check=False).returncode == 0, "the sequencer to sign")
        assert stack.pids()["sequencer"] == pids["sequencer"]


def test_an_older_state_brings_back_neither_who_left_nor_what_was_erased(story: Story) -> None:
    state = _elsewhere(story, "older")
    restored = _restore(story, state, story.older)
    assert restored.returncode == 0, restored.stderr
    assert "1 who are gone, 0 who are leaving, 1 sources or categories" in restored.stdout
    assert "THE LOG IS OLDER" in restored.stdout and "continue_log" in restored.stdout
    assert _ask(state, "SELECT count(*) FROM vault.data_key WHERE citizen_id = %s", story.ids[BERT]) == 0
    assert _ask(state, "SELECT count(*) FROM ledger_ledgerentry WHERE citizen_id = %s", story.ids[BERT]) == 0
    assert _ask(state, "SELECT count(*) FROM identity_citizen WHERE id = %s", story.ids[BERT]) == 0
    assert _ask(state, HOUSEHOLD, story.ids[CILLA]) == 0
    assert _ask(state, HOUSEHOLD, story.ids[ANNA]) == story.facts
    order = ("continue_log", "--reason", "The database was restored to an older state after a fire.")
    went_on = _manage(story, state, *order, AURORA_LEDGER_ORIGIN="localhost/aurora-demo-ledger-2", AURORA_DB_ROLE="owner")
    assert went_on.returncode == 0 and "goes on as localhost/aurora-demo-ledger-2" in went_on.stdout, went_on.stderr


def test_without_the_list_the_restore_asks_for_it(story: Story) -> None:
    state = _elsewhere(story, "asks")
    asked = _manage(story, state, "restore", "--from", str(story.older[0]), "--keys-from", str(story.older[1]))
    assert asked.returncode != 0 and "--erased" in asked.stderr


@pytest.mark.parametrize("name", ["data.dump", "manifest.jws", "keys.dump"])
def test_a_backup_that_was_touched_is_refused(story: Story, name: str, tmp_path: Path) -> None:
    folders = tuple(Path(shutil.copytree(one, tmp_path / one.name)) for one in story.newest)
    file = next(one / name for one in folders if (one / name).exists())
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    state = _elsewhere(story, f"touched-{name}")
    refused = _restore(story, state, folders)  # type: ignore[arg-type]
    assert refused.returncode == 1 and ("changed since the backup" in refused.stderr or "was not signed" in refused.stderr), refused.stderr
    assert _ask(state, "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'") == 0


def test_keys_of_another_moment_are_refused(story: Story) -> None:
    state = _elsewhere(story, "mixed")
    refused = _restore(story, state, (story.newest[0], story.older[1]))
    assert refused.returncode == 1 and "has not the keys of the moment" in refused.stderr
