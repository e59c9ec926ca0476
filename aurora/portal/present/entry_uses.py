"""What the page of an entry says of the use that an agency reports: on a read, and on the report itself."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from aurora.identity.vault import VaultClosed
from aurora.journeys import report_use
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import formats, use_words
from aurora.ui.contexts import ToldUse, UsesPart
from consent import acting
from consent.ledger.events import Event
from consent.ledger.models import LedgerEntry
from consent.uses import findings, match, notes, reports
from consent.uses.match import Delivery, Report
from consent.uses.models import UsageReport

TOLD = frozenset({Event.USE_REPORTED.value, Event.USE_DISCLOSED.value})


def part(entry: LedgerEntry, vocabulary: Vocabulary) -> UsesPart | None:
    """None for entries that no use is reported of, and for who acts within themes: the other of the two may lie outside of them."""
    doing = acting.current()
    if doing is not None and not doing.scope.everything:
        return None
    if entry.event == Event.AGENCY_READ.value:
        return _of_read(entry, vocabulary, timezone.now())
    if entry.event in TOLD:
        return _of_report(entry, vocabulary)
    return None


def _of_read(entry: LedgerEntry, vocabulary: Vocabulary, now: datetime) -> UsesPart:
    """By the finding, if there is one; a read that has just been made, or reported, is judged as it will be."""
    found = findings.of_entry(citizen_id=entry.citizen_id, entry_id=entry.pk)
    if found is not None and (found.report is not None or found.state not in ("open", "in_doubt")):
        state, differing, report = found.state, list(found.differs), found.report
    else:
        state, differing, report = _judged(entry, now)
    day = formats.day(timezone.localtime(entry.at + match.REPORT_WITHIN).date())
    return UsesPart(
        of_a_read=True,
        state=use_words.of_read(state, day=day),
        tag=use_words.tag(state),
        tone=use_words.TONES[state],
        told=_told(report, vocabulary) if report else None,
        differs=tuple(use_words.differs(one) for one in differing),
        url=_url(report.logged_id) if report else "",
    )


def _judged(entry: LedgerEntry, now: datetime) -> tuple[str, list[str], UsageReport | None]:
    report = reports.naming(citizen_id=entry.citizen_id, entry_id=entry.pk)
    noted = entry.pk in notes.noted(citizen_id=entry.citizen_id, entries=[entry.pk])
    delivery = Delivery(entry.pk, entry.at, entry.actor, entry.purpose or "", tuple(entry.categories), noted)
    told = [Report(report.pk, report.used_at, report.receiver_code, report.purpose, tuple(report.categories), entry.pk)] if report else []
    [found] = match.reconcile([delivery], told, now)
    return found.state.value, [one.value for one in found.differs], report


def _of_report(entry: LedgerEntry, vocabulary: Vocabulary) -> UsesPart | None:
    report = reports.logged_as(citizen_id=entry.citizen_id, logged_id=entry.pk)
    if report is None:
        return None
    found = findings.of_report(citizen_id=entry.citizen_id, report_id=report.pk)
    state = found.state if found else "open"
    return UsesPart(
        of_a_read=False,
        state=use_words.of_report(state),
        tag=use_words.tag(state) if found else "",
        tone=use_words.TONES[state],
        told=_told(report, vocabulary),
        differs=tuple(use_words.differs(one) for one in found.differs) if found else (),
        url=_url(found.entry_id) if found and found.entry_id else "",
    )


def _told(report: UsageReport, vocabulary: Vocabulary) -> ToldUse | None:
    try:
        words = report_use.words_of(report)
    except VaultClosed:
        return None
    return ToldUse(
        at=report.used_at,
        action=words["action"],
        receiver=words["receiver_name"],
        receiver_code=report.receiver_code,
        system=words["system"],
        how=use_words.came(report.came),
        categories=tuple(vocabulary.category(code) for code in report.categories),
        purpose=vocabulary.purpose(report.purpose) if report.purpose else None,
    )


def _url(entry_id: UUID) -> str:
    return reverse("portal:entry", args=[entry_id])
