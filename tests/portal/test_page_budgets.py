"""What each page may cost: twelve statements that ask or write, and forty thousand bytes of HTML, in whichever language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from aurora.identity.models import Operator
from tests.attacks.routes import NOBODYS, ROUTES
from tests.portal.test_query_counts import _pages
from tests.support.cast import Cast, browser

pytestmark = pytest.mark.usefixtures("kept_meanwhile")
STATEMENTS, BYTES = 12, 40_000
# Before somebody leaves for good nine kinds of things that will go are counted, each by the room that keeps it: it is opened once in a life.
MORE = {"leave/": 18}
# What begins and ends a transaction or a citizen's scope in it asks for nothing.
FRAME = re.compile(r"BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SELECT set_config|SET ")
PAGES = {
    name.removeprefix("LANG/"): route
    for name, route in ROUTES.items()
    if name.startswith("LANG/") and "GET" in route.methods and str(NOBODYS) not in route.path
}
# A file to keep, which has the whole verifier in it: no page of the portal.
del PAGES["activity/verify/aurora-verify.html"]


@pytest.fixture(scope="module")
def operator(committed_cast: Cast, django_db_blocker: Any) -> Any:
    """An operator with every role: no page is hidden."""
    with django_db_blocker.unblock():
        before = Operator.objects.get(username="olavi").roles
        Operator.objects.filter(username="olavi").update(roles=Operator.Role.values)
        face = committed_cast.operator_browser()
    yield face
    with django_db_blocker.unblock():
        Operator.objects.filter(username="olavi").update(roles=before)


def _cost(page: Callable[[], Any]) -> tuple[int, int, str]:
    """(statements, bytes, kind of content); asked twice, since a process keeps keys and compiled files from the first."""
    page()
    with CaptureQueriesContext(connection) as queries:
        answer = page()
    size = len(b"".join(answer.streaming_content) if answer.streaming else answer.content)
    asked = [one["sql"] for one in queries.captured_queries if not FRAME.match(one["sql"])]
    return len(asked), size, answer.headers.get("Content-Type", "")


def _over(pages: Mapping[str, Callable[[], Any]], most: int = STATEMENTS) -> dict[str, tuple[int, int]]:
    """What costs more than it may, by name: statements and bytes. A file is as large as it is."""
    costs = {name: _cost(page) for name, page in pages.items()}
    return {
        name: (asked, size)
        for name, (asked, size, kind) in costs.items()
        if asked > most or (size > BYTES and kind.startswith("text/html"))
    }


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_keeps_its_budget(name: str, cast: Cast, operator: Client) -> None:
    route = PAGES[name]
    face = {"operator": operator, "citizen": cast.aino.browser()}.get(route.who) or browser()
    pages = {language: partial(face.get, route.path.replace("/en/", f"/{language}/", 1)) for language in ("fi", "sv", "en")}
    assert _over(pages, MORE.get(name, STATEMENTS)) == {}


def test_pages_of_one_thing_keep_it_too(cast: Cast) -> None:
    assert _over({name: page for name, page in _pages(cast, cast.aino).items() if name != "console overview"}) == {}
