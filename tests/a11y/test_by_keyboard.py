"""The main ways through Aurora by the keyboard alone: in the order that is seen, with the focus in sight, and out of everything again."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.a11y.browsing import WIDE
from tests.a11y.world import World, code_of
from tests.support.people import identifier

NEWCOMER = {False: 911, True: 912}
# Of whom nobody else asks anything here, and what the form wants, in its order.
AGENCY = {False: "health-centre", True: "hospital"}
SAID = {
    "legal_name": "Wellbeing County of the North", "business_id": "1234567-1", "country": "FI", "contact_url": "https://north.example/",
    "contact_email": "office@north.example", "reason": "Nobody has said yet who it is.",
}  # fmt: skip
MOST = 400  # stops of one page
FOCUS = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const box = e.matches("[type=checkbox], [type=radio]") ? document.querySelector(`label[for="${e.id}"]`) ?? e : e;
  const styles = [getComputedStyle(e), getComputedStyle(e, "::before"), getComputedStyle(box), getComputedStyle(box, "::before")];
  const seen = styles.some((s) => (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 && !/, 0\\)$/.test(s.outlineColor)) || (s.boxShadow !== "none" && !/^rgba\\(\\d+, \\d+, \\d+, 0\\)/.test(s.boxShadow)));
  const r = e.getBoundingClientRect();
  const points = [[.5, .5], [.02, .1], [.98, .1], [.02, .9], [.98, .9]].map(([x, y]) => [r.left + r.width * x, r.top + r.height * y]);
  const mine = (at) => at && (e === at || e.contains(at) || at.contains(e) && at.tagName !== "BODY" && at.tagName !== "HTML" && at.tagName !== "MAIN" || (e.labels && [...e.labels].some((l) => l === at || l.contains(at))));
  const clear = points.some(([x, y]) => mine(document.elementFromPoint(x, y)));
  return { html: e.outerHTML.replace(/\\s+/g, " ").slice(0, 120), seen, clear, top: r.top + scrollY, bottom: r.bottom + scrollY, left: r.left, right: r.right };
}"""
STOPS = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
  .filter((e) => !e.disabled && e.checkVisibility({ checkVisibilityCSS: true }) && !(e.type === "radio" && !e.checked && (document.querySelector(`[name="${e.name}"]:checked`) || document.querySelector(`[name="${e.name}"]`) !== e)))
  .map((e) => e.outerHTML.replace(/\\s+/g, " ").slice(0, 120))"""


def _stops(page: Page) -> Iterator[dict]:  # type: ignore[type-arg]
    """Each thing that Tab comes to, until it comes to nothing, or to where it began."""
    first = None
    for _ in range(MOST):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUS)
        place = at and (at["html"], at["top"], at["left"])
        if at is None or place == first:
            return
        first = first or place
        yield at
    raise AssertionError(f"there is no end of {page.url}")


def walk_by_keyboard(page: Page) -> None:
    """One page from its skip link to its end."""
    path = urlsplit(page.url).path
    page.goto(page.url.partition("#")[0])  # where Tab begins is where one was last, also after that has lost the focus
    expected = page.evaluate(STOPS)
    stops = list(_stops(page))
    assert "govuk-skip-link" in stops[0]["html"], (path, stops[0]["html"])
    assert [one["html"] for one in stops if not one["seen"]] == [], f"{path}: the focus is not seen"
    assert [one["html"] for one in stops if not one["clear"]] == [], f"{path}: the focus is covered"
    assert [html for html in expected if html not in {one["html"] for one in stops}] == [], f"{path}: Tab does not come there"
    for before, after in itertools.pairwise(stops):
        up, left = after["bottom"] <= before["top"], after["left"] <= before["left"]
        assert not (up and left), f"{path}: from {before['html']} back to {after['html']}"


def _reach(page: Page, wanted: str) -> None:
    """Tab until what has the focus is what is wanted: a selector."""
    for _ in range(MOST):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement?.matches(wanted) ?? false", wanted):
            return
    raise AssertionError(f"Tab does not come to {wanted} on {page.url}")


def _act(page: Page, wanted: str, key: str = "Enter") -> None:
    """Go to a link or a button and press it; the page that answers has arrived then."""
    _reach(page, wanted)
    with page.expect_navigation():
        page.keyboard.press(key)


def _open(page: Page, world: World, path: str) -> None:
    page.goto(f"{world.stack.base_url}/en/{path}")


@pytest.fixture(params=[False, True], ids=["without-scripts", "with-scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def page(browser: Browser, scripts: bool) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=scripts, viewport=WIDE)
    made = context.new_page()
    made.set_default_timeout(60_000)
    yield made
    context.close()


def test_a_citizen_goes_through_aurora_without_a_mouse(page: Page, world: World, scripts: bool) -> None:
    _open(page, world, "")
    walk_by_keyboard(page)
    _act(page, "main a[href*='/sign-in/']")
    _reach(page, "input[name=identifier]")
    page.keyboard.type(identifier(NEWCOMER[scripts]))
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/en/home/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/en/home/#main")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)"), "the skip link skips nothing"
    walk_by_keyboard(page)
    _connects(page, world)
    for path in ("suggestions/", "activity/", "consents/"):
        _open(page, world, path)
        walk_by_keyboard(page)
    _open(page, world, "activity/")
    _act(page, "main a[href*='/activity/'][href$='-/'], .moj-timeline a, .au-timeline a, main h3 a")
    assert re.search(r"/en/activity/[0-9a-f-]{36}/", page.url), page.url
    walk_by_keyboard(page)
    _withdraws(page, world)


def _connects(page: Page, world: World) -> None:
    _open(page, world, "sources/tax-administration/connect/")
    walk_by_keyboard(page)
    for wanted in ("input[name=purposes][value=own-overview]", "input[name=categories]", "input[name=end]"):
        _open_boxes(page, wanted)
    _act(page, "button[name=decision][value=allow]", "Space")
    _act(page, "button[name=continue]")
    _act(page, "button[value=allow]")
    assert "/en/pulls/" in page.url
    walk_by_keyboard(page)


def _open_boxes(page: Page, wanted: str) -> None:
    """Tick the next box or choice, with Space."""
    _reach(page, wanted)
    page.keyboard.press("Space")
    assert page.evaluate("document.activeElement.checked"), wanted


def _withdraws(page: Page, world: World) -> None:
    _open(page, world, "consents/")
    _act(page, "main a[href*='/withdraw/']")
    walk_by_keyboard(page)
    _act(page, "main form button[type=submit]", "Space")
    assert "withdrawn" in page.locator("h1").inner_text().lower() or "/withdraw/" in page.url


def test_an_operator_signs_in_and_asks_for_a_change_without_a_mouse(page: Page, world: World, scripts: bool) -> None:
    name, password = world.officer(f"kaisa-{int(scripts)}")
    _open(page, world, "console/")
    walk_by_keyboard(page)
    _reach(page, "input[name=username]")
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    secret = re.search(r"\b[A-Z2-7]{4}(?: ?[A-Z2-7]{4}){7}\b", page.locator("main").inner_text())
    assert secret, page.url
    walk_by_keyboard(page)
    _reach(page, "input[name=code]")
    page.keyboard.type(code_of(secret[0].replace(" ", "")))
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/en/console/")
    walk_by_keyboard(page)
    _open(page, world, f"console/agencies/{AGENCY[scripts]}/change/")
    walk_by_keyboard(page)
    for name, value in SAID.items():
        _reach(page, f"[name={name}]")
        page.keyboard.type(value)
    _act(page, "main form button[type=submit]")
    assert "/en/console/agency-drafts/" in page.url, page.url
    assert SAID["legal_name"] in page.locator("main").inner_text()
    walk_by_keyboard(page)
