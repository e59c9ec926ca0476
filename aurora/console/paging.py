"""Long lists in pages, the newest first: a page begins behind a row, so that what comes meanwhile moves nothing."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


def newest_first(rows: QuerySet[Row], moment: str, *, after: Row | None, most: int) -> tuple[list[Row], Row | None]:
    """At most `most` rows by the field `moment`, those behind `after`; and the row behind which the next page begins, None after the last page."""
    rows = rows.order_by(f"-{moment}", "-pk")
    if after is not None:
        at = getattr(after, moment)
        rows = rows.filter(**{f"{moment}__lte": at}).exclude(**{moment: at, "pk__gte": after.pk})
    found = list(rows[: most + 1])
    return found[:most], found[most - 1] if len(found) > most else None
