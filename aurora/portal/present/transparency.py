"""The public numbers as a page and as files: what is published and nothing else is read here."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from django.urls import reverse

from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import sheets
from aurora.ui import transparency_words as words
from aurora.ui.contexts.transparency import FiguresRow, FiguresTable, MonthChoice, TransparencyPage
from consent.ledger import queries as ledger
from consent.transparency import queries

# As the function that publishes has it: days after the end of a month.
SETTLED = timedelta(days=8)
FORMAT = "aurora-transparency-1"


def page(wanted: str, *, today: date) -> TransparencyPage | None:
    """The month that is asked for as `2026-10`, else the newest; None for one that is not published."""
    published = queries.months()
    named = {f"{month:%Y-%m}": month for month in published}
    if wanted and wanted not in named:
        return None
    chosen = queries.month(named[wanted] if wanted else published[0]) if published else None
    newest = ledger.newest_checkpoint()
    return TransparencyPage(
        month=words.month(chosen.month) if chosen else "",
        published_at=chosen.at if chosen else None,
        months=tuple(
            MonthChoice(words.month(month), f"?month={name}", chosen is not None and chosen.month == month) for name, month in named.items()
        ),
        tables=_tables(chosen, Vocabulary()) if chosen else (),
        json_url=reverse("transparency_json"),
        csv_url=reverse("transparency_csv"),
        next_day=_next_day(published, today),
        log_url=reverse("portal:public_log"),
        checkpoint_at=newest.at if newest else None,
        tree_size=newest.size if newest else 0,
    )


def _next_day(published: list[date], today: date) -> date:
    """When the first month that is not told yet will be."""
    month = _after(published[0]) if published else today.replace(day=1)
    return _after(month) + SETTLED


def _after(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _tables(chosen: queries.Month, vocabulary: Vocabulary) -> tuple[FiguresTable, ...]:
    return tuple(_table(section, rows, vocabulary) for section, rows in chosen.sections.items())


def _table(section: str, rows: tuple[queries.Row, ...], vocabulary: Vocabulary) -> FiguresTable:
    title, explained = words.SECTIONS[section]
    heads = tuple(str(words.MEASURES[measure]) for measure in queries.SECTIONS[section])
    # A total is the sum of what is told, never counted apart: it gives nothing away.
    told = tuple(_sum([row.told[place] for row in rows]) for place in range(len(heads)))
    return FiguresTable(
        code=section,
        title=str(title),
        explained=str(explained),
        heads=heads,
        rows=tuple(FiguresRow(vocabulary.agency(row.agency), tuple(zip(heads, row.told, strict=True))) for row in rows),
        total=FiguresRow({}, tuple(zip(heads, told, strict=True))) if len(rows) > 1 else None,
    )


def _sum(numbers: list[int | None]) -> int | None:
    told = [number for number in numbers if number is not None]
    return sum(told) if told else None


def as_json() -> str:
    """Every published month. A number is null where it is not told."""
    figures = [
        {"month": f"{month:%Y-%m}", "measure": measure, "agency": agency, "number": told}
        for month, measure, agency, told in queries.figures()
    ]
    newest = ledger.newest_checkpoint()
    document: dict[str, Any] = {
        "format": FORMAT,
        "rounded_to": 10,
        "not_told": "null: fewer than ten people, or none, or a number that would give one of those away",
        "checkpoint": newest.note if newest else None,
        "figures": figures,
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def as_csv() -> str:
    """The same, RFC 4180; no number where it is not told."""
    head = ("month", "measure", "agency", "number")
    told = ((f"{month:%Y-%m}", measure, agency, "" if number is None else number) for month, measure, agency, number in queries.figures())
    return sheets.lines([head, *told])
