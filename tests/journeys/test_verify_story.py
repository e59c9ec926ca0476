"""The demo's citizen verifies their whole log in a real browser: all green, then what a superuser does to it is said, each in its own sentence."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.interop.peer import Peer
from tests.support.people import identifier
from tests.support.stack import Stack, wait_for
from tests.support.steps import connect, sign_in, wait_until_pulled

pytestmark = pytest.mark.xdist_group("stack")

PROGRAM = Path(__file__).resolve().parents[2] / "aurora" / "ui" / "static" / "aurora" / "verify" / "aurora_verify.py"


@pytest.fixture
def face(browser: Browser) -> Iterator[Page]:
    """A browser with JavaScript, which keeps what it is told to remember; any fault of a script fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Content Security Policy" in message.text else None)
    yield page
    context.close()
    assert not faults, faults


@contextmanager
def deed(stack: Stack, statement: str) -> Iterator[None]:
    """A superuser's change past triggers and privileges, and put back."""
    with stack.admin() as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("CREATE TEMP TABLE kept AS SELECT * FROM ledger_ledgerentry")
        admin.execute(statement)  # type: ignore[arg-type]
        try:
            yield
        finally:
            admin.execute("DELETE FROM ledger_ledgerentry e USING kept k WHERE e.id = k.id")
            admin.execute("INSERT INTO ledger_ledgerentry SELECT * FROM kept")


def _sealed(stack: Stack) -> None:
    """All that was logged so far is in the tree."""

    def nothing_waits() -> bool:
        with stack.admin() as admin:
            return bool(admin.execute("SELECT NOT EXISTS (SELECT FROM ledger_pending)").fetchone() == (True,))

    wait_for(nothing_waits, "the sequencer to take all in")


def _check(page: Page, stack: Stack) -> Any:
    _sealed(stack)
    page.goto(f"{stack.base_url}/en/activity/verify/")
    page.get_by_role("button", name="Check my log now").click()
    result = page.locator("#verify-result")
    expect(result.get_by_role("heading").first).to_be_visible()
    return result


def test_the_citizen_verifies_their_whole_log(stack: Stack, face: Page, browser: Browser) -> None:
    sign_in(face, stack.base_url, identifier(1500))
    connect(face, stack.base_url, "population-register")
    wait_until_pulled(face)
    face.goto(f"{stack.base_url}/en/my-data/")
    result = _check(face, stack)
    expect(result).to_contain_text("Your log is whole and true")
    expect(result).to_contain_text("This is the first check in this browser")
    expect(result).to_contain_text("everybody is shown the same")
    rows = result.locator("tbody tr")
    # The last is the check itself.
    expect(rows.first).to_contain_text("Waiting to be sealed")
    assert rows.count() >= 5 and result.get_by_text("Holds", exact=True).count() == rows.count() - 1
    with face.expect_download() as saved:
        result.get_by_role("link", name="Save the bundle that was checked").click()
    earlier = saved.value.path()

    # Again: it contains what was seen, by proofs made of public tiles here in the browser.
    result = _check(face, stack)
    expect(result).to_contain_text("Your log is whole and true")
    expect(result).to_contain_text("It contains what this browser saw on")
    expect(face.locator("#memory-key")).to_contain_text("ledger+")

    # From an entry's own page; and its proof, which the program checks by the log's published key.
    face.goto(f"{stack.base_url}/en/activity/")
    face.get_by_role("link", name="You looked at your data").first.click()
    face.wait_for_url(re.compile(r"/en/activity/[0-9a-f-]{36}/$"))
    entry = face.url.rstrip("/").rpartition("/")[2]
    with face.expect_download() as proved:
        face.get_by_role("link", name="Download the proof of this entry").click()
    face.get_by_role("link", name="Verify this entry").click()
    face.get_by_role("button", name="Check my log now").click()
    chosen = face.locator("#verify-result")
    expect(chosen).to_contain_text("The entry that you came from")
    expect(chosen.locator("tbody").first).to_contain_text("You looked at your data")

    key = face.request.get(f"{stack.base_url}/ledger/key").text().split("\n")[0]
    assert _program(proved.value.path(), "--key", key) == (0, "proved")

    # The bundle by the form, which needs no script, and by the program: against the earlier one without a network, and with the public log.
    face.goto(f"{stack.base_url}/en/activity/verify/")
    with face.expect_download() as taken:
        face.get_by_role("button", name="Download my log as a bundle").click()
    later = taken.value.path()
    assert _program(later, "--older", str(earlier)) == (0, "verified")
    assert _program(later, "--log", f"{stack.base_url}/ledger", "--key", key) == (0, "verified")
    _accepted_by_another(json.loads(later.read_text(encoding="utf-8")), key)
    _spoiled(stack, face, entry)
    _not_a_strangers(stack, browser, entry)


def _program(file: Path, *options: str) -> tuple[int, str]:
    said = subprocess.run(
        [sys.executable, "-I", str(PROGRAM), str(file), "--json", *options], capture_output=True, text=True, check=False, timeout=300
    )
    told = json.loads(said.stdout)
    return said.returncode, told.get("verdict") or told["code"]


def _accepted_by_another(bundle: dict[str, Any], key: str) -> None:
    """npm `@sigstore/verify` on the running log's own head and proofs; and not once a hash is another one."""
    proved = [{name: one[name] for name in ("commitment", "index", "proof")} for one in bundle["entries"] if one["proof"] is not None]
    with Peer("sigstore.mjs", {"do": "verify", "vkey": key, "checkpoint": bundle["checkpoint"], "entries": proved}) as sigstore:
        assert sigstore.ready == {"found": ["accepted"] * len(proved)} and len(proved) > 5
        other = [{**one, "commitment": "00" * 32} for one in proved]
        said = sigstore.ask(do="verify", vkey=key, checkpoint=bundle["checkpoint"], entries=other)["found"]
        assert all("does not match" in one for one in said)


def _spoiled(stack: Stack, face: Page, entry: str) -> None:
    """What is done to the rows is seen; and once it is undone, all is green again."""
    mine = f"(SELECT citizen_id FROM ledger_ledgerentry WHERE id = '{entry}')"
    for statement, sentence in (
        (f"UPDATE ledger_ledgerentry SET actor = 'nobody' WHERE id = '{entry}'", "otherwise than it was written"),
        (f"DELETE FROM ledger_ledgerentry WHERE id = '{entry}'", "are missing"),
        (f"UPDATE ledger_ledgerentry SET commitment = sha256('x') WHERE id = '{entry}'", "has been changed since it was written"),
        (f"UPDATE ledger_ledgerentry SET sealed = 'x' WHERE citizen_id = {mine} AND seq = 2", "Aurora could not open entry 2"),
    ):
        _sealed(stack)
        with deed(stack, statement):
            result = _check(face, stack)
            expect(result).to_contain_text("Your log does not hold")
            expect(result).to_contain_text(sentence)
    expect(_check(face, stack)).to_contain_text("Your log is whole and true")


def _not_a_strangers(stack: Stack, browser: Browser, entry: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, stack.base_url, identifier(1501))
    assert page.request.get(f"{stack.base_url}/en/activity/{entry}/proof.tlog-proof").status == 404
    context.close()
