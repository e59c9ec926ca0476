"""Acting for another in a real browser: offered, accepted, used for a consent to the office, ended with a page open; and a guardian's way."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.people import identifier
from tests.support.stack import Stack
from tests.support.steps import all_my_data, connect, sign_in, wait_until_pulled

pytestmark = pytest.mark.xdist_group("stack")


def _page(browser: Browser) -> Page:
    page = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(60_000)
    return page


def _offer(page: Page, base: str, receiver: str) -> None:
    until = date.today() + timedelta(days=90)
    page.goto(f"{base}/en/mandates/offer/")
    page.get_by_label("The person's sign-in identifier").fill(receiver)
    for theme in ("family", "taxation"):
        page.locator(f'input[name=themes][value="{theme}"]').check(force=True)
    for part, value in (("day", until.day), ("month", until.month), ("year", until.year)):
        page.locator(f"input[name=until_{part}]").fill(str(value))
    page.get_by_role("button", name="Send the offer").click()
    expect(page.get_by_role("main")).to_contain_text("The offer has been sent")


def _apply(page: Page, stack: Stack) -> None:
    """To the office, and by it to Aurora's question."""
    page.goto(f"{stack.demo['agencies'][0]['base_url']}/?lang=en")
    page.get_by_role("button").first.click()
    page.wait_for_url("**/oauth/authorize**")


def test_offer_accept_act_consent_and_revoke_with_a_page_open(stack: Stack, browser: Browser) -> None:
    base, giver, receiver = stack.base_url, _page(browser), _page(browser)
    aino, bertil = identifier(2301), identifier(2302)
    sign_in(giver, base, aino)
    connect(giver, base, "tax-administration")
    wait_until_pulled(giver)
    _offer(giver, base, bertil)
    sign_in(receiver, base, bertil)
    receiver.goto(f"{base}/en/mandates/")
    receiver.get_by_role("link", name="Details").first.click()
    receiver.get_by_role("button", name="Accept").click()
    expect(receiver.get_by_role("main")).to_contain_text("You accepted")
    receiver.get_by_role("button", name="Act for").click()
    banner = receiver.get_by_role("region", name="Acting for another")
    expect(banner).to_be_visible()
    receiver.get_by_role("link", name="The person's data").click()
    expect(receiver.get_by_role("main")).to_contain_text("Wages")
    _apply(receiver, stack)
    expect(banner).to_be_visible()
    for box in receiver.locator("input[name=categories]").all():
        box.check(force=True)
    receiver.get_by_role("button", name="Allow").click()
    receiver.goto(f"{base}/en/consents/")
    expect(receiver.get_by_role("main")).to_contain_text("Benefits Office")

    giver.goto(f"{base}/en/activity/")
    expect(giver.get_by_role("main")).to_contain_text("An attorney or guardian gave a consent")
    expect(giver.get_by_role("main")).to_contain_text(", as attorney")
    receiver.get_by_role("link", name="Withdraw").first.click()
    giver.goto(f"{base}/en/mandates/")
    giver.get_by_role("link", name="End it").first.click()
    giver.get_by_role("button", name="End it").click()
    expect(giver.get_by_role("main")).to_contain_text("The right to act has ended")
    receiver.get_by_role("button", name="Withdraw").click()
    expect(receiver.get_by_role("main")).to_contain_text("The right to act was ended")
    expect(banner).to_have_count(0)
    giver.goto(f"{base}/en/consents/")
    expect(giver.get_by_role("heading", name="In force")).to_be_visible()
    expect(giver.get_by_role("main")).to_contain_text("Benefits Office")
    for page in (giver, receiver):
        page.context.close()


def test_a_guardian_connects_the_register_and_acts_for_the_child(stack: Stack, browser: Browser) -> None:
    base, page = stack.base_url, _page(browser)
    child = next(c for c in stack.demo["children"] if c["guardians"] == ["aino"])
    sign_in(page, base, stack.citizen(0)["identifier"])
    connect(page, base, "population-register", purposes=["acting-for-child"], categories=["population.guardianship"])
    wait_until_pulled(page)
    page.goto(f"{base}/en/mandates/")
    page.get_by_role("button", name=f"Act for {child['name']}").click()
    expect(page.get_by_role("region", name="Acting for another")).to_contain_text(child["name"])
    page.get_by_role("button", name="Stop acting").click()
    expect(page.get_by_role("region", name="Acting for another")).to_have_count(0)
    page.goto(f"{base}/en/my-data/")
    mine = all_my_data(page)
    assert "Number of children in your care" in mine and child["name"] not in mine
    little = _page(browser)
    sign_in(little, base, child["identifier"])
    little.goto(f"{base}/en/activity/")
    expect(little.get_by_role("main")).to_contain_text("An attorney or guardian began to act")
    for one in (page, little):
        one.context.close()
