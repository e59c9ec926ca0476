"""Every page in Finnish, Swedish and English, with its errors, with and without scripts: nothing that a program can see keeps anybody out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.a11y.browsing import LOW, NARROW, WIDE, Looked, axe, resized, settled
from tests.a11y.places import NEVER_WRONG, NO_PAGE, PAGES, WRONG
from tests.a11y.walking import LANGUAGES, Walk, wrong_with
from tests.attacks.routes import ROUTES, served

PREFIX = {"fi": "Virhe: ", "sv": "Fel: ", "en": "Error: "}


def _of_pages() -> set[str]:
    return {route.removeprefix("LANG/") for route in served() if route.startswith("LANG/")}


def test_every_address_is_walked_or_is_no_page() -> None:
    """A new page without a place here fails: somebody must say who sees it, or why it is none."""
    assert set(PAGES) | set(NO_PAGE) == _of_pages()
    assert not set(PAGES) & set(NO_PAGE)


def test_every_form_is_sent_wrongly_or_cannot_be() -> None:
    forms = {route.removeprefix("LANG/") for route, of in ROUTES.items() if route.startswith("LANG/") and {"GET", "POST"} <= of.methods}
    assert forms <= set(WRONG) | set(NEVER_WRONG) | set(NO_PAGE) and not set(WRONG) & set(NEVER_WRONG)
    assert set(WRONG) | set(NEVER_WRONG) <= set(PAGES)


def test_every_page_arrives(looked: list[Looked]) -> None:
    assert len(looked) == len(LANGUAGES) * sum(len(places) for several in (PAGES, WRONG) for places in several.values())
    assert list(wrong_with(looked, "arrived")) == []


@pytest.mark.parametrize(
    "asked",
    ["axe", "axe with scripts", "320 px", "text spacing", "cut in a wide window", "small targets", "forced colours", "reduced motion", "print",
     "errors", "scripts"],
)  # fmt: skip
def test_nothing_is_wrong(looked: list[Looked], asked: str) -> None:
    assert any(asked in one.wrong for one in looked), "nobody asked"
    assert list(wrong_with(looked, asked)) == []


def test_each_page_has_its_language_one_heading_and_a_way_past_the_menu(looked: list[Looked]) -> None:
    for one in looked:
        assert one.frame["language"] == one.language, one.name
        assert one.frame["headings"] == 1, (one.language, one.name)
        assert one.frame["skips"] == "#main", (one.language, one.name)


def test_titles_say_first_when_there_is_an_error(looked: list[Looked]) -> None:
    for one in looked:
        assert one.frame["title"].startswith(PREFIX[one.language]) == ("errors" in one.wrong), (one.language, one.name, one.frame["title"])


def test_pages_to_keep_are_for_everyone_too(walk: Walk, tmp_path: Path) -> None:
    """The page that checks a log, and a copy that opens itself: from the reader's own disk, where nothing of ours is asked."""
    dagny, pages = walk.world.browsers["dagny"], dict[tuple[str, str], str]()
    for language in LANGUAGES:
        dagny.open(walk.url("activity/verify/aurora-verify.html", language))
        pages["verify", language] = dagny.text
    dagny.open(walk.url("my-data/copy/", "fi"))
    [form] = [form for form in dagny.forms() if form.action.endswith("/download/")]
    # It stays in the language in which it was asked for, whoever downloads it from where.
    pages["copy", "en"] = dagny.post(f"{walk.world.stack.base_url}{form.action}", form.fields).text
    for (name, language), text in pages.items():
        (tmp_path / f"{name}.html").write_text(text, encoding="utf-8")
        page = walk.page("anonymous", scripts=True)
        page.goto((tmp_path / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.lang") == language, name
        assert axe(page, scripts=True) == [], (name, language)
        resized(page, {"width": NARROW, "height": LOW})
        assert settled(page, "cut") + settled(page, "sticking") == [], (name, language)
        resized(page, WIDE)
