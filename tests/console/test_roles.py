"""docs/operations/roles.md against every page of the console: each role gets just what the table says, and the frame shows just that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import URLPattern

from aurora.console import trail, urls
from aurora.identity.models import Operator
from aurora.ui import console_layout, operator_words
from tests.attacks.routes import ROUTES, Route
from tests.console.officials import Official, official
from tests.support.cast import Cast

DOC = Path(__file__).resolve().parents[2] / "docs" / "operations" / "roles.md"
ROLES = ("operations", "agency_officer", "catalogue_editor", "model_steward", "privacy_officer", "auditor", "administrator")
COMERS = {"sign_in", "second_factor", "enrol", "join", "sign_out"}
CELLS = {"read": {"GET"}, "do": {"POST"}, "read, do": {"GET", "POST"}, "–": set[str]()}
PATTERNS = [one for one in urls.urlpatterns if isinstance(one, URLPattern)]


def _table() -> dict[str, dict[str, set[str]]]:
    """By page and role, the methods that are let in."""
    found = {}
    for line in DOC.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 1 + len(ROLES) and re.fullmatch(r"`[a-z_]+`", cells[0]):
            found[cells[0].strip("`")] = {role: CELLS[cell] for role, cell in zip(ROLES, cells[1:], strict=True)}
    return found


def _route(pattern: URLPattern) -> Route:
    return ROUTES[f"LANG/console/{pattern.pattern}"]


@pytest.fixture(scope="module")
def everyone(committed_cast: Cast, django_db_blocker: pytest.FixtureRequest) -> Iterator[dict[str, Official]]:
    from contextlib import ExitStack

    with django_db_blocker.unblock(), ExitStack() as stack:  # type: ignore[attr-defined]
        yield {role: stack.enter_context(official(role)) for role in ROLES}


def test_the_table_names_every_page_and_role() -> None:
    assert set(_table()) | COMERS == {pattern.name for pattern in PATTERNS}
    assert set(ROLES) == set(Operator.Role.values) == set(operator_words.ROLES) == set(operator_words.DUTIES)


@pytest.mark.parametrize("pattern", [one for one in PATTERNS if one.name not in COMERS], ids=lambda one: one.name)
def test_each_role_gets_what_the_table_says(cast: Cast, everyone: dict[str, Official], pattern: URLPattern) -> None:
    route, wanted = _route(pattern), _table()[str(pattern.name)]
    for role, who in everyone.items():
        for method in route.methods & {"GET", "POST"}:
            answer = who.get(route.path) if method == "GET" else who.post(route.path)
            assert (answer.status_code == 403) == (method not in wanted[role]), (role, method, answer.status_code)
            if answer.status_code == 403:
                assert "au-table" not in answer.content.decode(), "a refusal tells nothing of what is there"


@pytest.mark.parametrize("role", ROLES)
def test_the_navigation_shows_what_opens_and_nothing_else(cast: Cast, everyone: dict[str, Official], role: str) -> None:
    who, seen = everyone[role], set[str]()
    groups = re.findall(r'<a href="(/en/console/[^"]*)"', _navigation(who, "/en/console/"))
    for first in groups:
        seen |= set(re.findall(r'<a href="(/en/console/[^"]*)"', _navigation(who, first)))
    assert all(who.get(path).status_code == 200 for path in seen)
    listed = {name for _label, names in console_layout.GROUPS for name, _words in names}
    table = _table()
    assert seen == {_route(one).path for one in PATTERNS if one.name in listed and "GET" in table[str(one.name)][role]}


def _navigation(who: Official, path: str) -> str:
    text = who.get(path).content.decode()
    return "".join(re.findall(r'<nav class="au-nav.*?</nav>', text, re.DOTALL))


def test_a_page_says_for_whom_it_is_and_where_one_is(cast: Cast, everyone: dict[str, Official]) -> None:
    text = everyone["auditor"].get("/en/console/agencies/benefits-office/").content.decode()
    assert "This page is for these roles: Agency officer, Auditor." in text
    assert re.search(r'<a href="/en/console/agencies/" aria-current="true"', text)
    assert 'href="/sv/console/agencies/benefits-office/"' in text, "the language link keeps the page"


def test_what_answers_a_post_alone_knows_where_its_form_was() -> None:
    alone = {str(one.name) for one in PATTERNS if "GET" not in _route(one).methods} - COMERS
    assert alone <= set(console_layout.POSTED)
    assert set(console_layout.POSTED.values()) <= {one.name for one in PATTERNS}


def test_of_each_address_with_a_part_it_is_said_whether_the_trail_names_it() -> None:
    with_parts = {str(one.name): set(one.pattern.converters) for one in PATTERNS if one.pattern.converters}
    assert set(with_parts) == set(trail.ABOUT) | trail.SILENT and not set(trail.ABOUT) & trail.SILENT
    assert all(part in with_parts[name] for name, part in trail.ABOUT.items())
