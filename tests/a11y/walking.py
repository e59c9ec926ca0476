"""The walk: every place in every language, looked at once, and what was seen of each."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Browser, BrowserContext, Page

from tests.a11y.browsing import WIDE, Looked, ask, axe, look, look_closely, narrow
from tests.a11y.places import PAGES, WRONG, Place
from tests.a11y.world import World

LANGUAGES = ("fi", "sv", "en")
LONGEST_WORDS = "fi"


class Walk:
    """Who sits where, each with a browser that runs scripts and one that does not. `looked` is what was seen so far."""

    def __init__(self, world: World, browser: Browser) -> None:
        self.world, self.browser = world, browser
        self.looked: list[Looked] = []
        self._pages: dict[tuple[str, bool], Page] = {}

    def page(self, who: str, *, scripts: bool = False) -> Page:
        """The page of a browser in which `who` is signed in."""
        if (who, scripts) not in self._pages:
            page = self.context(who, scripts=scripts).new_page()
            page.set_default_timeout(15_000)
            self._pages[who, scripts] = page
        return self._pages[who, scripts]

    def context(self, who: str, *, scripts: bool) -> BrowserContext:
        context = self.browser.new_context(java_script_enabled=scripts, viewport=WIDE)
        context.add_cookies(self.world.cookies(who))  # type: ignore[arg-type]
        return context

    def url(self, path: str, language: str) -> str:
        return f"{self.world.stack.base_url}/{language}/{path.format_map(self.world.ids)}"

    def everything(self) -> list[Looked]:
        for language in LANGUAGES:
            for places in (PAGES, WRONG):
                for place in (one for several in places.values() for one in several):
                    self.looked.append(self._visit(place, language))
        return self.looked

    def _visit(self, place: Place, language: str) -> Looked:
        url = self.url(place.path, language)
        looked = Looked(name_of(place), language, path=url.removeprefix(self.world.stack.base_url), pressed=bool(place.press))
        page = self.page(place.who)
        if place.press:  # in a window of its own: one that has been made small and wide again does not take a press
            page = page.context.new_page()
        arrive(page, url, place, looked)
        look(page, looked)
        if language == LONGEST_WORDS:
            look_closely(page, looked)
        if place.wrong:
            looked.note("errors", ask(page, "errors"))
        if place.press:
            page.close()
        else:
            self._with_scripts(place, language, looked, ask(page, "shape"))
        return looked

    def _with_scripts(self, place: Place, language: str, looked: Looked, without: str) -> None:
        """Where scripts make another page of it, that one is looked at too."""
        page = self.page(place.who, scripts=True)
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.bring_to_front()
        page.goto(self.url(place.path, language))
        if ask(page, "shape") != without:
            looked.scripts = True
            looked.note("axe with scripts", axe(page, scripts=True))
            narrow(page, looked)
            page.set_viewport_size(WIDE)
        looked.note("scripts", failures)


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
