"""My data on several pages: everything stands somewhere once, and no page bears more than it should."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from aurora.portal.present import data_pages
from aurora.portal.present.data_pages import MISSING_WITH, ROWS, cut, kinds, number, url
from aurora.ui.contexts import FactGroup, FactRow, Provenance
from aurora.ui.contexts.shared import CategoryView
from tests.support.cast import Cast

NAMES = dict.fromkeys(("fi", "sv", "en"), "Name")


def group(code: str, facts: int) -> FactGroup:
    row = FactRow(label=NAMES, value=1, source_name=NAMES, provenance=Provenance.REPORTED, observed_at=timezone.now())
    return FactGroup(CategoryView(code, NAMES, NAMES), NAMES, tuple(replace(row, value=n) for n in range(facts)))


@pytest.mark.parametrize(
    ("sizes", "pages"),
    [
        ([], [[]]),
        ([3, 4], [[3, 4]]),
        ([ROWS], [[ROWS]]),
        ([ROWS - 1, 2, 3], [[ROWS - 1], [2, 3]]),
        ([1, ROWS, 1], [[1], [ROWS], [1]]),
        ([2, ROWS * 2 + 5, 4], [[2], [ROWS], [ROWS], [5, 4]]),
    ],
    ids=str,
)
def test_kinds_of_data_stay_together_where_they_can(sizes: list[int], pages: list[list[int]]) -> None:
    found = cut([group(f"kind{at}", size) for at, size in enumerate(sizes)], [])
    assert [[len(one.facts) for one in page.groups] for page in found] == pages
    assert [row.value for page in found for one in page.groups for row in one.facts] == [n for size in sizes for n in range(size)]
    assert all(sum(len(one.facts) for one in page.groups) <= ROWS for page in found)


@pytest.mark.parametrize(("facts", "pages"), [(0, 1), (MISSING_WITH, 1), (MISSING_WITH + 1, 2)])
def test_what_is_missing_stands_last_and_alone_where_there_is_no_room(facts: int, pages: int) -> None:
    found = cut([group("kind", facts)] if facts else [], [group("not-there", 0)])
    assert len(found) == pages and [len(page.missing) for page in found] == [0] * (pages - 1) + [1]


def test_each_kind_is_named_once_with_where_it_begins() -> None:
    found = cut([group("first", 2), group("long", ROWS + 1), group("last", 1)], [])
    assert [address for _, address in kinds(found)] == [f"{url(1)}#first", f"{url(2)}#long", f"{url(3)}#last"]


@pytest.mark.parametrize(("sent", "meant"), [("", 1), ("2", 2), ("0", 0), ("-1", 1), ("x", 1), ("²", 1), ("99999", 1), ("1 ", 1)])
def test_a_page_is_a_small_number(sent: str, meant: int) -> None:
    assert number({"page": sent}) == meant


def test_pages_lead_to_each_other_and_show_all_there_is(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    face, address = cast.aino.browser(), "/en/my-data/"
    whole = face.get(address).context["page"]
    assert whole.next_url == whole.previous_url == "" and whole.kinds == () and len(_labels(whole)) > 2
    monkeypatch.setattr(data_pages, "ROWS", 2)
    shown, missing = list[tuple[str, str]](), 0
    while address:
        answer = face.get(address)
        page = answer.context["page"]
        assert len(_labels(page)) <= 2 and [name for name, _ in page.kinds] == [one.category.name for one in whole.groups]
        shown, missing, address = shown + _labels(page), missing + len(page.missing), page.next_url
    assert shown == _labels(whole) and missing == len(whole.missing)
    assert face.get(page.previous_url).context["page"].next_url
    beyond = face.get("/en/my-data/?page=9999")
    assert beyond.status_code == 200 and beyond.context["page"].next_url == "" and "Not in Aurora" in beyond.content.decode()
    assert b"Aurora holds no data about you yet." not in beyond.content


def _labels(page: Any) -> list[tuple[str, str]]:
    return [(one.category.code, row.label["en"]) for one in page.groups for row in one.facts]
