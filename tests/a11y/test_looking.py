"""Whoever looks sees: a small page on which nothing is wrong, and the same with one fault for each thing that is asked of every page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.a11y.browsing import WIDE, Looked, ask, look, look_closely
from tests.a11y.test_by_keyboard import walk_by_keyboard
from tests.a11y.test_languages import foreign, said

STYLE = """
body { margin: 0 16px; font: 16px/1.5 sans-serif; color: #000; background: #fff }
input, button { border: 1px solid #000; min-height: 32px; min-width: 44px }
:focus { outline: 3px solid #00f }
.govuk-skip-link:not(:focus) { position: absolute; clip: rect(0 0 0 0) }
@media print { .au-nav, .govuk-skip-link, button { display: none } }
"""
GOOD = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Error: Name – Aurora</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}/* more */</style></head>
<body><a class="govuk-skip-link" href="#main">Skip to the main part</a>
<header><nav class="au-nav" aria-label="Menu"><a href="#main">Home</a></nav></header>
<main id="main"><div class="govuk-error-summary" role="alert"><ul><li><a href="#name">Give a name.</a></li></ul></div><h1>Name</h1>
<p lang="fi">Tämä on se, mitä sinun ei tarvitse tehdä.</p>
<form><p><label for="name">Your name</label></p><p id="name-error" class="govuk-error-message">Give a name.</p>
<p><input id="name" name="name" autocomplete="name" aria-describedby="name-error"></p><p><button>Send</button></p></form></main></body></html>"""
WORD = "Ystävänpäivänkorttitehtailijayhdistys"
# What is asked, and the change to the page by which it is wrong.
FAULTS: dict[str, tuple[str, str, str]] = {
    "a field without a label": ("axe", '<label for="name">Your name</label>', "Your name"),
    "pale text": ("axe", "/* more */", "h1 { color: #aaa }"),
    "a page that loads itself anew": ("axe", "<style>", '<meta http-equiv="refresh" content="5"><style>'),
    "a language that is none": ("axe", 'lang="fi"', 'lang="finnish!"'),
    "scrolls both ways": ("320 px", "/* more */", "h1 { width: 900px }"),
    "a word that is cut": ("320 px", "<h1>Name</h1>", f'<h1 style="width: 90px; overflow: hidden">{WORD}</h1>'),
    "a bar that stays": ("320 px", "/* more */", "header { position: sticky; top: 0; height: 200px; background: #fff }"),
    "no room for wide letters": (
        "text spacing",
        "<h1>Name</h1>",
        '<h1 style="height: 24px; line-height: 24px; font-size: 20px; overflow: hidden">Name</h1>',
    ),
    "wider than a wide window": ("cut in a wide window", "/* more */", "h1 { width: 1500px }"),
    "targets of 10 px": (
        "small targets",
        "<button>Send</button>",
        '<button style="all: unset; width: 10px; height: 10px">a</button><button style="all: unset; width: 10px; height: 10px">b</button>',
    ),
    "a button of a background": ("forced colours", "/* more */", "button { border: 0; background: #ccc }"),
    "what turns": ("reduced motion", "/* more */", "@keyframes t { to { opacity: .5 } } h1 { animation: t 1s infinite }"),
    "a menu on paper": ("print", "@media print", "@media tv"),
    "a summary that leads nowhere": ("errors", 'href="#name"', 'href="#nowhere"'),
    "an error that no field says": ("errors", ' aria-describedby="name-error"', ""),
    "a summary that nobody hears": ("errors", ' role="alert"', ""),
}
BY_KEYBOARD = {
    "no ring": ("the focus is not seen", "/* more */", "button:focus { outline: none }"),
    "a bar over it": ("the focus is covered", "/* more */", "nav { position: fixed; inset: 0; background: #fff }"),
    "not reached": ("Tab does not come there", "<button>", '<button tabindex="-1">'),
    "backwards": ("back to", "<button>", '<button style="position: absolute; top: 0; left: 0">'),
    "no skip link": ("govuk-skip-link", "govuk-skip-link", "skip"),
}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False, viewport=WIDE)
    yield context.new_page()
    context.close()


Shown = Callable[[str], Page]


@pytest.fixture
def shown(page: Page, tmp_path: Path) -> Shown:
    def show(text: str) -> Page:
        file = tmp_path / "page.html"
        file.write_text(text, encoding="utf-8")
        page.goto(file.as_uri())
        return page

    return show


def _looked(page: Page, *, closely: bool = True) -> Looked:
    looked = Looked("a page", "en")
    look(page, looked)
    looked.note("errors", ask(page, "errors"))
    if closely:
        look_closely(page, looked)
    return looked


def _with(change: str, to: str) -> str:
    assert GOOD.count(change) >= 1, change
    return GOOD.replace(change, to)


def test_where_nothing_is_wrong_nothing_is_found(shown: Shown) -> None:
    assert {asked: found for asked, found in _looked(shown(GOOD)).wrong.items() if found} == {}


def test_where_nothing_is_wrong_the_keyboard_goes_through(shown: Shown) -> None:
    walk_by_keyboard(shown(GOOD))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(shown: Shown, fault: str) -> None:
    asked, change, to = FAULTS[fault]
    assert _looked(shown(_with(change, to)), closely=asked not in ("axe", "errors")).wrong[asked]


@pytest.mark.parametrize("fault", BY_KEYBOARD)
def test_a_fault_is_found_by_keyboard(shown: Shown, fault: str) -> None:
    says, change, to = BY_KEYBOARD[fault]
    with pytest.raises(AssertionError, match=says):
        walk_by_keyboard(shown(_with(change, to)))


def test_a_text_in_another_language_is_found(shown: Shown) -> None:
    def strange(text: str) -> list[str]:
        return [one for one, _ in said(_looked(shown(text), closely=False)) if foreign(one, "en")]

    assert strange(GOOD) == []
    assert strange(_with(' lang="fi"', "")) == ["Tämä on se, mitä sinun ei tarvitse tehdä."]
