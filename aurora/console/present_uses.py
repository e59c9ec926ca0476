"""From database functions that name no citizen, to the console's page about what agencies report of their uses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings

from aurora.console.present_charts import bar
from aurora.identity import keys
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import formats, monitoring_words, use_words
from aurora.ui.contexts import AskedRow, UseCount, UsesPage
from aurora.ui.contexts.monitoring import Chart, ChartRow
from aurora.ui.contexts.shared import Text
from aurora.ui.templatetags.aurora import localized
from consent.uses import accounts, findings, match
from consent.uses.findings import Count, Day
from consent.uses.match import State
from recommender.monitoring.protect import SMALLEST, Rounder

DAYS, KEPT = 30, timedelta(days=400)


def page(*, now: datetime) -> UsesPage:
    """Rounded by chance, and nothing of fewer than ten but that reports are missing. Three counting functions and the vocabulary.

    An agency that reads of one person alone would tell by its row, its day and its number that this person was read just then: rows and days
    of fewer than ten reads are left out, as those of none are.
    """
    vocabulary, rounder = Vocabulary(), Rounder(keys.rounding_key())
    by_agency: dict[str, list[Count]] = defaultdict(list)
    for count in findings.counts(since=now - KEPT):
        by_agency[count.agency].append(count)
    days: dict[str, list[Day]] = defaultdict(list)
    for day in findings.by_day(since=now - timedelta(days=DAYS), zone=settings.TIME_ZONE):
        if day.reads >= SMALLEST:
            days[day.agency].append(day)
    return UsesPage(
        counts=tuple(_count(code, vocabulary.agency(code), found, rounder) for code, found in sorted(by_agency.items()) if _is_told(found)),
        asked=tuple(
            AskedRow(
                vocabulary.agency(one.agency),
                _told(one.waiting, rounder, one.agency, "waiting"),
                _missing(one.failing, rounder, one.agency, "failing"),
                one.oldest,
                use_words.error(one.error) if one.error else "",
            )
            for one in accounts.asked(now=now)
        ),
        trends=tuple(_trend(code, localized(vocabulary.agency(code)), found, rounder) for code, found in sorted(days.items())),
        days=DAYS,
        within_days=match.REPORT_WITHIN.days,
    )


def _is_told(found: Iterable[Count]) -> bool:
    return any(one.findings >= SMALLEST or one.state == "not_reported" for one in found)


def _count(code: str, agency: Text, found: Iterable[Count], rounder: Rounder) -> UseCount:
    numbers = {state.value: 0 for state in State} | {one.state: one.findings for one in found}
    reported, missing = numbers["matched"] + numbers["differing"], numbers.pop("not_reported")
    return UseCount(
        agency=agency,
        share=monitoring_words.percent(_share(reported, reported + missing, rounder, code)) if reported + missing >= SMALLEST else "",
        oldest=min((one.oldest for one in found if one.state == "not_reported"), default=None),
        not_reported=_missing(missing, rounder, code, "not_reported"),
        **{state: _told(number, rounder, code, state) for state, number in numbers.items()},
    )


def _trend(code: str, agency: str, found: Iterable[Day], rounder: Rounder) -> Chart:
    words = use_words.chart()
    rows = []
    for one in sorted(found, key=lambda d: d.day, reverse=True):
        about = (code, one.day.isoformat())
        share = _share(one.reported, one.reads, rounder, *about)
        told = (_told(one.reads, rounder, *about, "due"), _told(one.reported, rounder, *about, "reported"), monitoring_words.percent(share))
        rows.append(ChartRow(formats.day(one.day), told, bar(share)))
    return Chart(agency, words["day"], (words["reads"], words["reported"], words["share"]), tuple(rows), words["note"])


def _rounded(number: int, rounder: Rounder, *about: str) -> int:
    return max(SMALLEST, rounder(number, "uses", *about))


def _told(number: int, rounder: Rounder, *about: str) -> str:
    return formats.number(_rounded(number, rounder, *about)) if number >= SMALLEST else str(use_words.FEW)


def _missing(number: int, rounder: Rounder, *about: str) -> str:
    """That something is missing at all somebody must see to: none is told from few."""
    return _told(number, rounder, *about) if number else formats.number(0)


def _share(reported: int, due: int, rounder: Rounder, *about: str) -> float:
    """Of ten that were due at least, from the rounded counts, in whole percents and rounded down. All is all, and what is not all is less."""
    if reported == due:
        return 1.0
    return min(0.99, 100 * _rounded(reported, rounder, *about, "reported") // _rounded(due, rounder, *about, "due") / 100)
