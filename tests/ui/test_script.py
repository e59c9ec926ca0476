"""The script in a real browser, over drawn pages and under the service's own policy: progress, results, errors, and what it never does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, Request, expect

import aurora.ui
from tests.ui.serving import SITE, Answer, serve

if TYPE_CHECKING:
    from tests.ui.reading import Drawn

TEMPLATES = Path(aurora.ui.__file__).parent / "templates"
PROGRESS = "/pulls/x/progress/"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page()
    yield opened
    opened.close()


@pytest.fixture
def pages(gallery: list[Drawn]) -> dict[str, str]:
    return {d.name: d.html for d in gallery if d.language == "en"}


# Progress


def test_the_progress_of_a_fetch_changes_without_reloading_and_ends(page: Page, pages: dict[str, str]) -> None:
    asked = serve(page, {"/pull": pages["pull"], PROGRESS: Answer(pages["pull-ended"], 286)})
    page.clock.install()
    page.goto(f"{SITE}/pull")
    page.clock.run_for(1_000)
    page.get_by_text("This fetch has ended.").wait_for()
    page.get_by_role("link", name="See my data").wait_for()
    page.clock.run_for(10_000)
    page.wait_for_load_state("networkidle")
    assert asked.count(f"{SITE}/pull") == 1 and asked.count(SITE + PROGRESS) == 1


def test_an_estimate_appears_without_reloading(page: Page, pages: dict[str, str]) -> None:
    asked = serve(page, {"/evaluation": pages["evaluation-running"], "/evaluations/x/progress/": Answer(pages["evaluation-done"], 286)})
    page.goto(f"{SITE}/evaluation")
    page.get_by_text("About 31 in 1,000").wait_for(timeout=60_000)
    assert asked.count(f"{SITE}/evaluation") == 1 and asked.count(f"{SITE}/evaluations/x/progress/") == 1


def test_what_is_the_same_is_not_told_again(page: Page, pages: dict[str, str]) -> None:
    """Each answer has tokens of its own, and is the same to a person."""
    answered = []

    def same(request: Request) -> Answer:
        answered.append(request.headers["hx-request"])
        token = f'<input type="hidden" name="csrfmiddlewaretoken" value="{len(answered)}">'
        return Answer(pages["pull"].replace('<ul class="au-entries">', token + '<ul class="au-entries">', 1))

    serve(page, {"/pull": pages["pull"], PROGRESS: same})
    page.goto(f"{SITE}/pull")
    page.evaluate(
        """() => { window.changes = 0;
            new MutationObserver(() => { window.changes += 1; }).observe(document.getElementById("pull"), {childList: true, subtree: true}); }"""
    )
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').filter(r => r.name.endsWith('/progress/')).length >= 2", timeout=60_000
    )
    assert page.evaluate("window.changes") == 0
    assert set(answered) == {"true"}


def test_the_progress_survives_a_lost_network_and_a_busy_server(page: Page, pages: dict[str, str]) -> None:
    troubles = [Answer(None), Answer(pages["error-503"], 503), Answer(pages["error-429"], 429)]

    def answer(_: Request) -> Answer:
        return troubles.pop(0) if troubles else Answer(pages["pull-ended"], 286)

    asked = serve(page, {"/pull": pages["pull"], PROGRESS: answer})
    page.goto(f"{SITE}/pull")
    page.get_by_text("This fetch has ended.").wait_for(timeout=60_000)
    assert asked.count(SITE + PROGRESS) == 4 and page.url == f"{SITE}/pull"


def test_a_person_is_told_when_nobody_answers_for_long_and_when_somebody_does_again(page: Page, pages: dict[str, str]) -> None:
    """At the third answer that is missing, not at the first; seen, and heard by who listens to the page."""
    answers = [Answer(None), Answer(pages["error-503"], 503), Answer(pages["error-429"], 429)]
    waits: list[Answer] = []

    def answer(_: Request) -> Answer:
        if answers:
            expect(page.locator("[data-missing]")).to_be_hidden()
            return answers.pop(0)
        return waits.pop() if waits else Answer(None)

    serve(page, {"/pull": pages["pull"], PROGRESS: answer})
    page.goto(f"{SITE}/pull")
    note = page.locator("[data-missing]")
    expect(note).to_be_visible(timeout=60_000)
    assert answers == []
    expect(page.locator("#au-status")).to_contain_text("there is no connection, or Aurora does not answer")
    expect(note.get_by_role("link", name="Load this page again")).to_have_attribute("href", "")
    waits.append(Answer(pages["pull"].replace('<ul class="au-entries">', '<p>Anew.</p><ul class="au-entries">', 1)))
    expect(note).to_be_hidden(timeout=60_000)
    expect(page.locator("#au-status")).to_have_text("")


def test_the_progress_of_what_is_gone_shows_the_page_that_says_so(page: Page, pages: dict[str, str]) -> None:
    shown = [Answer(pages["pull"]), Answer(pages["error-404"], 404)]
    serve(page, {"/pull": lambda _: shown.pop(0), PROGRESS: Answer(pages["error-404"], 404)})
    page.goto(f"{SITE}/pull")
    expect(page.get_by_role("heading", level=1)).to_contain_text("not", timeout=60_000)
    assert shown == []


def test_when_the_session_is_over_the_whole_page_goes_to_sign_in(page: Page, pages: dict[str, str]) -> None:
    away = Answer("", headers={"HX-Redirect": "/en/sign-in/?next=%2Fpull"})
    serve(page, {"/pull": pages["pull"], PROGRESS: away, "/en/sign-in/": pages["landing"]})
    page.goto(f"{SITE}/pull")
    page.wait_for_url(f"{SITE}/en/sign-in/?next=%2Fpull", timeout=60_000)


# What no template does


def test_no_template_has_a_script_of_its_own() -> None:
    """Neither inline nor in an attribute that a script would evaluate: the policy would stop it, and htmx is told to evaluate nothing."""
    loud = re.compile(
        r"""<style|\sstyle=|<script(?![^>]*\ssrc=)(?![^>]*application/json)|\son[a-z]+=|hx-on|hx-vals=["']?js:|hx-headers=["']?js:|javascript:|hx-ext"""
    )
    found = {
        str(path.relative_to(TEMPLATES)): match[0]
        for path in TEMPLATES.rglob("*.html")
        if (match := loud.search(re.sub(r"{#.*?#}", "", path.read_text(encoding="utf-8"))))
    }
    assert found == {}


