"""Every page on a first visit with a phone: few requests, few bytes, nothing that waits, moves or is sent twice (`budgets.py`)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.a11y import budgets
from tests.a11y.loading import PLACES, Asked, Loaded, loaded, over
from tests.a11y.places import PAGES
from tests.a11y.walking import Walk


@pytest.mark.parametrize("name", PLACES)
def test_a_page_keeps_its_budget(walk: Walk, name: str) -> None:
    assert over(loaded(walk, *PLACES[name])) == []


def test_each_exception_is_of_a_page_that_there_is() -> None:
    assert set(budgets.MORE_REQUESTS) | set(budgets.MORE_SCRIPT) <= set(PAGES)


def test_what_is_over_is_told(walk: Walk) -> None:
    """Each budget is seen to be broken by a page that breaks it."""
    key, place = PLACES["anonymous /"]
    found = loaded(walk, key, place)
    assert over(found) == []
    document, sheet = found.asked[0], next(one for one in found.asked if one.kind == "Stylesheet")
    spoilt: dict[str, Loaded] = {
        "requests, not": replace(
            found, asked=[*found.asked, *(Asked(f"{document.url}{n}", "Image", 200, headers=sheet.headers) for n in range(3))]
        ),
        "another host": replace(found, asked=[*found.asked, Asked("https://elsewhere.example/a.svg", "Image", 200, headers=sheet.headers)]),
        "asked twice": replace(found, asked=[*found.asked, sheet]),
        "asked for again": replace(found, again=[replace(sheet, kept=False)]),
        "bytes of Document": replace(found, asked=[replace(document, size=40_001), *found.asked[1:]]),
        "no known kind": replace(found, asked=[*found.asked, Asked(f"{document.url}a", "Media", 200, headers=sheet.headers)]),
        "not kept": replace(found, asked=[*found.asked, Asked(f"{document.url}a", "Image", 200)]),
        "not packed": replace(found, asked=[replace(one, headers={**one.headers, "content-encoding": ""}) for one in found.asked]),
        "answered 404": replace(found, asked=[*found.asked, Asked(f"{document.url}a", "Image", 404, headers=sheet.headers)]),
        "before it is drawn": replace(found, seen={**found.seen, "blocking": [*found.seen["blocking"], "more.js"]}),
        "elements 1401": replace(found, seen={**found.seen, "elements": 1_401}),
        "shift 0.2": replace(found, seen={**found.seen, "shift": 0.2}),
        "viewport ''": replace(found, seen={**found.seen, "viewport": ""}),
        "no title": replace(found, seen={**found.seen, "title": ""}),
        "describes itself": replace(found, seen={**found.seen, "description": ""}),
        "without width": replace(found, seen={**found.seen, "unsized": ["a.png"]}),
        "hide their text": replace(found, seen={**found.seen, "unseen": 1}),
        "keeps it for Back": replace(found, listens=["unload"]),
        "console: refused": replace(found, said=["refused"]),
    }
    for told, one in spoilt.items():
        assert any(told in line for line in over(one)), told
