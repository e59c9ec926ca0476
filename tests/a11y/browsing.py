"""A browser's page, looked at: axe and our own questions, with the page's scripts running and without."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize

from tests.ui.reading import FRONTEND

AXE = (FRONTEND / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
LOOKING = Path(__file__).with_name("looking.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# axe waits by timers between its steps, and a page whose scripts are off has none.
AT_ONCE = "window.setTimeout = (what, _, ...given) => { Promise.resolve().then(() => what(...given)); return 0; }"
RUN = "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations'], elementRef: false, preload: false}).then(found => found.violations)"
PATIENCE = 1.0  # seconds
RESIZING = 60.0  # seconds
WIDE: ViewportSize = {"width": 1280, "height": 1024}
NARROW, LOW, PAPER = 320, 256, 718


@dataclass
class Looked:
    """What one page of one language is like. `wrong`: by what was asked."""

    name: str
    language: str
    frame: Mapping[str, Any] = field(default_factory=dict)
    words: list[tuple[str, str, bool, str]] = field(default_factory=list)
    wrong: dict[str, list[str]] = field(default_factory=dict)
    path: str = ""
    pressed: bool = False
    """Whether a form was sent to come here."""
    scripts: bool = False
    """Whether scripts make another page of it."""

    def note(self, asked: str, found: list[str]) -> None:
        self.wrong.setdefault(asked, []).extend(found)


def axe(page: Page, *, scripts: bool = False) -> list[str]:
    """What axe finds: the rule, and the first element that breaks it. `scripts`: whether the page's own run."""
    if not scripts:
        page.evaluate(AT_ONCE)
    page.evaluate(AXE)
    return [f"{one['id']}: {one['nodes'][0]['html'][:140]}" for one in page.evaluate(RUN, RULES)]


def ask(page: Page, name: str, *given: Any) -> Any:
    return page.evaluate(f"given => {LOOKING}.{name}(...given)", list(given))


def settled(page: Page, name: str) -> list[str]:
    """The same once what was changed has come through to the page, which a busy machine may take some time for: what stays wrong is wrong."""
    found: list[str] = ask(page, name)
    until = time.monotonic() + PATIENCE
    while found and time.monotonic() < until:
        page.wait_for_timeout(50)
        found = ask(page, name)
    return found


def resized(page: Page, size: ViewportSize) -> None:
    """The window's new size has come through to the page, which a busy machine may take some time for."""
    page.set_viewport_size(size)
    until = time.monotonic() + RESIZING
    while page.evaluate("innerWidth") != size["width"]:
        assert time.monotonic() < until, f"the window is not {size['width']} px wide"
        page.wait_for_timeout(20)


@contextmanager
def seen_as(page: Page, **media: Any) -> Iterator[None]:
    page.emulate_media(**media)
    yield
    page.emulate_media(**dict.fromkeys(media))


def look(page: Page, looked: Looked) -> None:
    """What each language is asked of a page that has arrived, without its scripts."""
    looked.frame = ask(page, "frame")
    looked.words = [tuple(one) for one in ask(page, "words")]
    looked.note("axe", axe(page))


def look_closely(page: Page, looked: Looked) -> None:
    """What does not depend on words, or is hardest with the longest of them: asked in one language only."""
    looked.note("cut in a wide window", settled(page, "cut"))
    looked.note("small targets", settled(page, "targets"))
    with seen_as(page, forced_colors="active"):
        looked.note("forced colours", settled(page, "edges"))
    with seen_as(page, reduced_motion="reduce"):
        looked.note("reduced motion", settled(page, "moving"))
    ask(page, "spaced", True)
    looked.note("text spacing", settled(page, "cut"))
    ask(page, "spaced", False)
    resized(page, {"width": PAPER, "height": 1000})
    with seen_as(page, media="print"):
        looked.note("print", settled(page, "printed"))
    ask(page, "spaced", True)
    narrow(page, looked)
    resized(page, WIDE)


def narrow(page: Page, looked: Looked) -> None:
    """At 400 % of a window of 1280 by 1024, which is also 320 px: as it is, and with wide text."""
    resized(page, {"width": NARROW, "height": LOW})
    looked.note("text spacing", settled(page, "cut"))
    ask(page, "spaced", False)
    looked.note("320 px", settled(page, "cut") + settled(page, "sticking"))
    looked.note("small targets", settled(page, "targets"))
