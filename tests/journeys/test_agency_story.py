"""The agency's whole story in a real browser: ask, be granted a part, read, be refused after the withdrawal, and stand in the log."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.support.stack import Stack, wait_for
from tests.support.steps import connect, sign_in, wait_until_pulled

pytestmark = pytest.mark.xdist_group("stack")


def test_a_part_is_granted_read_withdrawn_and_refused(stack: Stack, page: Page, request: pytest.FixtureRequest) -> None:
    bertil = stack.citizen(1 if "without" in request.node.callspec.id else 4)
    office = stack.demo["agencies"][0]["base_url"]
    sign_in(page, stack.base_url, bertil["identifier"])
    connect(page, stack.base_url, "population-register")
    wait_until_pulled(page)

    page.goto(office)
    page.get_by_role("button").first.click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("Benefits Office")
    assert page.locator("input:checked").count() == 0
    page.locator('input[name=categories][value="population.household"]').check(force=True)
    page.get_by_role("button", name="Allow").click()
    expect(page.locator("body")).to_contain_text("You allowed us to read")

    reads = page.get_by_role("button", name="Read now")
    reads.nth(0).click()
    expect(page.locator("body")).to_contain_text("household_size")
    page.get_by_role("button", name="Read now").nth(1).click()
    expect(page.locator("body")).to_contain_text("category_not_covered")
    application = page.url.removesuffix("/read")

    page.goto(f"{stack.base_url}/en/activity/")
    expect(page.get_by_role("main")).to_contain_text("An agency read your data")
    expect(page.get_by_role("main")).to_contain_text("An agency was refused your data")

    page.goto(f"{stack.base_url}/en/consents/")
    card = page.get_by_role("link", name="Withdraw").first
    card.click()
    expect(page.get_by_role("main")).to_contain_text("Handling your benefit application")
    page.get_by_role("button", name="Withdraw").click()

    page.get_by_role("link", name="To your consents").click()
    page.get_by_role("link", name="Text, history and uses").filter(has_text="Benefits Office").first.click()
    consent = page.url
    confirmed = "SELECT confirmed_at - created_at < interval '60 seconds' FROM consent_webhooks_delivery WHERE consent_id = %s"

    def within_a_minute() -> bool:
        with stack.admin() as database:
            return database.execute(confirmed, [consent.rstrip("/").rpartition("/")[2]]).fetchall() == [(True,)]

    wait_for(within_a_minute, "the office to have been told, to have deleted and to have confirmed")
    page.goto(consent)
    expect(page.get_by_role("main")).to_contain_text("Deletion confirmed")
    page.goto(application)
    expect(page.locator("body")).to_contain_text("Deleted from your file: 1.")
    page.get_by_role("button", name="Read now").first.click()
    expect(page.locator("body")).to_contain_text("consent_withdrawn")
    page.goto(f"{stack.base_url}/en/activity/")
    expect(page.get_by_role("main")).to_contain_text("The consent had been ended.")


def test_declining_sends_the_citizen_back_with_access_denied(stack: Stack, page: Page) -> None:
    office = stack.demo["agencies"][0]["base_url"]
    sign_in(page, stack.base_url, stack.citizen(5)["identifier"])
    page.goto(office)
    page.get_by_role("button").first.click()
    page.get_by_role("button", name="Decline").click()
    page.wait_for_url(f"{office}/**")
    page.goto(f"{stack.base_url}/en/activity/")
    expect(page.get_by_role("main")).to_contain_text("You declined a request")


def test_a_request_that_nobody_pushed_is_no_redirect(stack: Stack, page: Page) -> None:
    page.goto(f"{stack.base_url}/oauth/authorize?client_id=benefits-office&request_uri=urn:ietf:params:oauth:request_uri:made-up")
    assert page.url.startswith(stack.base_url)
    expect(page.get_by_role("main")).to_contain_text("request")


def test_signing_in_on_the_way_does_not_lose_the_request(stack: Stack, page: Page) -> None:
    page.goto(stack.demo["agencies"][0]["base_url"])
    page.get_by_role("button").first.click()
    page.get_by_label("Sign-in identifier").fill(stack.citizen(7)["identifier"])
    page.get_by_role("button", name="Sign in").last.click()
    expect(page.get_by_role("main")).to_contain_text("Benefits Office")
    expect(page.get_by_role("button", name="Allow")).to_be_visible()
