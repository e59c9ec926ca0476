"""Pages that say that something did not go well, each as it comes about in the running service. The last of the folder: it takes the database away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from playwright.sync_api import Page, Response

from tests.a11y.browsing import Looked, ask, look, look_closely
from tests.a11y.walking import LANGUAGES, LONGEST_WORDS, Walk, wrong_with
from tests.support.stack import Stack, wait_for

Made = Callable[[Walk, str], tuple[Page, Response | None]]
SIGN_IN = "console/sign-in/"


def _stranger(walk: Walk) -> Page:
    page = walk.context("anonymous", scripts=False).new_page()
    page.set_default_timeout(60_000)
    return page


def _gone_to(who: str, path: str) -> Made:
    def made(walk: Walk, language: str) -> tuple[Page, Response | None]:
        page = walk.page(who)
        page.bring_to_front()
        return page, page.goto(walk.url(path, language))

    return made


def _sent(change: str, *, forget: bool = False) -> Made:
    """The console's sign-in, sent after `change` was done to its form, or after its cookies were lost."""

    def made(walk: Walk, language: str) -> tuple[Page, Response | None]:
        page = _stranger(walk)
        page.goto(walk.url(SIGN_IN, language))
        if forget:
            page.context.clear_cookies()
        page.evaluate(change)
        return page, _pressed(page)

    return made


def _pressed(page: Page) -> Response | None:
    with page.expect_navigation() as waited:
        page.locator("main form button[type=submit]").first.click()
    return waited.value


def _locked_out(walk: Walk, language: str) -> tuple[Page, Response | None]:
    page = _stranger(walk)
    answer = None
    for _ in range(6):
        page.goto(walk.url(SIGN_IN, language))
        page.locator("[name=username]").fill(f"nobody-{language}")
        page.locator("[name=password]").fill("wrong")
        answer = _pressed(page)
    return page, answer


MANY = "const form = document.querySelector('main form'); for (let i = 0; i < 1500; i++) { const e = document.createElement('input'); e.type = 'hidden'; e.name = 'f' + i; form.append(e); }"
LONG = "document.querySelector('[name=username]').removeAttribute('maxlength'); document.querySelector('[name=username]').value = 'x'.repeat(300000)"
FAILURES: dict[str, tuple[int, Made]] = {
    "400": (400, _sent(MANY)),
    "403": (403, _gone_to("ingrid", "console/agencies/")),
    "403 acting": (403, _gone_to("acting", "sources/")),
    "404": (404, _gone_to("anonymous", "no-such-page/")),
    "404 signed in": (404, _gone_to("dagny", "no-such-page/")),
    "405": (405, _gone_to("anonymous", "sign-out/")),
    "413": (413, _sent(LONG)),
    "429": (429, _locked_out),
    "csrf": (403, _sent("0", forget=True)),
}


def _look(page: Page, answer: Response | None, status: int, name: str, language: str) -> None:
    assert answer is not None and answer.status == status, (name, language, answer and answer.status)
    looked = Looked(name, language)
    look(page, looked)
    if language == LONGEST_WORDS:
        look_closely(page, looked)
    assert looked.frame["language"] == language and looked.frame["headings"] == 1, (name, language)
    assert list(wrong_with([looked], *looked.wrong)) == []


@pytest.mark.parametrize("name", FAILURES)
def test_a_refusal_is_a_page_for_everyone(walk: Walk, name: str) -> None:
    status, made = FAILURES[name]
    for language in LANGUAGES:
        page, answer = made(walk, language)
        _look(page, answer, status, name, language)


@contextmanager
def _mislaid(stack: Stack) -> Iterator[None]:
    """Without the table of one page: what nobody has thought of, for the service."""
    with stack.admin() as database:
        database.execute("ALTER TABLE consent_breakglass_request RENAME TO mislaid")
    try:
        yield
    finally:
        with stack.admin() as database:
            database.execute("ALTER TABLE mislaid RENAME TO consent_breakglass_request")


def test_a_fault_of_ours_is_a_page_for_everyone(walk: Walk) -> None:
    with _mislaid(walk.world.stack):
        for language in LANGUAGES:
            page = walk.page("petra")
            _look(page, page.goto(walk.url("console/break-glass/", language)), 500, "500", language)


@contextmanager
def _no_database(stack: Stack) -> Iterator[None]:
    """As after a crash: the service's role gets no connection."""
    role = psycopg.sql.Identifier(urlsplit(stack.services()["database_url"]).username or "aurora_app")
    with stack.admin() as database:
        database.execute(psycopg.sql.SQL("ALTER ROLE {} NOLOGIN").format(role))
        database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [role.as_string().strip('"')])
        try:
            yield
        finally:
            database.execute(psycopg.sql.SQL("ALTER ROLE {} LOGIN").format(role))
    wait_for(
        lambda: httpx.get(f"{stack.base_url}/readyz", trust_env=False, timeout=60).status_code == 200,
        "the service to be well again",
        within=60,
    )


def test_an_outage_is_a_page_for_everyone(walk: Walk) -> None:
    with _no_database(walk.world.stack):
        for language in LANGUAGES:
            page = walk.page("dagny")
            _look(page, page.goto(walk.url("home/", language)), 503, "503", language)


def test_an_error_has_no_summary_of_fields(walk: Walk) -> None:
    """What `errors` asks is seen to be missing where it is missing."""
    page = walk.page("anonymous")
    page.goto(walk.url("no-such-page/", "en"))
    assert ask(page, "errors") == ["no summary of errors"]
