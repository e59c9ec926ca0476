"""The walk: every place in every language, looked at once, and what was seen of each."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.a11y.browsing import WIDE, Looked, ask, axe, look, look_closely, narrow, resized
from tests.a11y.places import PAGES, WRONG, Place
from tests.a11y.world import World
from tests.support.live import CHROMIUM

LANGUAGES = ("fi", "sv", "en")
LONGEST_WORDS = "fi"
# First what a form of the console leads to: an operator's second factor is good for ten minutes, and a busy machine takes longer than that for all forms.
PLACES = sorted(
    (place for places in (WRONG, PAGES) for several in places.values() for place in several),
    key=lambda place: (not place.press, not place.path.startswith("console/")),
)
PATIENCE = 60_000  # milliseconds


class Walk:
    """Who sits where, each with a browser that runs scripts and one that does not."""

    def __init__(self, world: World, browser: Browser) -> None:
        self.world, self.browser = world, browser
        self._pages: dict[tuple[str, bool], Page] = {}

    def page(self, who: str, *, scripts: bool = False) -> Page:
        """The page of a browser in which `who` is signed in."""
        if (who, scripts) not in self._pages:
            page = self.context(who, scripts=scripts).new_page()
            page.set_default_timeout(PATIENCE)
            self._pages[who, scripts] = page
        return self._pages[who, scripts]

    def context(self, who: str, *, scripts: bool) -> BrowserContext:
        context = self.browser.new_context(java_script_enabled=scripts, viewport=WIDE)
        context.add_cookies(self.world.cookies(who))  # type: ignore[arg-type]
        return context

    def url(self, path: str, language: str) -> str:
        return f"{self.world.stack.base_url}/{language}/{path.format_map(self.world.ids)}"

    def visit(self, place: Place, language: str) -> Looked:
        """Without scripts. In one language also what does not depend on words, and with scripts."""
        url = self.url(place.path, language)
        looked = Looked(name_of(place), language, path=url.removeprefix(self.world.stack.base_url), pressed=bool(place.press))
        page = self.page(place.who)
        if place.press:  # in a window of its own: one that has been made small and wide again does not take a press
            page = page.context.new_page()
        arrive(page, url, place, looked)
        shape = ask(page, "shape")
        look(page, looked)
        if place.wrong:
            looked.note("errors", ask(page, "errors"))
        if language == LONGEST_WORDS:
            look_closely(page, looked)
        if place.press:
            page.close()
        elif language == LONGEST_WORDS:
            self.visit_with_scripts(place, looked, without=shape)
        return looked

    def visit_with_scripts(self, place: Place, looked: Looked, *, without: str = "") -> None:
        """Where scripts make another page of it than the one `without`, that one is looked at too."""
        page = self.page(place.who, scripts=True)
        failures: list[str] = []
        noted = lambda error: failures.append(str(error))  # noqa: E731
        page.on("pageerror", noted)
        page.bring_to_front()
        page.goto(self.url(place.path, looked.language))
        looked.scripts = ask(page, "shape") != without
        if looked.scripts:
            looked.note("axe with scripts", axe(page, scripts=True))
        if looked.scripts and looked.language == LONGEST_WORDS:
            narrow(page, looked)
            resized(page, WIDE)
        page.remove_listener("pageerror", noted)
        looked.note("scripts", failures)


def everything(world: World) -> list[Looked]:
    """Each place in each language. Two browsers go at once: one looks closely, the other at the other two languages."""
    with ThreadPoolExecutor(2) as pool:
        closely = pool.submit(_walked, world, LONGEST_WORDS)
        others = pool.submit(_walked, world, *(one for one in LANGUAGES if one != LONGEST_WORDS))
        scripted = {one.name for one in closely.result() if one.scripts}
        list(pool.map(lambda half: _walked_with_scripts(world, half), _halves([one for one in others.result() if one.name in scripted])))
        return closely.result() + others.result()


def _walked(world: World, *languages: str) -> list[Looked]:
    with _browser() as browser:
        walk = Walk(world, browser)
        return [walk.visit(place, language) for place in PLACES for language in languages]


def _walked_with_scripts(world: World, several: list[Looked]) -> None:
    places = {name_of(place): place for place in PLACES}
    with _browser() as browser:
        walk = Walk(world, browser)
        for looked in several:
            walk.visit_with_scripts(places[looked.name], looked)


def _halves(several: list[Looked]) -> tuple[list[Looked], list[Looked]]:
    return several[::2], several[1::2]


@contextmanager
def _browser() -> Iterator[Browser]:
    """One of a thread's own."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield started
        started.close()


def name_of(place: Place) -> str:
    filled = " ".join(f"{name}={value}" for name, value in place.fill.items())
    return " ".join(filter(None, (place.who, "/" + place.path, place.press and f"[{place.press}]", filled)))


def arrive(page: Page, url: str, place: Place, looked: Looked) -> None:
    """Go there, and press what makes the page. What answers otherwise than it should is noted."""
    page.bring_to_front()  # what lies behind another is not drawn anew when its window changes
    answer = page.goto(url)
    assert answer is not None
    if place.press:
        page.evaluate("for (const e of document.querySelectorAll('details')) e.open = true")
        for name, value in place.fill.items():
            fill(page, name, value)
        with page.expect_navigation() as waited:
            page.locator(place.press).first.click()
        answer = waited.value
        assert answer is not None
    elif page.url != url:
        looked.note("arrived", [f"led away to {page.url}"])
    if answer.status != place.status:
        looked.note("arrived", [f"answered {answer.status}, not {place.status}"])


def fill(page: Page, name: str, value: str) -> None:
    """A field by its name: a box or a choice is ticked, a text is written."""
    ticked = page.locator(f':is([type=checkbox], [type=radio])[name="{name}"][value="{value}"]')
    if ticked.count():
        ticked.first.check(force=True)
    else:
        page.locator(f'[name="{name}"]').first.fill(value)


def wrong_with(looked: list[Looked], *asked: str) -> Iterator[str]:
    """One line for each page and finding, for a test to compare with nothing."""
    for one in looked:
        for what in asked:
            for found in dict.fromkeys(one.wrong.get(what, [])):
                yield f"{one.language} {one.name}: {found}"
