"""Long lists in pages. Those of rows begin behind a row, the newest first, so that what comes meanwhile moves nothing; those of counts have numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet

from aurora.ui.contexts import Pagination

Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item")


def number(asked: str) -> int:
    """The number of a page as an address names it; 1 for what is none."""
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1


def cut(rows: Sequence[Item], at: int, *, most: int, url: Callable[[int], str]) -> tuple[Sequence[Item], Pagination]:
    """Page `at` of the rows, from 1, with at most `most`, the nearest there is; and the ways to its neighbours, `url` of their numbers."""
    pages = max(1, -(-len(rows) // most))
    at = min(max(at, 1), pages)
    ways = Pagination(at, pages, url(at - 1) if at > 1 else "", url(at + 1) if at < pages else "")
    return rows[(at - 1) * most : at * most], ways


class Turns:
    """Several tables of one page, each cut for itself. The address names where each is (`?counts=2&late=3`), and turning one leaves the others."""

    def __init__(self, asked: Mapping[str, str], *names: str) -> None:
        self._at = {name: number(asked.get(name, "")) for name in names}
        self.ways: dict[str, Pagination] = {}
        """By name of the table, once it is cut."""

    def cut(self, name: str, rows: Sequence[Item], *, most: int) -> Sequence[Item]:
        """At most `most` of the rows: those that the address asks for, the last ones when it asks for more than there are."""
        shown, way = cut(rows, self._at[name], most=most, url=partial(self._url, name))
        self._at[name], self.ways[name] = way.number, way
        return shown

    def _url(self, name: str, to: int) -> str:
        return f"?{urlencode({**{other: at for other, at in self._at.items() if at > 1}, name: to})}#{name}"


def newest_first(rows: QuerySet[Row], moment: str, *, after: Row | None, most: int) -> tuple[list[Row], Row | None]:
    """At most `most` rows by the field `moment`, those behind `after`; and the row behind which the next page begins, None after the last page."""
    rows = rows.order_by(f"-{moment}", "-pk")
    if after is not None:
        at = getattr(after, moment)
        rows = rows.filter(**{f"{moment}__lte": at}).exclude(**{moment: at, "pk__gte": after.pk})
    found = list(rows[: most + 1])
    return found[:most], found[most - 1] if len(found) > most else None
