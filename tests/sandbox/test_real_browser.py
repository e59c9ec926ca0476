"""The pages in a real browser without JavaScript: forms, cookies on one host, what headers do, narrow screens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, Route, sync_playwright
from sandbox_client import AURORA, Sandbox, plain_client

EXECUTABLE = "/usr/bin/chromium"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=[375, 1200])
def page(chromium: Chromium, request: pytest.FixtureRequest) -> Iterator[Page]:
    size = {"width": request.param, "height": 800}
    context = chromium.new_context(viewport=size, java_script_enabled=False, locale="en-GB")  # type: ignore[arg-type]
    context.set_default_timeout(60_000)

    def back_at_aurora(route: Route) -> None:
        route.fulfill(body="back at Aurora")

    context.route(f"{AURORA}/**", back_at_aurora)
    yield context.new_page()
    context.close()


def _fits(page: Page) -> None:
    """Nothing sticks out to the right, so nobody scrolls sideways."""
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, page.url


def test_a_citizen_signs_in_allows_and_is_sent_back(steady: Sandbox, page: Page) -> None:
    peer = steady.peer("tax-administration")
    page.goto(peer.authorize_url(client_id=peer.client_id, request_uri=peer.push("tax.income")))
    _fits(page)
    page.get_by_label("Sign-in identifier").fill("S000123-Z")
    page.get_by_role("button", name="Sign in", exact=True).click()
    assert page.get_by_text("Nobody has this identifier").is_visible()
    page.get_by_label("Sign-in identifier").fill(steady.identifier("aino"))
    page.get_by_role("button", name="Sign in", exact=True).click()
    _fits(page)
    allow, refuse = (page.get_by_role("button", name=name).bounding_box() for name in ("Allow", "Refuse"))
    assert allow and refuse and (allow["width"], allow["height"]) == (refuse["width"], refuse["height"])
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{AURORA}/sources/tax-administration/callback?*")
    assert page.get_by_text("back at Aurora").is_visible()


@pytest.mark.parametrize("page", [1200], indirect=True)
def test_second_agency_takes_one_click_and_both_keep_their_cookies(steady: Sandbox, page: Page) -> None:
    for source, scope, button in (
        ("population-register", "population.person", steady.name("cecilia")),
        ("tax-administration", "tax.income", "Continue"),
        ("population-register", "population.household", "Continue"),
    ):
        peer = steady.peer(source)
        page.goto(peer.authorize_url(client_id=peer.client_id, request_uri=peer.push(scope)))
        page.get_by_role("button", name=button).click()
        assert page.get_by_text(steady.name("cecilia")).is_visible()
        page.get_by_role("button", name="Refuse").click()
        page.wait_for_url(f"{AURORA}/**error=access_denied**")


def test_front_pages_fit_and_speak_three_languages(steady: Sandbox, page: Page) -> None:
    steady.switch("social-insurance", mode="slow", category="social.unemployment", seconds=2.5, times=7)
    for process in ("eid", "social-insurance"):
        page.goto(steady.running[process].base_url)
        for link, lang in (("Suomi", "fi"), ("Svenska", "sv"), ("English", "en")):
            page.get_by_role("link", name=link).click()
            assert page.locator("html").get_attribute("lang") == lang
            _fits(page)


@pytest.mark.parametrize("page", [1200], indirect=True)
def test_stylesheet_is_served_and_allowed(steady: Sandbox, page: Page) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(steady.running["eid"].base_url)
    assert plain_client().get(f"{steady.running['eid'].base_url}/sandbox.css").status_code == 200
    header = page.locator("header").bounding_box()
    assert header and header["x"] == 0 and not refused
