"""What the styles do on paper, in the reader's own colours, at 400 % zoom, and for hands that are not steady."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.ui.serving import SITE, serve

if TYPE_CHECKING:
    from tests.ui.reading import Drawn

PAPER = ("activity", "receipt", "consent", "erasure-certificate", "my-data")


@pytest.fixture
def pages(gallery: list[Drawn]) -> dict[str, str]:
    return {f"/{d.name}": d.html for d in gallery if d.language == "fi"}


def _open(
    browser: Browser, pages: dict[str, str], *, width: int = 1280, height: int = 800, forced: Literal["active", "none"] = "none"
) -> Page:
    page = browser.new_page(viewport={"width": width, "height": height}, forced_colors=forced)
    serve(page, dict(pages))
    return page


@pytest.fixture
def paper(browser: Browser, pages: dict[str, str]) -> Iterator[Page]:
    page = _open(browser, pages, width=690)
    page.emulate_media(media="print")
    yield page
    page.close()


@pytest.mark.parametrize("name", PAPER)
def test_on_paper_there_is_nothing_to_press_and_all_words_are_there(paper: Page, name: str) -> None:
    paper.goto(f"{SITE}/{name}")
    pressed = paper.evaluate(
        """() => [...document.querySelectorAll("button, .govuk-button, nav, footer, input:not([type=hidden]), select, .moj-filter")]
            .filter(e => e.checkVisibility()).map(e => e.outerHTML.slice(0, 80))"""
    )
    assert pressed == []
    assert paper.locator("h1").is_visible()
    assert paper.evaluate("document.documentElement.scrollWidth") <= 690
    assert paper.evaluate("getComputedStyle(document.querySelector('main p')).fontFamily").startswith('"Source Sans 3"')


def test_on_paper_no_entry_is_cut_in_two(paper: Page) -> None:
    paper.goto(f"{SITE}/activity")
    kept = paper.evaluate(
        """() => [...document.querySelectorAll(".au-card, .moj-timeline__item")].map(e => getComputedStyle(e).breakInside)"""
    )
    assert len(kept) > 5 and set(kept) == {"avoid"}


def test_in_the_readers_colours_pictures_and_marks_stand_out(browser: Browser, pages: dict[str, str]) -> None:
    page = _open(browser, pages, forced="active")
    ground = "getComputedStyle(document.body).backgroundColor"
    for name, marks in {
        "activity": {".au-uses__allowed": "fill", ".au-uses__text": "fill", ".moj-timeline__item::after": "backgroundColor"},
        "evaluation-done": {".au-scale__you": "fill", ".au-scale__half": "fill", ".au-scale__most": "stroke"},
    }.items():
        page.goto(f"{SITE}/{name}")
        for selector, of in marks.items():
            element, _, pseudo = selector.partition("::")
            colour = page.evaluate(f"getComputedStyle(document.querySelector('{element}'), '{'::' + pseudo if pseudo else ''}').{of}")
            assert colour not in (page.evaluate(ground), "none", "rgba(0, 0, 0, 0)"), (name, selector)
        assert page.evaluate("getComputedStyle(document.querySelector('.govuk-tag')).borderTopStyle") == "solid", name
    page.close()


@pytest.mark.parametrize(("height", "position"), [(800, "sticky"), (256, "static")])
def test_the_banner_of_acting_hides_nothing_at_400_per_cent(browser: Browser, pages: dict[str, str], height: int, position: str) -> None:
    """1280 x 1024 at 400 % is 320 x 256. What the keyboard comes to is never under the banner, in a high window nor in a low one (WCAG 2.2, 2.4.11)."""
    page = _open(browser, pages, width=320, height=height)
    page.goto(f"{SITE}/acting-consents")
    assert page.evaluate("getComputedStyle(document.querySelector('.au-acting')).position") == position
    page.evaluate("document.querySelector('.au-footer a:last-of-type').focus()")
    hidden = []
    for _ in range(25):  # backwards: what comes into sight comes in from above
        page.keyboard.press("Shift+Tab")
        hidden += page.evaluate(
            """() => { const e = document.activeElement, r = e.getBoundingClientRect(), b = document.querySelector('.au-acting');
                if (e === document.body || b.contains(e) || getComputedStyle(b).position !== 'sticky') return [];
                const over = b.getBoundingClientRect(); return r.top >= over.top && r.bottom <= over.bottom ? [e.outerHTML.slice(0, 80)] : []; }"""
        )
    page.close()
    assert hidden == []


def test_links_that_stand_alone_are_24_pixels_high(browser: Browser, pages: dict[str, str]) -> None:
    page = _open(browser, pages, width=390)
    selector = ".moj-filter__tag, .moj-filter__heading-action, .govuk-pagination__link, .govuk-back-link, .au-deeds a, .au-card__foot a"
    seen = 0
    for name in ("activity", "consents", "my-data", "consent", "services"):
        page.goto(f"{SITE}/{name}")
        found = page.evaluate(
            f"""() => [...document.querySelectorAll("{selector}")].filter(e => e.checkVisibility())
                .map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect().height])"""
        )
        seen += len(found)
        assert [one for one in found if one[1] < 24] == [], name
    page.close()
    assert seen > 20
