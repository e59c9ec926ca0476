"""The whole way of a use, on running processes: the office reads, notes are written, it tells Aurora, and where it lies it is found out exactly."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from aurora.sandbox import national_id
from tests.support.stack import Stack, wait_for
from tests.support.steps import connect, sign_in, wait_until_pulled

pytestmark = pytest.mark.xdist_group("stack")

CITIZEN = 11_207  # whom no other test is
FOUND = """
SELECT f.entry_id, f.state, f.differs FROM consent_uses_finding f JOIN ledger_ledgerentry e ON e.citizen_id = f.citizen_id
WHERE e.id = %s AND f.agency_id = (SELECT id FROM consent_agency WHERE code = 'benefits-office')
"""


def lying(stack: Stack, how: str) -> None:
    office = stack.demo["agencies"][0]["base_url"]
    control = {"Authorization": f"Bearer {stack.demo['sandbox']['control_token']}"}
    answer = httpx.post(f"{office}/_sandbox/switches", json={"uses": how}, headers=control, trust_env=False, timeout=60)
    assert answer.status_code == 200 and answer.json()["uses"] == how


def reads(stack: Stack) -> list[UUID]:
    """The entries of the citizen whom the office has read last, oldest first."""
    newest = "SELECT citizen_id FROM ledger_ledgerentry WHERE event = 'agency:twin:read' ORDER BY at DESC LIMIT 1"
    with stack.admin() as database:
        rows = database.execute(
            f"SELECT id FROM ledger_ledgerentry WHERE event = 'agency:twin:read' AND citizen_id = ({newest}) ORDER BY seq"
        )
        return [row[0] for row in rows.fetchall()]


def read(stack: Stack, page: Page, how: str) -> UUID:
    lying(stack, how)
    before = reads(stack)
    page.get_by_role("button", name="Read now").first.click()

    def newest() -> UUID | None:
        now = reads(stack)
        return now[-1] if now and now[-1] not in before else None

    entry: UUID = wait_for(newest, "the read to be in the log")
    # The office shows which it was once it has written it into its book as it then does: the next lie comes after that.
    expect(page.locator("body")).to_contain_text(str(entry))
    return entry


def found(stack: Stack, entry: UUID) -> dict[UUID | None, tuple[str, list[str]]]:
    with stack.admin() as database:
        return {row[0]: (row[1], row[2]) for row in database.execute(FOUND, [entry]).fetchall()}


def test_an_honest_use_is_told_beside_the_read_and_each_lie_is_found(stack: Stack, browser: Browser) -> None:
    page = browser.new_context().new_page()
    sign_in(page, stack.base_url, national_id.make(CITIZEN))
    connect(page, stack.base_url, "population-register")
    wait_until_pulled(page)
    page.goto(stack.demo["agencies"][0]["base_url"])
    page.get_by_role("button").first.click()
    page.locator('input[name=categories][value="population.household"]').check(force=True)
    page.get_by_role("button", name="Allow").click()
    try:
        honest, dropped, changed, beside_invented = (read(stack, page, how) for how in ("honest", "drop", "change", "invent"))
    finally:
        lying(stack, "honest")

    expected: dict[UUID | None, tuple[str, list[str]]] = {
        honest: ("matched", []),
        changed: ("differing", ["receiver"]),
        beside_invented: ("matched", []),
        None: ("not_delivered", []),
    }

    def all_told() -> Any:
        now = found(stack, honest)
        return {key: value for key, value in now.items() if key != dropped} == expected and now.get(dropped, ("open", [])) == ("open", [])

    wait_for(all_told, "each use to be reconciled", within=60)

    def noted() -> bool:
        with stack.admin() as database:
            rows = database.execute("SELECT entry_id FROM consent_uses_deliverynote WHERE entry_id = ANY(%s)", [[honest, dropped]])
            return len(rows.fetchall()) == 2

    wait_for(noted, "the answers to be known to have left")
    page.goto(f"{stack.base_url}/en/activity/{honest}/")
    expect(page.get_by_role("main")).to_contain_text("The agency has reported how it used this data.")
    page.goto(f"{stack.base_url}/en/activity/{dropped}/")
    expect(page.get_by_role("main")).to_contain_text("has not reported yet")
    page.context.close()
