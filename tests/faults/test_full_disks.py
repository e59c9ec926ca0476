"""Folders whose filesystem is full, for all processes as they run: what the citizen is told, that nothing half-written counts as done, and that all goes on with room.

Each folder is a small tmpfs of its own, which takes root to mount. Aurora keeps the log's tiles in the database (docs/decisions/ledger.md), so the tiles' folder is PostgreSQL's;
beside it lies the file with the newest head.
"""

from __future__ import annotations

import errno
import io
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aurora.embedded import forget, state_folder
from aurora.embedded.places import Account, postgres_home
from consent.ledger.note import parse_head, parts
from consent.ledger.verify import Link, check_sequence
from tests.support import migrated
from tests.support.copies import opened
from tests.support.people import Person, identifier
from tests.support.stack import Stack, wait_for
from tests.support.tree_again import roots

pytestmark = pytest.mark.xdist_group("stack")
MEGA = 1 << 20
COPY, TWIN = "/en/my-data/copy/", "/en/my-data/"
PASSPHRASE = r"(?:[0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}"


@contextmanager
def _mounted(folder: Path, size: int, *, owner: Account | None = None) -> Iterator[None]:
    """A filesystem of `size` bytes at `folder`, closed to all but its owner."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    whose = owner or Account.current()
    options = f"size={size},mode=700,uid={whose.uid},gid={whose.gid}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@dataclass
class Disks:
    """The running whole, with its folders on filesystems of their own; `person` has data in the twin."""

    stack: Stack
    exports: Path
    heads: Path
    database: Path
    person: Person

    @contextmanager
    def full(self, folder: Path) -> Iterator[None]:
        """Not a byte more goes into the folder's filesystem meanwhile."""
        ballast = folder / "ballast"
        with ballast.open("wb", buffering=0) as out:
            shutil.chown(ballast, *os.stat(folder)[4:6])
            try:
                while True:
                    out.write(bytes(4096))
            except OSError as error:
                assert error.errno == errno.ENOSPC
        try:
            yield
        finally:
            ballast.unlink(missing_ok=True)

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.stack.admin() as database:
            return database.execute(sql, values).fetchall()  # type: ignore[arg-type]

    def open(self, path: str) -> int:
        return self.person.browser.open(f"{self.stack.base_url}{path}").status

    @property
    def views(self) -> int:
        return int(self.ask("SELECT count(*) FROM ledger_ledgerentry WHERE event = 'citizen:twin:viewed'")[0][0])

    def wait_for_the_tree(self) -> None:
        """Every entry has its place in the tree, whose head says what its leaves come to; each chain is whole."""
        wait_for(lambda: not self.ask("SELECT FROM ledger_pending LIMIT 1"), "the pending entries", within=60)
        leaves = self.ask("SELECT index, commitment FROM ledger_leaf ORDER BY index")
        entries = self.ask("SELECT citizen_id, seq, prev, commitment FROM ledger_ledgerentry ORDER BY citizen_id, seq")
        trail = self.ask("SELECT commitment FROM audit_operatordeed")  # the operators' deeds of the demo stand there too
        assert sorted(bytes(c) for _, c in leaves) == sorted(bytes(c) for *_, c in [*entries, *trail])
        kept = {size: bytes(root) for size, root in self.ask("SELECT size, root FROM ledger_checkpoint")}
        assert max(kept) == len(leaves) and kept == roots([bytes(c) for _, c in leaves], kept)
        chains: dict[Any, list[Link]] = {}
        for citizen, seq, prev, commitment in entries:
            chains.setdefault(citizen, []).append(Link(seq, bytes(prev), bytes(commitment)))
        assert all(check_sequence(chain) == [] for chain in chains.values())

    def head_in_file(self) -> int:
        """The size of the tree whose head the file holds; fails for what is no whole head."""
        head = parse_head(parts((self.heads / "ledger-head").read_text("utf-8"))[0])
        assert head is not None
        return int(head.size)

    def newest_head(self) -> int:
        return int(self.ask("SELECT max(size) FROM ledger_checkpoint")[0][0])


