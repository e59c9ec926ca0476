"""Entries of the access log as rows, wherever they are listed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from aurora.identity.entries import opened
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import glass_words, mandate_words, words
from aurora.ui.contexts import DayGroup, EntryKind, EntryView
from consent import acting, queries
from consent.ledger.events import Event
from consent.ledger.models import LedgerEntry
from consent.ledger.queries import OpenedEntry
from consent.models import ConsentRecord
from consent.rules import CITIZEN

# A consent's own events say what was decided; whether something was allowed is asked of accesses only.
ACCESS_SUBJECTS = ("twin", "pull", "facts", "evaluation")
# These, and what an operator did without a consent.
ACCESSES = frozenset(event for event in Event if event.subject in ACCESS_SUBJECTS or event in (Event.GLASS_READ, Event.GLASS_REFUSED))
# What is done under a consent by others than the citizen, refused attempts too: reads, pulls, suggestions, evaluations.
USES = tuple(event.value for event in Event if event.subject in ACCESS_SUBJECTS and event.actor != CITIZEN)


def rows(entries: Iterable[LedgerEntry], vocabulary: Vocabulary) -> tuple[EntryView, ...]:
    """Entries in the order given."""
    shown = list(entries)
    behind = _readable({e.consent_ids[0] for e in shown if e.consent_ids})
    return tuple(_row(entry, vocabulary, behind, acted(entry, opened(entry)) if entry.actor == CITIZEN else None) for entry in shown)


def row(entry: LedgerEntry, vocabulary: Vocabulary, found: OpenedEntry | None) -> EntryView:
    """One entry that was opened already."""
    return _row(entry, vocabulary, _readable(set(entry.consent_ids[:1])), acted(entry, found))


def _readable(ids: set[UUID]) -> set[UUID]:
    """Those of the consents that have a page: to an attorney one that reaches beyond their themes has none."""
    if acting.current() is None:
        return ids
    return set(ConsentRecord.objects.filter(queries.within_mandate(), pk__in=ids).values_list("pk", flat=True))


def _row(entry: LedgerEntry, vocabulary: Vocabulary, behind: set[UUID], by: dict[str, Any] | None) -> EntryView:
    """Who, what categories, why, the consent it rests on if that is among `behind`, and whether it was allowed. `by`: who acted for the citizen."""
    event = _event(entry)
    consent = next((one for one in entry.consent_ids[:1] if one in behind), None)
    return EntryView(
        id=str(entry.id),
        kind=words.event_kind(entry.event) if event else EntryKind.CONSENT,
        title=str(_title_of(entry, by)),
        who=_who(entry, vocabulary, by),
        at=entry.at,
        url=reverse("portal:entry", args=[entry.id]),
        categories=tuple(vocabulary.category(code) for code in entry.categories),
        purpose=vocabulary.purpose(entry.purpose),
        consent_url=reverse("portal:consent", args=[consent]) if consent else "",
        allowed=not event.is_refusal if event and event in ACCESSES else None,
        refusal=str(_refusal(entry.decision)) if event and event.is_refusal else "",
    )


def _event(entry: LedgerEntry) -> Event | None:
    """None for a name that no entry is given: somebody has changed it. The row still shows, and its page says so."""
    try:
        return Event(entry.event)
    except ValueError:
        return None


def acted(entry: LedgerEntry, found: OpenedEntry | None) -> dict[str, Any] | None:
    """What the sealed details say of who acted for the citizen; None for what nobody did for them."""
    return found.details if found and entry.actor == CITIZEN and "attorney" in found.details else None


def _title_of(entry: LedgerEntry, by: dict[str, Any] | None) -> Any:
    if by is not None:
        return mandate_words.acted_title(entry.event, by["mandate_kind"])
    return words.event_title(entry.event) if acting.current() is None else mandate_words.persons_title(entry.event)


def _who(entry: LedgerEntry, vocabulary: Vocabulary, by: dict[str, Any] | None) -> Any:
    """An attorney's name is for the citizen and for that attorney: another one, who acts for the citizen now, reads that somebody did it."""
    doing = acting.current()
    if by is not None:
        known = doing is None or str(doing.attorney) == by["attorney"]
        return mandate_words.attorney_as(by["attorney_name"] if known else "", by["mandate_kind"])
    if entry.actor != CITIZEN:
        return vocabulary.agency(entry.actor)
    return words.YOU if doing is None else dict.fromkeys(words.YOU, doing.principal_name)


def by_day(entries: Sequence[LedgerEntry], vocabulary: Vocabulary) -> tuple[DayGroup, ...]:
    """Newest day first, in the citizen's own time zone."""
    days = groupby(entries, key=lambda e: timezone.localtime(e.at).date())
    return tuple(DayGroup(day, rows(found, vocabulary)) for day, found in days)


def _refusal(code: str) -> Any:
    if code in glass_words.REFUSAL_CODES:
        return glass_words.refusal(code)
    return words.refusal(code) if acting.current() is None else mandate_words.persons_refusal(code)
