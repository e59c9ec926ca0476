"""The list of agencies: a country's many in pages that keep their budget, and one found by its name in any language or its code."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from aurora.console.present_agency_list import A_PAGE
from aurora.ui.contexts import AgenciesPage
from tests.console.country import MANY, only

PATH = "/en/console/agencies/"


def page_of(face: Browser, address: str = PATH, **query: str) -> AgenciesPage:
    answer: Any = face.get(address, query)
    assert answer.status_code == 200
    page: AgenciesPage = answer.context["page"]
    return page


def test_all_are_met_once_on_the_way_through_the_pages(officer: Browser, country: str) -> None:
    page, met = page_of(officer, q=country), list[str]()
    while True:
        assert 0 < len(page.agencies) <= A_PAGE and page.total == MANY
        met += [row.code for row in page.agencies]
        if not page.pagination.next_url:
            break
        page = page_of(officer, page.pagination.next_url)
    assert met == [f"{country}-{number:03}" for number in range(MANY)] and page.pagination.previous_url


@pytest.mark.usefixtures("kept_meanwhile")
@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_a_page_of_long_names_keeps_its_budget(officer: Browser, country: str, language: str) -> None:
    address = f"/{language}/console/agencies/"
    choices = officer.get(f"/{language}/console/delays/").content.decode()
    assert f'value="{country}-119"' in choices and len(only(country, choices)) <= 40_000, "all of them are its form's choices"
    officer.get(address)
    with CaptureQueriesContext(connection) as queries:
        answer: Any = officer.get(address)
    page = answer.context["page"]
    assert len(page.agencies) == A_PAGE and page.total >= MANY and page.pagination.next_url
    assert len(queries) <= 12 and len(answer.content) <= 40_000, (len(queries), len(answer.content))


def test_one_is_found_by_its_name_in_any_language_or_its_code(officer: Browser, country: str) -> None:
    for asked in (f"KESKUS {country} 007", f"central {country} 007", f"Centre {country} 007", f"{country}-007"):
        assert [row.code for row in page_of(officer, q=asked).agencies] == [f"{country}-007"]


@pytest.mark.usefixtures("country")
@pytest.mark.parametrize(("asked", "number"), [("2", 2), ("0", 1), ("-1", 1), ("x", 1), ("٣", 1), ("99999", 0), ("9" * 99, 1)])
def test_a_page_that_is_none_is_the_nearest(officer: Browser, asked: str, number: int) -> None:
    shown = page_of(officer, page=asked).pagination
    assert shown.number == (number or shown.count)


def test_what_nobody_is_called_is_said(officer: Browser, country: str) -> None:
    answer: Any = officer.get(PATH, {"q": f"<b>{country}\x00</b>"})
    said = answer.content.decode()
    assert "No agency was found." in said and "<b>q" not in said and 'href="/en/console/agencies/">Show all' in said
