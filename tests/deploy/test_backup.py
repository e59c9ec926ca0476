"""A backup of a running Aurora, restored elsewhere: the log is held against the head that was kept outside, twins open, and who was erased since is not there."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from aurora.backups.tools import program
from tests.support.backed_up import ANNA, BERT, CILLA, HOUSEHOLD, Story, alter, ask, elsewhere, facts_of, manage, order_of, restore
from tests.support.live import IMPATIENT
from tests.support.people import Person, identifier
from tests.support.stack import Stack, wait_for

pytestmark = pytest.mark.xdist_group("backup")


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
    state = elsewhere(story, "newest")
    restored = restore(story, state, story.newest)
    assert restored.returncode == 0, restored.stderr
    assert "THE LOG extends the head" in restored.stdout and "0 who are gone, 0 who are leaving" in restored.stdout
    assert "The access log is whole" in restored.stdout
    again = restore(story, state, story.newest)
    assert again.returncode == 1 and "is not empty" in again.stderr
    with Stack(state, environ=IMPATIENT) as stack:
        with Person(stack, identifier(ANNA)) as anna:
            anna.sign_in().browser.open(f"{stack.base_url}/en/my-data/")
            assert "Population Register" in anna.browser.text
            anna.browser.open(f"{stack.base_url}/en/activity/")
            assert "Population Register" in anna.browser.text
        assert facts_of(stack, story.ids[ANNA]) == story.facts
        with Person(stack, identifier(BERT)) as bert:
            bert.sign_in()
        with stack.admin() as database:
            assert database.execute("SELECT count(*) FROM identity_citizen WHERE id = %s", [story.ids[BERT]]).fetchone() == (0,)
            assert database.execute("SELECT count(*) FROM ledger_alarm").fetchone() == (0,)
        pids = stack.pids()
        wait_for(lambda: stack.manage("healthy", "sequencer", check=False).returncode == 0, "the sequencer to sign")
        assert stack.pids()["sequencer"] == pids["sequencer"]


def test_an_older_state_brings_back_neither_who_left_nor_what_was_erased(story: Story) -> None:
    state = elsewhere(story, "older")
    restored = restore(story, state, story.older)
    assert restored.returncode == 0, restored.stderr
    assert "1 who are gone, 0 who are leaving, 1 sources or categories" in restored.stdout
    assert "THE LOG IS OLDER" in restored.stdout and "continue_log" in restored.stdout
    assert ask(state, "SELECT count(*) FROM vault.data_key WHERE citizen_id = %s", story.ids[BERT]) == 0
    assert ask(state, "SELECT count(*) FROM ledger_ledgerentry WHERE citizen_id = %s", story.ids[BERT]) == 0
    assert ask(state, "SELECT count(*) FROM identity_citizen WHERE id = %s", story.ids[BERT]) == 0
    assert ask(state, HOUSEHOLD, story.ids[CILLA]) == 0
    assert ask(state, HOUSEHOLD, story.ids[ANNA]) == story.facts
    order = ("continue_log", "--reason", "The database was restored to an older state after a fire.")
    went_on = manage(story, state, *order, AURORA_LEDGER_ORIGIN="localhost/aurora-demo-ledger-2", AURORA_DB_ROLE="owner")
    assert went_on.returncode == 0 and "goes on as localhost/aurora-demo-ledger-2" in went_on.stdout, went_on.stderr


def test_a_database_that_was_set_back_is_backed_up_and_restored_without_what_was_erased_since(story: Story, tmp_path: Path) -> None:
    """As after a recovery to a point in time: the backup is younger than what was erased, and the database knows nothing of it."""
    recovered = elsewhere(story, "recovered")
    back = ("restore", "--from", str(story.older[0]), "--keys-from", str(story.older[1]), "--nothing-was-erased")
    assert manage(story, recovered, *back).returncode == 0
    assert ask(recovered, HOUSEHOLD, story.ids[CILLA]) == story.facts
    alter(recovered, "UPDATE telemetry_heartbeat SET at = now()")  # Aurora was started on it, although the guide says not to
    taken = manage(story, recovered, "backup", "--to", str(tmp_path / "data"), "--keys-to", str(tmp_path / "keys"))
    assert taken.returncode == 0, taken.stderr
    data, keys = (Path(one) for one in taken.stdout.split()[:2])
    state = elsewhere(story, "set-back")
    erased = state / "erased"
    lines = erased.read_text().splitlines(keepends=True)
    erased.write_text("".join(line for line in lines if json.loads(line)["what"] != "gone"))
    with erased.open("a") as torn:
        torn.write('{"at": "20')
    refused = restore(story, state, (data, keys))
    assert refused.returncode == 1 and f"line {len(erased.read_text().splitlines())} of {erased} is broken" in refused.stderr
    restored = manage(story, state, *order_of(state, (data, keys)), "--known-broken-lines")
    assert restored.returncode == 0, restored.stderr
    assert "0 who are gone, 1 who are leaving, 1 sources or categories" in restored.stdout
    assert ask(state, HOUSEHOLD, story.ids[CILLA]) == ask(state, HOUSEHOLD, story.ids[BERT]) == 0
    assert ask(state, HOUSEHOLD, story.ids[ANNA]) == story.facts


def test_nobody_who_was_signed_in_is_in_a_backup(story: Story) -> None:
    rows = subprocess.run(
        [program("pg_restore"), "--data-only", "--table=django_session", "--file=-", str(story.newest[0] / "data.dump")],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "COPY" not in rows
    assert "public django_session" not in _tables_in(story.newest[0] / "data.dump")


def test_without_the_list_the_restore_asks_for_it(story: Story) -> None:
    state = elsewhere(story, "asks")
    asked = manage(story, state, "restore", "--from", str(story.older[0]), "--keys-from", str(story.older[1]))
    assert asked.returncode != 0 and "--erased" in asked.stderr


@pytest.mark.parametrize("name", ["data.dump", "manifest.jws", "keys.dump"])
def test_a_backup_that_was_touched_is_refused(story: Story, name: str, tmp_path: Path) -> None:
    folders = tuple(Path(shutil.copytree(one, tmp_path / one.name)) for one in story.newest)
    file = next(one / name for one in folders if (one / name).exists())
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    state = elsewhere(story, f"touched-{name}")
    refused = restore(story, state, folders)  # type: ignore[arg-type]
    assert refused.returncode == 1 and ("changed since the backup" in refused.stderr or "was not signed" in refused.stderr), refused.stderr
    assert ask(state, "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'") == 0


def test_keys_of_another_moment_are_refused(story: Story) -> None:
    state = elsewhere(story, "mixed")
    refused = restore(story, state, (story.newest[0], story.older[1]))
    assert refused.returncode == 1 and "has not the keys of the moment" in refused.stderr
