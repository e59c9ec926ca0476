"""Every page in a real browser: axe finds nothing, and nothing sticks out of a window 320 pixels wide."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page

from tests.ui.reading import FRONTEND
from tests.ui.serving import SITE, STATIC, serve

if TYPE_CHECKING:
    from tests.ui.reading import Drawn

AXE = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
TARGETS = "button, input:not([type=hidden]), select, .au-nav a, .au-languages a, .au-wordmark, .au-footer a"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def files(gallery: list[Drawn], tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    folder = tmp_path_factory.mktemp("gallery")
    (folder / "static").symlink_to(STATIC)
    written = {}
    for drawn in gallery:
        file = folder / f"{drawn.name}.{drawn.language}.html"
        file.write_text(drawn.html.replace("/static/", "static/"), encoding="utf-8")
        written[drawn.name, drawn.language] = file
    return written


def _turn(page: Page, url: str, html: str) -> None:
    """The next page in the same document, which keeps its policy and what it has fetched and read, the stylesheet and the fonts.

    It takes a quarter of the time of going there. A page with a module is gone to: a document runs a module once only.
    """
    if page.url == "about:blank" or 'type="module"' in html:
        page.goto(url)
    else:
        page.set_content(html)


def _turned(page: Page, files: dict[tuple[str, str], Path], language: str) -> Iterator[str]:
    """All pages of a language, one after the other, and the name of each."""
    for (name, spoken), file in files.items():
        if spoken == language:
            _turn(page, file.as_uri(), file.read_text(encoding="utf-8"))
            assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Source Sans 3"'), name
            yield name


def test_axe_finds_nothing(browser: Browser, files: dict[tuple[str, str], Path]) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    found: list[Any] = []
    for name in _turned(page, files, "en"):
        if page.evaluate("typeof axe") == "undefined":
            page.evaluate(AXE.read_text(encoding="utf-8"))
        # What passes is not told: it is some hundred times as long.
        violations = page.evaluate(
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(r => r.violations)", RULES
        )
        found += [(name, v["id"], v["nodes"][0]["html"][:120]) for v in violations]
    assert found == []


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_nothing_sticks_out_of_a_narrow_window(browser: Browser, files: dict[tuple[str, str], Path], language: str) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 700})
    widths = {name: page.evaluate("document.documentElement.scrollWidth") for name in _turned(page, files, language)}
    assert {name: width for name, width in widths.items() if width > 320} == {}


def test_targets_are_large_enough(browser: Browser, files: dict[tuple[str, str], Path]) -> None:
    """WCAG 2.2 2.5.8: 24 px at least, for what does not stand within a sentence."""
    page = browser.new_page(viewport={"width": 390, "height": 800})
    small = []
    for name in ("home", "connect", "activity", "consents", "landing", "console-sign-in"):
        page.goto(files[name, "en"].as_uri())
        small += page.evaluate(
            """selector => [...document.querySelectorAll(selector)]
                .map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
                .filter(([, r]) => r.width < 24 || r.height < 24)
                .map(([html]) => html)""",
            TARGETS,
        )
    assert small == []


def test_allow_and_decline_are_the_same_size(browser: Browser, files: dict[tuple[str, str], Path]) -> None:
    for width in (390, 1280):
        page = browser.new_page(viewport={"width": width, "height": 800})
        for key in [(n, s) for n in ("connect", "authorize") for s in ("fi", "sv", "en")]:
            page.goto(files[key].as_uri())
            allow, decline = (page.locator(f"button[value={v}]").bounding_box() for v in ("allow", "decline"))
            assert allow and decline
            assert (allow["width"], allow["height"], allow["y"]) == (decline["width"], decline["height"], decline["y"])


def test_the_services_policy_stops_nothing_and_nothing_is_asked_elsewhere(browser: Browser, gallery: list[Drawn]) -> None:
    pages = {f"/{d.name}": d.html for d in gallery if d.language == "en"}
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    asked = serve(page, dict(pages))
    for path, html in pages.items():
        _turn(page, SITE + path, html)
        assert page.locator("body.govuk-frontend-supported").count() == 1, path
    assert complaints == []
    assert {url for url in asked if not url.startswith(SITE)} == set()
    assert f"{SITE}/static/ui/fonts/source-sans-3-latin.woff2" in asked and f"{SITE}/static/ui/aurora.js" in asked