def test_every_page_loads_one_script_and_puts_off_running_it(gallery: list[Drawn]) -> None:
    for drawn in gallery:
        ours = [e.attributes for e in drawn.page.all("script") if e.attributes.get("src", "").startswith("/static/ui/")]
        assert ours == [{"src": "/static/ui/aurora.js", "defer": ""}], drawn.name


# Filters


@pytest.fixture
def log(pages: dict[str, str]) -> dict[str, str]:
    """The activity page with everything, and as it is filtered, told apart by the language links' addresses."""
    everything = pages["activity-everything"]
    return {"all": everything, "filtered": pages["activity"].replace('href="/fi/activity/"', 'href="/fi/activity/?agency=tax"')}


def _activity(page: Page, log: dict[str, str]) -> list[str]:
    return serve(page, {"/activity/": lambda r: Answer(log["filtered"] if "agency=tax-administration" in r.url else log["all"])})


def test_a_filter_changes_the_list_and_the_address_and_back_undoes_it(page: Page, log: dict[str, str]) -> None:
    asked = _activity(page, log)
    page.goto(f"{SITE}/activity/")
    page.evaluate("window.same = true")
    page.get_by_label("Agency", exact=True).select_option("tax-administration")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".moj-filter__tag")).to_have_count(4)
    assert page.evaluate("window.same") is True and "agency=tax-administration" in page.url
    expect(page.locator("#au-status")).to_have_text("6 entries are shown.")
    expect(page.get_by_role("button", name="Show", exact=True)).to_be_focused()
    assert page.get_by_role("link", name="Suomi").get_attribute("href") == "/fi/activity/?agency=tax"
    page.go_back()
    expect(page.locator(".moj-filter__tag")).to_have_count(0)
    assert page.url == f"{SITE}/activity/" and page.get_by_label("Agency", exact=True).input_value() == ""
    assert {url for url in asked if "/activity/" in url and "agency=" in url} != set()
    assert page.evaluate("sessionStorage.length") == 0, "no page about a person is kept in the browser"


