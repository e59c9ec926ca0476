"""How much of somebody's data stands on one page: what is more goes on the next, so that no page outgrows what a slow connection bears."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.urls import reverse

from aurora.ui.contexts import FactGroup, Text

ROWS = 18
"""Facts a page. With who read each and what can be done about it a fact is some kilobyte and a half of HTML."""
MISSING_WITH = ROWS // 2
"""What is not in Aurora stands below so many facts at most, else on a page of its own."""


@dataclass(frozen=True, slots=True)
class DataPage:
    """What one page shows."""

    groups: tuple[FactGroup, ...]
    missing: tuple[FactGroup, ...] = ()


def number(asked: Mapping[str, str]) -> int:
    """Which page is asked for: the first, unless a number says otherwise."""
    text = asked.get("page", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 1


def url(page: int) -> str:
    """Where a page is."""
    return reverse("portal:my_data") + (f"?page={page}" if page > 1 else "")


def cut(groups: Iterable[FactGroup], missing: Iterable[FactGroup]) -> list[DataPage]:
    """One page at least. A kind of data is divided only if it is more than a page by itself."""
    pages: list[list[FactGroup]] = [[]]
    room = ROWS
    for group in groups:
        if len(group.facts) > room and room < ROWS:
            pages.append([])
            room = ROWS
        for begin in range(0, len(group.facts), ROWS):
            if begin:
                pages.append([])
                room = ROWS
            facts = group.facts[begin : begin + ROWS]
            pages[-1].append(replace(group, facts=facts))
            room -= len(facts)
    found, rest = [DataPage(tuple(page)) for page in pages], tuple(missing)
    if not rest:
        return found
    if ROWS - room <= MISSING_WITH:
        return [*found[:-1], replace(found[-1], missing=rest)]
    return [*found, DataPage((), rest)]


def kinds(pages: Iterable[DataPage]) -> tuple[tuple[Text, str], ...]:
    """Each kind of data with where it begins."""
    found: dict[str, tuple[Text, str]] = {}
    for at, page in enumerate(pages, start=1):
        for group in page.groups:
            found.setdefault(group.category.code, (group.category.name, f"{url(at)}#{group.category.code}"))
    return tuple(found.values())