@pytest.fixture(scope="module")
def disks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disks]:
    folder, account = tmp_path_factory.mktemp("disks"), Account.for_database()
    state, exports, heads = folder / "state", folder / "exports", folder / "heads"
    with ExitStack() as stack:
        stack.enter_context(_mounted(exports, 32 * 1024))
        stack.enter_context(_mounted(heads, 64 * 1024))
        stack.callback(forget, state)
        migrated.place(state_folder(state))
        data = postgres_home(state, account) / "data"
        aside = data.with_name("aside")
        data.rename(aside)
        stack.enter_context(_mounted(data, 400 * MEGA, owner=account))
        subprocess.run(["cp", "-a", f"{aside}/.", str(data)], check=True)
        shutil.rmtree(aside)
        environ = {"AURORA_EXPORT_DIR": str(exports), "AURORA_LEDGER_HEAD_FILE": str(heads / "ledger-head")}
        running = stack.enter_context(Stack(state, environ=environ))
        person = stack.enter_context(Person(running, identifier(31))).sign_in()
        pull = person.connect("population-register")
        found = Disks(running, exports, heads, data, person)
        wait_for(lambda: found.ask("SELECT state FROM sources_pull WHERE id = %s", pull) == [("done",)], "the pull", within=60)
        yield found


def _copy_of(disks: Disks, *, ends: str) -> str:
    """Asks for a copy in the page, and waits until the row says how it ended. The passphrase."""
    disks.open(COPY)
    disks.person.browser.press("Make a copy")
    shown = re.search(PASSPHRASE, disks.person.browser.text)
    assert shown
    state = "SELECT state FROM exports_export ORDER BY requested_at DESC LIMIT 1"
    assert wait_for(lambda: {"done", "failed"} & {disks.ask(state)[0][0]}, "the copy", within=90) == {ends}
    return shown[0]


def test_a_copy_that_finds_no_room_is_none_and_says_so(disks: Disks) -> None:
    with disks.full(disks.exports):
        _copy_of(disks, ends="failed")
        assert [f.name for f in disks.exports.iterdir()] == ["ballast"], "not even half of it"
    # Room for the beginning of a copy, and not for all of it.
    _copy_of(disks, ends="failed")
    assert not list(disks.exports.iterdir())
    disks.open(COPY)
    assert "There was no room for the file. Try again later" in disks.person.browser.text
    assert not any("Download" in button["label"] for form in disks.person.browser.forms() for button in form.buttons)
    assert disks.ask("SELECT DISTINCT code, key_sealed, file_id FROM exports_export") == [("no_room", None, None)]
    subprocess.run(["mount", "-o", f"remount,size={64 * MEGA}", str(disks.exports)], check=True)
    passphrase = _copy_of(disks, ends="done")
    disks.open(COPY)
    disks.person.browser.press("Download the encrypted file")
    assert disks.person.browser.page
    packed = zipfile.ZipFile(io.BytesIO(opened(disks.person.browser.page.content, passphrase)))
    assert packed.testzip() is None and "export.jsonld" in packed.namelist()


def test_a_head_that_cannot_be_kept_stops_signing_and_nobody_else(disks: Disks) -> None:
    """The log takes entries in, citizens read; the file holds a whole head all the time."""
    disks.wait_for_the_tree()
    before = disks.head_in_file()
    with disks.full(disks.heads):
        sequencer = disks.stack.pids()["sequencer"]
        assert disks.open(TWIN) == 200
        disks.stack.wait_for_restart("sequencer", sequencer)  # it gives up, and is tried again and again
        views = disks.views
        assert [disks.open(TWIN) for _ in range(3)] == [200] * 3 and disks.views == views + 3
        assert disks.head_in_file() == before
        assert disks.newest_head() <= before + 1, "one head was signed before the file could be known to be full, and none after"
    wait_for(lambda: disks.head_in_file() == disks.newest_head() > before + 1, "a head in the file", within=90)
    disks.wait_for_the_tree()


def test_what_the_database_has_no_room_for_was_not_answered(disks: Disks) -> None:
    """Entries, leaves and tiles: the page says that Aurora cannot be used, and no page was shown whose entry is not there."""
    disks.wait_for_the_tree()
    views, shown = disks.views, 0
    with disks.full(disks.database):
        while (status := disks.open(TWIN)) == 200:
            shown += 1
            assert shown < 20_000
        assert status == 503 and "Aurora cannot be used at the moment" in disks.person.browser.text
    wait_for(lambda: disks.open(TWIN) == 200, "the page to come back", within=120)
    shown += 1
    disks.wait_for_the_tree()
    assert shown <= disks.views - views <= shown + 1, (
        "what was shown is in the log; what was committed and not shown is the one that failed"
    )
    wait_for(lambda: disks.head_in_file() == disks.newest_head(), "a head in the file", within=60)
