"""From rows of the operators' trail to their pages, and to a file. No row names a citizen, so nothing here has to be left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext

from aurora.audit import queries
from aurora.audit.models import NOBODY, OperatorDeed
from aurora.audit.queries import Filter
from aurora.identity.models import Operator
from aurora.ui import operator_words as words
from aurora.ui import sheets
from aurora.ui.contexts.operators import TrailChoice, TrailPage, TrailRow
from consent import ids
from consent.errors import NotFound

COLUMNS = ("operator", "number", "at", "kind", "route", "deed", "about", "outcome", "id", "prev", "commitment", "salt")


def wanted(sent: QueryDict) -> Filter:
    """What the address asks for. Raises `NotFound` for what no form of ours sends."""
    operator, day = sent.get("operator", ""), sent.get("day", "")
    kind, deed = sent.get("kind", ""), sent.get("deed", "")[:64].replace("\x00", "").strip()
    operator_id = ids.typed(operator) if operator else None
    if (operator and operator_id is None) or (kind and kind not in OperatorDeed.Kind.values):
        raise NotFound()
    try:
        chosen = date.fromisoformat(day) if day else None
    except ValueError:
        raise NotFound() from None
    if chosen and not 2000 <= chosen.year <= 2999:
        raise NotFound()
    return Filter(operator_id, kind, deed, chosen)


def everybodys(sent: QueryDict) -> TrailPage:
    """For auditors. Queries: operators, the rows."""
    looked_for = wanted(sent)
    people = dict(Operator.objects.order_by("name", "username").values_list("pk", "name"))
    rows, next_url = _page(looked_for, sent, reverse("console:audit"), people)
    chosen = str(looked_for.operator_id or "")
    return TrailPage(
        rows=rows,
        next_url=next_url,
        operators=tuple(TrailChoice(str(pk), name, str(pk) == chosen) for pk, name in [*people.items(), (NOBODY, gettext("Nobody known"))]),
        kinds=tuple(TrailChoice(kind, words.kind(kind), kind == looked_for.kind) for kind in OperatorDeed.Kind.values),
        deed=looked_for.deed,
        day=looked_for.day.isoformat() if looked_for.day else "",
        filtered=looked_for.narrows,
        clear_url=reverse("console:audit"),
        csv_url=f"{reverse('console:audit_csv')}?{_query(sent)}",
    )


def own(operator: Operator, sent: QueryDict) -> TrailPage:
    """Whoever sits there, about themselves."""
    rows, next_url = _page(Filter(operator.pk), sent, reverse("console:own_trail"), {operator.pk: operator.name})
    return TrailPage(rows=rows, next_url=next_url)


def lately(operator: Operator) -> TrailPage:
    """What whoever sits there did last, without the pages that they opened. Queries: the rows."""
    return TrailPage(rows=tuple(_row(row, {operator.pk: operator.name}) for row in queries.lately(operator.pk)))


def lines(looked_for: Filter) -> Iterator[str]:
    """All rows as CSV with what proves them: the commitment is SHA-256 of the salt and the row's text (docs/decisions/operators.md)."""
    yield sheets.lines([COLUMNS])
    for row in queries.every(looked_for):
        yield sheets.lines([
            (row.operator_id, row.number, row.at.isoformat(), row.kind, row.route, row.deed, " ".join(row.about), row.outcome, row.id,
             bytes(row.prev).hex(), bytes(row.commitment).hex(), bytes(row.salt).hex())
        ])  # fmt: skip


def _page(looked_for: Filter, sent: QueryDict, at: str, people: Mapping[UUID, str]) -> tuple[tuple[TrailRow, ...], str]:
    typed = sent.get("before", "")
    before = ids.typed(typed) if typed else None
    if typed and before is None:
        raise NotFound()
    found, more = queries.page(looked_for, before=before)
    kept = _query(sent)
    next_url = f"{at}?{kept + '&' if kept else ''}before={found[-1].id}" if more else ""
    return tuple(_row(row, people) for row in found), next_url


def _row(row: OperatorDeed, people: Mapping[UUID, str]) -> TrailRow:
    tag, outcome = words.outcome(row.outcome)
    who = people.get(row.operator_id) or (gettext("Nobody known") if row.operator_id == NOBODY else str(row.operator_id))
    return TrailRow(row.at, who, words.kind(row.kind), row.deed or row.route, tuple(row.about), outcome, tag, row.number)


def _query(sent: QueryDict) -> str:
    return urlencode({name: sent[name] for name in ("operator", "kind", "deed", "day") if sent.get(name)})