def test_leaving_out_a_part_keeps_the_place_and_tells_what_is_shown(page: Page, log: dict[str, str]) -> None:
    _activity(page, log)
    page.goto(f"{SITE}/activity/?agency=tax-administration")
    page.evaluate("window.same = true")
    page.get_by_role("link", name="Leave out: Agency: Tax Administration").click()
    expect(page.locator(".moj-filter__tag")).to_have_count(0)
    expect(page.get_by_role("heading", name="Every entry")).to_be_focused()
    assert page.evaluate("window.same") is True and "agency=" not in page.url


@pytest.mark.parametrize("status", [400, 403, 503])
def test_a_refused_filter_shows_the_page_that_says_so(page: Page, pages: dict[str, str], log: dict[str, str], status: int) -> None:
    wrong = pages["activity-errors"] if status == 400 else pages[f"error-{status}"]
    serve(page, {"/activity/": lambda r: Answer(wrong, status) if "from=" in r.url else Answer(log["all"])})
    page.goto(f"{SITE}/activity/")
    page.get_by_label("First day").fill("31.2.2026")
    page.get_by_role("button", name="Show", exact=True).click()
    if status == 400:
        expect(page.locator(".govuk-error-summary")).to_be_focused()
        assert page.title().startswith("Error: ") and page.get_by_label("First day").input_value() == "31.2.2026"
    else:
        expect(page.locator("h1")).to_be_focused()
        assert page.locator("h1").inner_text() in wrong and page.locator("main").count() == 1


def test_a_filter_without_a_network_leaves_it_to_the_browser(page: Page, log: dict[str, str]) -> None:
    serve(page, {"/activity/": lambda r: Answer(None) if "agency=" in r.url else Answer(log["all"])})
    page.goto(f"{SITE}/activity/")
    with page.expect_event("requestfailed", lambda request: request.is_navigation_request()):
        page.get_by_role("button", name="Show", exact=True).click()


FEEDBACK = "/suggestions/feedback/"


def _fresh(html: str) -> str:
    """The code of the first card of which nothing has been said."""
    found = re.search(r'id="said-([^"]+)" data-outcome=""', html)
    assert found
    return found[1]


def test_feedback_changes_its_card_alone(page: Page, pages: dict[str, str]) -> None:
    html, sent = pages["suggestions-feedback"], []
    code = _fresh(html)
    after = html.replace(f'id="said-{code}" data-outcome=""', f'id="said-{code}" data-outcome="Marked as helpful."', 1)

    def answer(request: Request) -> Answer:
        sent.append((request.method, request.headers.get("hx-request"), request.post_data))
        return Answer(after)

    asked = serve(page, {"/suggestions/": html, FEEDBACK: answer})
    page.goto(f"{SITE}/suggestions/")
    page.evaluate("window.same = true")
    card = page.locator(f"[id='said-{code}']")
    card.get_by_role("button", name="This is helpful").click()
    expect(page.locator("#au-status")).to_have_text("Marked as helpful.")
    expect(card).to_be_focused()
    [(method, by_script, body)] = sent
    assert (method, by_script) == ("POST", "true") and "kind=helpful" in body and "csrfmiddlewaretoken=" in body
    assert page.evaluate("window.same") is True and page.url == f"{SITE}/suggestions/" and asked.count(f"{SITE}/suggestions/") == 1


def test_feedback_that_is_refused_shows_the_page_that_says_so(page: Page, pages: dict[str, str]) -> None:
    html = pages["suggestions-feedback"]
    serve(page, {"/suggestions/": html, FEEDBACK: Answer(pages["error-csrf"], 403)})
    page.goto(f"{SITE}/suggestions/")
    page.locator(f"[id='said-{_fresh(html)}']").get_by_role("button", name="This is helpful").click()
    expect(page.locator("h1")).to_be_focused()
    assert page.locator("h1").inner_text() in pages["error-csrf"] and page.locator(".au-card").count() == 0


def test_how_many_characters_are_left_is_told_in_the_pages_language(page: Page, gallery: list[Drawn]) -> None:
    for language, left in (("en", "characters are left."), ("fi", "Jäljellä on"), ("sv", "tecken återstår.")):
        html = next(d.html for d in gallery if d.name == "concern-new" and d.language == language)
        serve(page, {"/concern/": html})
        page.goto(f"{SITE}/concern/")
        page.locator("#text").fill("x" * 10)
        expect(page.locator(".govuk-character-count__status")).to_contain_text(left)
        expect(page.locator(".govuk-character-count__status")).to_contain_text(re.compile(r"3[\s,]990"))
        page.unroute_all()
