"""The whole way of a decision, on running processes: the office reads, decides, and pushes by itself once the citizen has connected it; then it may no more."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from aurora.sandbox import national_id
from tests.interop.example import Example
from tests.support.held import names_on
from tests.support.stack import Stack, wait_for
from tests.support.steps import connect, sign_in, wait_until_pulled

pytestmark = pytest.mark.xdist_group("stack")

CITIZEN = 11_003  # whom no other test is; with a low income, so that there is something to grant
STRANGER = 11_004  # whom nobody has heard of
OFFICE, DECISIONS = "benefits-office", "benefits.decisions"
NEWEST = "SELECT citizen_id FROM ledger_ledgerentry WHERE event = 'agency:twin:read' AND actor = 'benefits-office' ORDER BY at DESC LIMIT 1"


def rows(stack: Stack, sql: str) -> list[tuple[Any, ...]]:
    """Of the citizen whom the office has read last."""
    with stack.admin() as database:
        return database.execute(sql.replace("CITIZEN", f"({NEWEST})")).fetchall()  # type: ignore[arg-type]


def facts(stack: Stack) -> list[tuple[Any, ...]]:
    held = rows(
        stack,
        "SELECT citizen_id, id, provenance, pull_id FROM twin_fact WHERE citizen_id = CITIZEN AND source = 'benefits-office'"
        " AND superseded_at IS NULL",
    )
    names = names_on(stack, held[0][0]) if held else {}
    return sorted((names[str(fact)][1], provenance, pull) for _, fact, provenance, pull in held)


def applied(stack: Stack, page: Page) -> None:
    """Apply at the office, allow all that it asks for, and let it read each; it decides of that."""
    page.goto(stack.demo["agencies"][0]["base_url"])
    page.get_by_role("button").first.click()
    # A list of what is on the page waits for nothing, and the page may still be arriving: what stands below the boxes is waited for.
    expect(page.get_by_role("button", name="Allow")).to_be_visible()
    for box in page.locator("input[name=categories]").all():
        box.check(force=True)
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url("**/applications/**")
    names = page.locator("tbody tr td:first-child").all_inner_texts()
    assert len(names) == 2
    for number, name in enumerate(names):
        page.get_by_role("button", name="Read now").nth(number).click()
        expect(page.locator("#answer")).to_contain_text(name)


def connect_office(stack: Stack, page: Page) -> None:
    """Our consent page, the office's own sign-in and page, and back to the sources: there is no pull to wait for."""
    page.goto(f"{stack.base_url}/en/sources/{OFFICE}/connect/")
    expect(page.get_by_role("main")).to_contain_text("Aurora does not fetch the data. The agency sends it by itself")
    page.locator('input[name=purposes][value="own-overview"]').check(force=True)
    page.locator(f'input[name=categories][value="{DECISIONS}"]').check(force=True)
    page.locator('input[name=end][value="6"]').check(force=True)
    page.locator('button[name=decision][value="allow"]').click()
    page.locator("button[name=continue]").click()  # at the e-ID, which knows them already
    expect(page.get_by_role("main")).to_contain_text("Decisions on benefits")
    page.locator("button[value=allow]").click()
    expect(page).to_have_url(re.compile(r"/en/sources/\?connected$"))
    expect(page.get_by_role("main")).to_contain_text("The source is connected. It sends what it holds by itself")


def example_pushes(stack: Stack, folder: Path, citizen: int) -> list[dict[str, Any]]:
    """The example client of docs/agency, with the office's credentials, sends one decision about a citizen; what came of it."""
    example = Example(folder)
    if not example.file.exists():
        example.run("init", "--demo", str(stack.state / "demo.json"))
    facts_ = {"housing_support": "granted", "housing_support_amount": 77, "housing_support_decided_on": "2026-11-26"}
    answer = {
        "category": DECISIONS, "version": 1, "subject": {"national_id": national_id.make(citizen)},
        "observed_at": datetime.now(UTC).isoformat(), "facts": facts_,
    }  # fmt: skip
    (folder / "answers.json").write_text(json.dumps({"answers": [answer]}))
    return list(example.run("push", str(folder / "answers.json"))["results"])


def test_the_office_decides_and_tells_aurora_of_it_by_itself_for_as_long_as_it_is_connected(
    stack: Stack, browser: Browser, tmp_path: Path
) -> None:
    page = browser.new_context().new_page()
    sign_in(page, stack.base_url, national_id.make(CITIZEN))
    for source in ("population-register", "tax-administration"):
        connect(page, stack.base_url, source)
        wait_until_pulled(page)
    applied(stack, page)
    decision = page.locator(".decided")
    expect(decision).to_contain_text("You get housing support")
    expect(decision).to_contain_text("If you connect the Benefits Office as a source in Aurora, we send this decision there by ourselves.")
    application = page.url.removesuffix("/read")
    assert facts(stack) == [], "nobody has connected it"

    connect_office(stack, page)
    wait_for(lambda: len(facts(stack)) == 4, "the decision to arrive by itself", within=150)
    assert [(provenance, pull) for _, provenance, pull in facts(stack)] == [("attested", None)] * 4
    pushed = (
        "SELECT actor, source, decision, categories FROM ledger_ledgerentry WHERE citizen_id = CITIZEN AND event = 'agency:facts:pushed'"
    )
    assert rows(stack, pushed) == [(OFFICE, OFFICE, "permit", [DECISIONS])]
    page.goto(f"{stack.base_url}/en/my-data/")
    for text in ("Housing support", "Granted", "crowns a month", "Benefits Office"):
        expect(page.get_by_role("main")).to_contain_text(text)
    page.goto(f"{stack.base_url}/en/activity/")
    expect(page.get_by_role("main")).to_contain_text("An agency sent data of yours to Aurora")

    def told() -> bool:
        page.goto(application)
        return "Aurora has this decision: you have connected us there." in page.locator(".decided").inner_text()

    wait_for(told, "the office to know that Aurora has it")

    assert example_pushes(stack, tmp_path, CITIZEN) == [{"position": 0, "result": "taken"}]
    assert example_pushes(stack, tmp_path, STRANGER) == [{"position": 0, "result": "not_accepted"}]
    assert len(facts(stack)) == 3, "the example's says nothing of an end"

    # Another decision, made while it is connected, goes at once, and takes the place of the first.
    applied(stack, page)
    wait_for(lambda: len(rows(stack, pushed)) == 3, "the newer decision to arrive", within=150)
    assert len(facts(stack)) == 4

    page.goto(f"{stack.base_url}/en/sources/")
    page.get_by_role("link", name="Your consent (Benefits Office)").click()
    page.get_by_role("link", name="Withdraw").click()
    page.get_by_role("button", name="Withdraw").first.click()
    expect(page.get_by_role("main")).to_contain_text("The consent has been withdrawn")
    assert facts(stack) == []
    returned = "SELECT count(*) FROM sources_connection WHERE citizen_id = CITIZEN AND tokens_returned_at IS NOT NULL"
    wait_for(lambda: rows(stack, returned) == [(1,)], "the office to be told that it is over", within=150)
    entries = len(rows(stack, pushed))
    applied(stack, page)  # a third decision is made, and stays at the office
    expect(page.locator(".decided")).to_contain_text("we send this decision there by ourselves")
    assert len(rows(stack, pushed)) == entries and facts(stack) == []
