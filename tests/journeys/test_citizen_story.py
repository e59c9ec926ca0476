"""The citizen's whole story in a real browser, with JavaScript and without (design, section 3)."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from playwright.sync_api import Page, expect

from tests.support.copies import opened
from tests.support.people import identifier
from tests.support.stack import Stack, wait_for
from tests.support.steps import all_my_data, connect, sign_in, wait_until_pulled

pytestmark = pytest.mark.xdist_group("stack")


def test_connect_see_suggestions_find_the_access_and_withdraw(stack: Stack, page: Page, request: pytest.FixtureRequest) -> None:
    aino = stack.citizen(0 if "without" in request.node.callspec.id else 2)
    sign_in(page, stack.base_url, aino["identifier"])
    connect(page, stack.base_url, "population-register")
    wait_until_pulled(page)
    _sees_five_with_reasons(page, stack.base_url)
    connect(page, stack.base_url, "tax-administration")
    wait_until_pulled(page)
    _settled_and_made_again(page, stack.base_url)

    page.get_by_role("link", name="My data").first.click()
    assert "Wages" in all_my_data(page)
    _takes_everything_along(page, stack.base_url)

    page.get_by_role("link", name="Suggestions").first.click()
    expect(page.get_by_role("main")).to_contain_text("Data used")
    assert page.get_by_role("main").get_by_role("heading", level=2).count() >= 1

    page.get_by_role("link", name="Activity").first.click()
    main = page.get_by_role("main")
    for title in (
        "Aurora used your data to suggest services",
        "You had your suggestions made again",
        "Aurora fetched your data",
        "You gave a consent",
        "You looked at your data",
        "You downloaded the encrypted copy of your data",
    ):
        expect(main).to_contain_text(title)
    page.get_by_role("link", name="Aurora used your data to suggest services").first.click()
    expect(page.get_by_role("main")).to_contain_text("Service suggestions")

    page.get_by_role("link", name="Consents").first.click()
    for _ in range(4):
        page.get_by_role("link", name="Withdraw").first.click()
        page.get_by_role("button", name="Withdraw").click()
        expect(page.get_by_role("main")).to_contain_text("has been withdrawn")
        page.get_by_role("link", name="Consents").first.click()
    page.get_by_role("link", name="My data").first.click()
    assert "crowns a year" not in all_my_data(page)
    page.get_by_role("link", name="Suggestions").first.click()
    expect(page.get_by_role("main")).not_to_contain_text("Data used")


def _takes_everything_along(page: Page, base_url: str) -> None:
    """A copy that the worker makes and that only the passphrase opens, which is shown once."""
    page.get_by_role("link", name="Take everything along").click()
    page.get_by_role("button", name="Make a copy").click()
    passphrase = page.locator("#passphrase").inner_text()

    def is_ready() -> bool:
        page.goto(f"{base_url}/en/my-data/copy/")
        return page.get_by_role("button", name="Download the encrypted file").is_visible()

    wait_for(is_ready, "the copy to be made", within=60)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the encrypted file").click()
    packed = zipfile.ZipFile(io.BytesIO(opened(download.value.path().read_bytes(), passphrase)))
    taken = json.loads(packed.read("export.jsonld"))
    assert "wages" in {fact["key"] for fact in taken["facts"]}


def _sees_five_with_reasons(page: Page, base_url: str) -> None:
    """Five at first, with reasons and their source; and what would settle most, with the way to it."""
    page.goto(f"{base_url}/en/suggestions/")
    main = page.get_by_role("main")
    expect(main.locator("ol.au-cards").first.locator("> li")).to_have_count(5)
    expect(main.locator(".au-reasons").first).to_contain_text("Source: Population Register")
    offer = main.get_by_role("link", name="Connecting Tax Administration would settle")
    expect(offer).to_be_visible()
    main.get_by_role("link", name="More about why").first.click()
    expect(page.get_by_role("main")).to_contain_text("It is number 1 of the suggestions")
    page.go_back()
    offer.click()
    expect(page).to_have_url(f"{base_url}/en/sources/tax-administration/connect/")


def _settled_and_made_again(page: Page, base_url: str) -> None:
    page.goto(f"{base_url}/en/suggestions/")
    main = page.get_by_role("main")
    expect(main).to_contain_text("What has been settled since the last time")
    main.get_by_role("button", name="Make these suggestions again").click()
    expect(page.get_by_role("main")).to_contain_text("The suggestions came out the same")


def test_what_was_not_ticked_is_not_fetched(stack: Stack, page: Page, request: pytest.FixtureRequest) -> None:
    gunvor = stack.citizen(6 if "without" in request.node.callspec.id else 7)
    sign_in(page, stack.base_url, gunvor["identifier"])
    connect(page, stack.base_url, "tax-administration", purposes=["own-overview"], categories=["tax.housing"])
    wait_until_pulled(page)
    pull = page.url.rstrip("/").rpartition("/")[2]
    page.goto(f"{stack.base_url}/en/my-data/")
    expect(page.get_by_role("main")).to_contain_text("Property tax")
    with stack.admin() as database:
        kept = database.execute(
            "SELECT DISTINCT f.category FROM twin_fact f JOIN sources_pull p ON p.citizen_id = f.citizen_id WHERE p.id = %s", [pull]
        ).fetchall()
    assert kept == [("tax.housing",)]
    page.goto(f"{stack.base_url}/en/suggestions/")
    expect(page.get_by_role("main")).not_to_contain_text("Data used")


def test_declining_is_recorded_and_changes_nothing_else(stack: Stack, page: Page, request: pytest.FixtureRequest) -> None:
    dagny = stack.citizen(3 if "without" in request.node.callspec.id else 5)
    sign_in(page, stack.base_url, dagny["identifier"])
    page.goto(f"{stack.base_url}/en/sources/social-insurance/connect/")
    assert page.locator("input:checked").count() == 0
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_role("main")).to_contain_text("You declined")
    page.goto(f"{stack.base_url}/en/activity/")
    expect(page.get_by_role("main")).to_contain_text("You declined a request")


def test_an_empty_consent_form_says_what_is_missing(stack: Stack, page: Page) -> None:
    sign_in(page, stack.base_url, stack.citizen(4)["identifier"])
    page.goto(f"{stack.base_url}/en/sources/social-insurance/connect/")
    page.get_by_role("button", name="Allow").click()
    main = page.locator("main")
    for sentence in ("Select at least one purpose", "Select at least one kind of data", "Select how long"):
        expect(main).to_contain_text(sentence)


def test_the_values_are_readable_in_no_table(stack: Stack, page: Page, request: pytest.FixtureRequest) -> None:
    """Sealed facts, names and identifiers: a look at the database shows none of them."""
    henrik = stack.citizen(1)
    sign_in(page, stack.base_url, henrik["identifier"])
    with stack.admin() as database:
        tables = database.execute("SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('public', 'vault')").fetchall()
        for (table,) in tables:
            rows = database.execute(f"SELECT to_jsonb(t) FROM {table} t").fetchall()  # type: ignore[arg-type]
            text = json.dumps(rows, default=str)
            assert henrik["identifier"] not in text and henrik["name"] not in text, table


def test_the_text_that_is_kept_is_the_text_that_was_shown(stack: Stack, page: Page) -> None:
    """Word for word, in the language in which it was read (consent-screens, rule 16)."""
    sign_in(page, stack.base_url, identifier(1200))
    page.goto(f"{stack.base_url}/fi/sources/tax-administration/connect/")
    shown = page.locator("main").text_content() or ""
    connect(page, stack.base_url, "tax-administration", language="fi")
    page.goto(f"{stack.base_url}/en/consents/")
    page.get_by_role("link", name="Text, history and uses").first.click()
    paper = page.locator(".au-paper")
    assert paper.get_attribute("lang") == "fi"
    kept = [text for line in paper.locator("p:not(.au-small)").all_text_contents() for text in [line.strip()] if text]
    kept += [fact.strip() for line in paper.locator("p.au-small").all_text_contents() for fact in line.split(", ")]
    assert len(kept) > 15
    said = " ".join(shown.split())
    # Who is asked anew sees a category's name and, beside it, that they allow it now; the paper has both in one line.
    parts = [part for text in kept for part in ([text] if " ".join(text.split()) in said else text.split(", "))]
    assert [part for part in parts if " ".join(part.split()) not in said] == []
