"""From database functions that name no citizen, to the console's page about what agencies report of their uses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings

from aurora.console.present_charts import bar
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import formats, monitoring_words, use_words
from aurora.ui.contexts import AskedRow, UseCount, UsesPage
from aurora.ui.contexts.monitoring import Chart, ChartRow
from aurora.ui.contexts.shared import Text
from aurora.ui.templatetags.aurora import localized
from consent.uses import accounts, findings, match
from consent.uses.findings import Count, Day
from consent.uses.match import State

DAYS, KEPT = 30, timedelta(days=400)


def page(*, now: datetime) -> UsesPage:
    """Exact figures: how often an agency reports says nothing of anybody. Three counting functions and the vocabulary."""
    vocabulary = Vocabulary()
    by_agency: dict[str, list[Count]] = defaultdict(list)
    for count in findings.counts(since=now - KEPT):
        by_agency[count.agency].append(count)
    days: dict[str, list[Day]] = defaultdict(list)
    for day in findings.by_day(since=now - timedelta(days=DAYS), zone=settings.TIME_ZONE):
        days[day.agency].append(day)
    return UsesPage(
        counts=tuple(_count(vocabulary.agency(code), found) for code, found in sorted(by_agency.items())),
        asked=tuple(
            AskedRow(vocabulary.agency(one.agency), one.waiting, one.failing, one.oldest, use_words.error(one.error) if one.error else "")
            for one in accounts.asked(now=now)
        ),
        trends=tuple(_trend(localized(vocabulary.agency(code)), found) for code, found in sorted(days.items())),
        days=DAYS,
        within_days=match.REPORT_WITHIN.days,
    )


def _count(agency: Text, found: Iterable[Count]) -> UseCount:
    numbers = {state.value: 0 for state in State} | {one.state: one.findings for one in found}
    reported = numbers["matched"] + numbers["differing"]
    due = reported + numbers["not_reported"]
    return UseCount(
        agency=agency,
        share=monitoring_words.percent(_floored(reported, due)) if due else "",
        oldest=min((one.oldest for one in found if one.state in ("not_reported", "in_doubt", "open")), default=None),
        **numbers,
    )


def _trend(agency: str, found: Iterable[Day]) -> Chart:
    words = use_words.chart()
    rows = tuple(
        ChartRow(
            formats.day(one.day),
            (
                formats.number(one.reads),
                formats.number(one.reported),
                monitoring_words.percent(_floored(one.reported, one.reads)) if one.reads else "–",
            ),
            bar(one.reported / one.reads if one.reads else None),
        )
        for one in sorted(found, key=lambda d: d.day, reverse=True)
    )
    return Chart(agency, words["day"], (words["reads"], words["reported"], words["share"]), rows, words["note"])


def _floored(part: int, whole: int) -> float:
    """In whole percents, rounded down: all is all."""
    return 100 * part // whole / 100
