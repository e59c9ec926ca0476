"""What a person does in the browser, step by step."""

from __future__ import annotations

from collections.abc import Iterable

from playwright.sync_api import Page, expect

from tests.support.stack import wait_for


def sign_in(page: Page, base_url: str, identifier: str) -> None:
    """From the landing page through the e-ID to home."""
    page.goto(f"{base_url}/en/")
    page.get_by_role("link", name="Sign in").first.click()
    at_the_eid(page, identifier)
    expect(page).to_have_url(f"{base_url}/en/home/")


def at_the_eid(page: Page, identifier: str) -> None:
    """Identify oneself by the sign-in identifier."""
    page.get_by_label("Sign-in identifier").fill(identifier)
    page.get_by_role("button", name="Sign in").last.click()


def connect(
    page: Page,
    base_url: str,
    code: str,
    *,
    purposes: Iterable[str] = ("own-overview", "service-suggestions"),
    categories: Iterable[str] | None = None,
    language: str = "en",
) -> None:
    """Our consent page, the source's own sign-in and consent page, and back to the pull's progress, until it is done."""
    page.goto(f"{base_url}/{language}/sources/{code}/connect/")
    for purpose in purposes:
        page.locator(f'input[name=purposes][value="{purpose}"]').check(force=True)
    for box in page.locator("input[name=categories]").all():
        # Whose guardian somebody is goes with a purpose of its own.
        wanted = (
            box.get_attribute("value") not in ("population.guardianship", "population.estate")
            if categories is None
            else box.get_attribute("value") in set(categories)
        )
        if wanted:
            box.check(force=True)
    page.locator('input[name=end][value="6"]').check(force=True)
    page.locator('button[name=decision][value="allow"]').click()
    page.locator("button[name=continue]").click()  # at the e-ID, which knows them already
    page.locator("button[value=allow]").click()
    page.wait_for_url(f"**/{language}/pulls/**")


def wait_until_pulled(page: Page) -> None:
    """Stay on the progress page until it says that nothing more will happen. Without scripts one looks again."""

    def looks() -> str:
        again = page.locator("noscript a")
        if again.count() and again.is_visible():
            again.click()
        return page.get_by_role("main").inner_text()

    wait_for(lambda: "Done" in looks(), "the fetch to end", within=60)


def all_my_data(page: Page) -> str:
    """What My data says, from the page that is open to the last one. Leaves the last one open."""
    page.wait_for_load_state()
    text = page.get_by_role("main").inner_text()
    while page.get_by_role("link", name="Next page").count():
        page.get_by_role("link", name="Next page").click()
        page.wait_for_load_state()
        text += page.get_by_role("main").inner_text()
    return text
