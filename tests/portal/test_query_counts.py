"""How many statements each page costs: exact figures, and the same for a citizen with much as for one with little."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from aurora.journeys import own_data
from tests.support.cast import FORM, REGISTER, TAX, Cast, Person, browser

pytestmark = pytest.mark.usefixtures("kept_meanwhile")
# Transactions and scopes are statements too: BEGIN, setting and restoring a scope, COMMIT.
AT_MOST = {
    "landing": 0,
    "home": 18,  # which models and catalogue suggest, what is set aside, and the suggestions themselves
    "sources": 14,  # when each last had an answer
    "connect": 14,
    "pull": 10,
    "pull_fragment": 10,
    "suggestions": 23,  # as the home page; and what was said of them: whether it is noted, hidden, undone
    "activity": 14,  # all counts of the last 30 days are one of them
    "activity, filtered": 14,
    "entry": 13,
    "my_data": 19,
    "copy": 8,
    "consents": 10,
    "consent": 14,
    "withdraw": 9,
    "authorize": 20,
    "api read": 6,
    "api refusal": 6,
    "console overview": 12,  # what needs somebody, of the pages that the operator may open, and the row in the operator's trail
}


def _pages(cast: Cast, person: Person) -> dict[str, Callable[[], Any]]:
    """Each page as one request, after what it needs has been made."""
    face, stranger, operator = person.browser(), browser(), cast.operator_browser()
    token = cast.office.granted(person)["access_token"]
    consent, entry = person.consents(state="given")[-1].pk, person.entries()[0].id
    cast.office.read(token, "population.household")  # the filter of the log finds something
    face.get("/en/suggestions/")  # the home page has one to show
    asked = urlencode({"client_id": cast.office.client_id, "request_uri": cast.office.push()})
    addresses = {
        "home": "home/",
        "sources": "sources/",
        "connect": f"sources/{REGISTER}/connect/",
        "pull": f"pulls/{person.pull_id}/",
        "pull_fragment": f"pulls/{person.pull_id}/progress/",
        "suggestions": "suggestions/",
        "activity": "activity/",
        "activity, filtered": "activity/?agency=benefits-office&kind=read&from=2020-01-01&to=2099-01-01",
        "entry": f"activity/{entry}/",
        "my_data": "my-data/",
        "copy": "my-data/copy/",
        "consents": "consents/",
        "consent": f"consents/{consent}/",
        "withdraw": f"consents/{consent}/withdraw/",
    }
    return {
        "landing": lambda: stranger.get("/en/"),
        **{name: _getter(face, f"/en/{address}") for name, address in addresses.items()},
        "authorize": _getter(face, f"/oauth/authorize?{asked}"),
        "api read": lambda: cast.office.read(token, "population.household"),
        "api refusal": lambda: cast.office.read(token, "population.person"),
        "console overview": lambda: operator.get("/en/console/"),
    }


def _getter(face: Client, address: str) -> Callable[[], Any]:
    return lambda: face.get(address)


def _count(page: Callable[[], Any], *, status: int = 200) -> int:
    page()  # what a process keeps for minutes: keys, the session, the request's browser
    with CaptureQueriesContext(connection) as queries:
        assert page().status_code == status
    return len(queries)


def _counts(cast: Cast, person: Person) -> dict[str, int]:
    return {name: _count(page, status=403 if name == "api refusal" else 200) for name, page in _pages(cast, person).items()}


def test_each_page_costs_no_more_statements_than_this(cast: Cast) -> None:
    assert _counts(cast, cast.aino) == AT_MOST


def test_no_page_costs_more_for_a_citizen_with_much(cast: Cast) -> None:
    """Over sixty entries, twenty decisions, six connections with their pulls, three times the facts."""
    cecilia = cast.cecilia
    little = _counts(cast, cecilia)
    face = cecilia.browser()
    for number in range(8):  # in another language each time: the same no twice is one
        address = f"/{('fi', 'sv', 'en')[number % 3]}/sources/{REGISTER}/connect/"
        page: Any = face.get(address).context["page"]  # type: ignore[attr-defined]
        form = urlencode({"decision": "decline", "notice_token": page.notice_token})
        assert face.post(address, form, content_type=FORM).status_code == 302
    for _ in range(4):
        cecilia.connect(REGISTER)
    for _ in range(30):
        own_data.view(citizen_id=cecilia.id, now=timezone.now())
    first = cecilia.pull_id
    cecilia.connect(TAX)
    cecilia.pull_id = first
    assert len(cecilia.entries()) > 60 and len(cecilia.consents()) > 20
    assert _counts(cast, cecilia) == little


@pytest.mark.parametrize("size", [1, 60])
def test_the_activity_page_is_cut_and_says_where_it_goes_on(cast: Cast, size: int) -> None:
    while len(cast.aino.entries()) < size:
        own_data.view(citizen_id=cast.aino.id, now=timezone.now())
    page = cast.aino.browser().get("/en/activity/").context["page"]  # type: ignore[attr-defined]
    shown = sum(len(day.entries) for day in page.days)
    assert shown == min(20, len(cast.aino.entries())) and bool(page.pagination.next_url) == (len(cast.aino.entries()) > 20)
