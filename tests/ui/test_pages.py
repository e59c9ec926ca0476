"""What every page owes its reader, in every language: structure, labels, and nothing that a strict CSP would stop."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import aurora.ui

if TYPE_CHECKING:
    from tests.ui.reading import Drawn

# Signed in, and under no item of the menu.
ELSEWHERE = {
    "portal/accessibility.html",
    "portal/acting_over.html",
    "portal/acting_refused.html",
    "portal/help.html",
    "portal/help_topic.html",
    "portal/landing.html",
    "portal/public_log.html",
    "portal/rights.html",
    "portal/transparency.html",
}
TEMPLATES = Path(aurora.ui.__file__).parent / "templates"


def test_every_page_template_has_an_example(gallery: list[Drawn]) -> None:
    written = {
        str(path.relative_to(TEMPLATES))
        for folder in ("portal", "console", "developers", "errors")
        for path in (TEMPLATES / folder).glob("*.html")
        if not path.name.startswith("_") and path.name != "base.html"
    }
    assert {d.template for d in gallery} == written


def test_language_and_one_heading(gallery: list[Drawn]) -> None:
    for drawn in gallery:
        assert drawn.page.all("html")[0].attributes["lang"] == drawn.language, drawn.name
        assert len(drawn.page.all("h1")) == 1, drawn.name
        assert len(drawn.page.all("main")) == 1, drawn.name


def test_titles_are_unique_and_say_when_there_is_an_error(gallery: list[Drawn]) -> None:
    prefix = {"fi": "Virhe: ", "sv": "Fel: ", "en": "Error: "}
    titles: dict[tuple[str, str], set[str]] = defaultdict(set)
    for drawn in gallery:
        title = drawn.page.all("title")[0].text
        site = {"fi": "Auroran valvomo", "sv": "Auroras driftkonsol", "en": "Aurora console"}[drawn.language]
        assert title.endswith(
            f" – {site}" if drawn.template.startswith("console/") or drawn.name.startswith("error-console") else " – Aurora"
        ), title
        assert title.startswith(prefix[drawn.language]) == drawn.has_errors, (drawn.name, title)
        titles[drawn.language, title.removeprefix(prefix[drawn.language])].add(drawn.template)
    assert {title: t for title, t in titles.items() if len(t) > 1} == {}


def _leads_out(attributes: dict[str, str]) -> bool:
    """A service's telephone, address or website, that somebody follows on purpose and that learns nothing of where they came from."""
    outside = {"noopener", "noreferrer", "external"} <= set(attributes.get("rel", "").split())
    return attributes["href"].startswith(("tel:", "mailto:")) or (attributes["href"].startswith("https://") and outside)


def test_nothing_inline_and_nothing_from_elsewhere(gallery: list[Drawn]) -> None:
    for drawn in gallery:
        assert not drawn.page.all("style"), drawn.name
        for element in drawn.page.elements:
            loud = [a for a in element.attributes if a == "style" or a.startswith("on")]
            assert not loud, (drawn.name, element.tag, loud)
            # Data that a script reads are no script: nothing runs them.
            if element.tag == "script" and element.attributes.get("type") != "application/json":
                assert element.attributes.get("src", "").startswith("/static/"), drawn.name
                assert not element.text.strip(), drawn.name
            for attribute in ("href", "src", "action", "srcset", "poster", "data"):
                value = element.attributes.get(attribute, "")
                if attribute == "href" and element.tag == "a" and _leads_out(element.attributes):
                    continue
                assert not re.match(r"(?i)\s*(//|[a-z][a-z0-9+.-]*:)", value), (drawn.name, value)


