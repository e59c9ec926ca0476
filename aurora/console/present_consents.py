"""From figures that the database counted, hid and rounded, to the console's page of consents. Tables with bars."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from aurora.console.present_charts import bar
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import consent_count_words as words
from aurora.ui import formats
from aurora.ui.contexts.consent_counts import ConsentCountsPage
from aurora.ui.contexts.monitoring import Chart, ChartRow
from aurora.ui.templatetags.aurora import localized
from consent.transparency import standing
from consent.transparency.standing import Counted

MONTHS = ("given", "declined", "ended")


def page() -> ConsentCountsPage:
    """Two queries and the vocabulary."""
    counted, vocabulary = standing.newest(), Vocabulary()
    if counted is None:
        return ConsentCountsPage(None, ())
    said: dict[str, Callable[[str], str]] = {
        "purpose": lambda code: localized(vocabulary.purpose(code)) or code,
        "recipient": lambda code: localized(vocabulary.agency(code)),
        "category": lambda code: localized(vocabulary.category(code)),
    }
    return ConsentCountsPage(
        counted.day, (*(_chart(name, counted, said[name]) for name in said), *(_chart(name, counted, _month) for name in MONTHS))
    )


def _chart(name: str, counted: Counted, said: Callable[[str], str]) -> Chart:
    found = counted.by[name]
    folded = name == "recipient"  # of those there are many, and most have few people
    most = max((people for _, people in found if people), default=0)
    rows = tuple(
        ChartRow(
            said(code),
            (str(words.FEW) if people is None else formats.number(people),),
            bar(people / most if people and most else None),
        )
        for code, people in found
        if people is not None or not folded
    )
    if folded and len(rows) < len(found):
        rows += (ChartRow(str(words.OTHERS if rows else words.ALL), (str(words.FEW),)),)
    return Chart(str(words.caption(name)), str(words.first(name)), (str(words.PEOPLE),), rows, str(words.note(name)))


def _month(code: str) -> str:
    year, _, month = code.partition("-")
    return words.month(date(int(year), int(month), 1))