def test_every_control_has_a_label_and_every_reference_a_target(gallery: list[Drawn]) -> None:
    for drawn in gallery:
        ids = drawn.page.ids()
        twice = [i for i, n in Counter(ids).items() if n > 1]
        assert not twice, (drawn.name, twice)
        labelled = {e.attributes["for"] for e in drawn.page.all("label")}
        assert labelled <= set(ids), drawn.name
        for control in drawn.page.all("input", "select", "textarea"):
            if control.attributes.get("type") != "hidden":
                assert control.attributes.get("id") in labelled, (drawn.name, control.attributes)
        for element in drawn.page.elements:
            for attribute in ("aria-describedby", "aria-labelledby", "aria-controls"):
                assert set(element.attributes.get(attribute, "").split()) <= set(ids), (drawn.name, attribute)
            href = element.attributes.get("href", "")
            assert not href.startswith("#") or href[1:] in ids, (drawn.name, href)


def test_every_post_form_carries_the_csrf_token(gallery: list[Drawn]) -> None:
    for drawn in gallery:
        tokens = {id(e.inside("form")) for e in drawn.page.all("input") if e.attributes.get("name") == "csrfmiddlewaretoken"}
        for form in drawn.page.all("form"):
            assert (id(form) in tokens) == (form.attributes.get("method") == "post"), drawn.name


def test_tables_have_captions_and_scoped_headers(gallery: list[Drawn]) -> None:
    for drawn in gallery:
        captioned = {id(e.inside("table")) for e in drawn.page.all("caption")}
        assert all(id(t) in captioned for t in drawn.page.all("table")), drawn.name
        assert all(th.attributes.get("scope") in ("row", "col") for th in drawn.page.all("th")), drawn.name


def test_the_errors_on_top_lead_to_their_fields(gallery: list[Drawn]) -> None:
    for drawn in gallery:
        summaries = [e for e in drawn.page.elements if e.attributes.get("class") == "govuk-error-summary"]
        assert bool(summaries) == drawn.has_errors, drawn.name


def test_no_placeholder_is_left_unfilled(gallery: list[Drawn]) -> None:
    for drawn in gallery:
        assert not re.search(r"%\(\w+\)|{{|{%|None\b", drawn.page.all("body")[0].text.replace("None yet", "")), drawn.name


def test_the_other_languages_show_the_same_page(gallery: list[Drawn]) -> None:
    for drawn in gallery:
        links = {e.attributes["hreflang"]: e.attributes["href"] for e in drawn.page.all("a") if "hreflang" in e.attributes}
        assert set(links) == {"fi", "sv", "en"} - {drawn.language}, drawn.name
        if drawn.name == "activity":
            assert all(url == f"/{code}/activity/" for code, url in links.items())
        if drawn.name == "recomputed":
            assert all(url == f"/{code}/suggestions/" for code, url in links.items())
        if drawn.name == "authorize":
            assert all(url == f"/oauth/authorize?language={code}" for code, url in links.items())


def test_the_navigation_marks_where_one_is(gallery: list[Drawn]) -> None:
    marked = {
        "home": "page",
        "sources": "page",
        "connect": "true",
        "activity": "page",
        "entry": "true",
        "withdraw": "true",
    }
    for drawn in gallery:
        if drawn.name in marked:
            nav = [a for a in drawn.page.all("a") if "aria-current" in a.attributes]
            assert [a.attributes["aria-current"] for a in nav] == [marked[drawn.name]], drawn.name


def test_a_page_of_an_error_asks_nothing_of_the_session() -> None:
    from django.template.loader import render_to_string
    from django.test import RequestFactory

    class Broken:
        @property
        def is_authenticated(self) -> bool:
            raise RuntimeError("the database is away")

    request = RequestFactory().get("/fi/home/")
    request.user = Broken()  # type: ignore[assignment]
    request.resolver_match = None
    assert "<h1" in render_to_string("errors/500.html", {}, request)
    assert "<h1" in render_to_string("errors/500.html")


def test_the_menu_marks_where_one_is(gallery: list[Drawn]) -> None:
    """A page without a mark is one whose view nobody has put under an item of the menu."""
    for drawn in gallery:
        menu = [e for e in drawn.page.all("a") if (nav := e.inside("nav")) and nav.attributes.get("class") == "au-nav"]
        if menu and drawn.template.startswith("portal/") and drawn.template not in ELSEWHERE:
            assert [e for e in menu if "aria-current" in e.attributes], (drawn.name, drawn.template)
