"""Entries of the access log, as rows and as a page of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from aurora.identity import vault
from aurora.identity.vault import VaultClosed
from aurora.portal.present.consents import notice
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import formats, mandate_words, replay_words, words
from aurora.ui.contexts import ConsentBehind, DayGroup, EntryKind, EntryPage, EntryView, LogPosition, PeriodSummary
from consent import acting, queries
from consent.ledger import queries as ledger
from consent.ledger.events import Event
from consent.ledger.models import LedgerEntry
from consent.models import ConsentRecord
from consent.rules import AURORA, CITIZEN

# A consent's own events say what was decided; whether something was allowed is asked of accesses only.
ACCESS_SUBJECTS = ("twin", "pull", "evaluation")
# What is done under a consent by others than the citizen, refused attempts too: reads, pulls, suggestions, evaluations.
USES = tuple(event.value for event in Event if event.subject in ACCESS_SUBJECTS and event.actor != CITIZEN)


def rows(entries: Iterable[LedgerEntry], vocabulary: Vocabulary) -> tuple[EntryView, ...]:
    """Entries in the order given."""
    shown = list(entries)
    behind = _readable({e.consent_ids[0] for e in shown if e.consent_ids})
    return tuple(row(entry, vocabulary, behind) for entry in shown)


def _readable(ids: set[UUID]) -> set[UUID]:
    """Those of the consents that have a page: to an attorney one that reaches beyond their themes has none."""
    if acting.current() is None:
        return ids
    return set(ConsentRecord.objects.filter(queries.within_mandate(), pk__in=ids).values_list("pk", flat=True))


def row(entry: LedgerEntry, vocabulary: Vocabulary, behind: set[UUID]) -> EntryView:
    """One entry: who, what categories, why, the consent it rests on if that is among `behind`, and whether it was allowed."""
    event, acted = _event(entry), _acted(entry)
    consent = next((one for one in entry.consent_ids[:1] if one in behind), None)
    return EntryView(
        id=str(entry.id),
        kind=words.event_kind(entry.event) if event else EntryKind.CONSENT,
        title=str(_title_of(entry, acted)),
        who=_who(entry, vocabulary, acted),
        at=entry.at,
        url=reverse("portal:entry", args=[entry.id]),
        categories=tuple(vocabulary.category(code) for code in entry.categories),
        purpose=vocabulary.purpose(entry.purpose),
        consent_url=reverse("portal:consent", args=[consent]) if consent else "",
        allowed=not event.is_refusal if event and event.subject in ACCESS_SUBJECTS else None,
        refusal=str(_refusal(entry.decision)) if event and event.is_refusal else "",
    )


# Suggestions and estimates made again: who had it done, and what came of it, stands in the entry's sealed part.
REPLAYS = frozenset({Event.SUGGESTION_REPLAYED.value, Event.OWN_SUGGESTION_REPLAYED.value, Event.EVALUATION_REPLAYED.value})


def _event(entry: LedgerEntry) -> Event | None:
    """None for a name that no entry is given: somebody has changed it. The row still shows, and its page says so."""
    try:
        return Event(entry.event)
    except ValueError:
        return None


def _acted(entry: LedgerEntry) -> dict[str, Any] | None:
    """What the sealed details say of who acted for the citizen; None for what nobody did for them."""
    if entry.actor != CITIZEN:
        return None
    try:
        details = ledger.open_entry(entry, partial(vault.open_sealed, citizen_id=entry.citizen_id)).details
    except VaultClosed:
        return None
    return details if "attorney" in details else None


def _title_of(entry: LedgerEntry, acted: dict[str, Any] | None) -> Any:
    if acted is not None:
        return mandate_words.acted_title(entry.event, acted["mandate_kind"])
    return words.event_title(entry.event) if acting.current() is None else mandate_words.persons_title(entry.event)


def _who(entry: LedgerEntry, vocabulary: Vocabulary, acted: dict[str, Any] | None) -> Any:
    """An attorney's name is for the citizen and for that attorney: another one, who acts for the citizen now, reads that somebody did it."""
    doing = acting.current()
    if acted is not None:
        known = doing is None or str(doing.attorney) == acted["attorney"]
        return mandate_words.attorney_as(acted["attorney_name"] if known else "", acted["mandate_kind"])
    if entry.actor != CITIZEN:
        return vocabulary.agency(entry.actor)
    return words.YOU if doing is None else dict.fromkeys(words.YOU, doing.principal_name)


def by_day(entries: Sequence[LedgerEntry], vocabulary: Vocabulary) -> tuple[DayGroup, ...]:
    """Newest day first, in the citizen's own time zone."""
    days = groupby(entries, key=lambda e: timezone.localtime(e.at).date())
    return tuple(DayGroup(day, rows(found, vocabulary)) for day, found in days)


def events_of(kind: str) -> list[str] | None:
    """The events behind one choice of the filter; None for all."""
    if kind not in {k.value for k in EntryKind}:
        return None
    return [e.value for e in Event if words.event_kind(e.value) == kind]


def summary(*, citizen_id: UUID, days: int, now: datetime) -> PeriodSummary:
    """Counts over the last days, made in the database."""
    since = ledger.visible(citizen_id).filter(at__gte=now - timedelta(days=days))
    accesses = since.filter(event__regex=f":({'|'.join(ACCESS_SUBJECTS)}):")
    agencies = accesses.exclude(actor__in=[AURORA, CITIZEN])
    return PeriodSummary(
        days=days,
        accesses=accesses.count(),
        by_agencies=agencies.count(),
        refused=accesses.exclude(decision="permit").count(),
        organisations=agencies.values("actor").distinct().count(),
    )


def agencies_seen(*, citizen_id: UUID) -> list[str]:
    """The agencies that stand in this citizen's log."""
    mine = ledger.visible(citizen_id).exclude(actor__in=[AURORA, CITIZEN])
    return list(mine.order_by("actor").values_list("actor", flat=True).distinct())


def entry_page(entry: LedgerEntry, vocabulary: Vocabulary) -> EntryPage:
    """Why was this allowed: consent, text as shown, decision, entry, and where it stands in the public log."""
    return EntryPage(
        entry=rows([entry], vocabulary)[0],
        decision=_decision(entry, _is_genuine(entry)),
        number=entry.seq,
        commitment=bytes(entry.commitment).hex(),
        activity_url=reverse("portal:activity"),
        previous_commitment=bytes(entry.prev).hex() if entry.seq > 1 else "",
        consents=_consents(entry, vocabulary),
        position=_position(entry),
    )


def _is_genuine(entry: LedgerEntry) -> bool:
    """Whether the entry is what was committed to. One that does not open under its citizen's key is not."""
    try:
        return ledger.open_entry(entry, partial(vault.open_sealed, citizen_id=entry.citizen_id)).genuine
    except VaultClosed:
        return False


def _decision(entry: LedgerEntry, genuine: bool) -> str:
    if not genuine:
        return str(words.error("entry_changed"))
    if entry.event in REPLAYS:
        return replay_words.said(ledger.open_entry(entry, partial(vault.open_sealed, citizen_id=entry.citizen_id)).details)
    if entry.actor == CITIZEN:
        return str(words.own_deed() if _acted(entry) is None and acting.current() is None else mandate_words.acted_deed())
    said = words.decision if acting.current() is None else mandate_words.persons_decision
    return str(said("" if entry.decision == "permit" else entry.decision))


def _refusal(code: str) -> Any:
    return words.refusal(code) if acting.current() is None else mandate_words.persons_refusal(code)


def _consents(entry: LedgerEntry, vocabulary: Vocabulary) -> tuple[ConsentBehind, ...]:
    """In the entry's order. An access may rest on several, each for some of its data: their names then say for which."""
    mine = ConsentRecord.objects.filter(queries.within_mandate(), pk__in=entry.consent_ids).select_related("notice")
    found = sorted(mine, key=lambda record: entry.consent_ids.index(record.pk))
    return tuple(
        ConsentBehind(
            title=_title(record, vocabulary, apart=len(found) > 1),
            url=reverse("portal:consent", args=[record.pk]),
            notice=notice(record.notice),
            notice_language=record.notice.language,
        )
        for record in found
    )


def _title(record: ConsentRecord, vocabulary: Vocabulary, *, apart: bool) -> str:
    name: str = vocabulary.purpose(record.purpose_id).get(formats.language(), "")
    data = ", ".join(vocabulary.category(code).get(formats.language(), "") for code in record.categories)
    return f"{name} ({data})" if apart else name


def _position(entry: LedgerEntry) -> LogPosition | None:
    proof = ledger.proof_for(entry)
    newest = ledger.newest_checkpoint()
    if proof is None or newest is None:
        return None
    return LogPosition(
        leaf_index=proof.index,
        tree_size=newest.size,
        checkpoint_at=newest.at,
        checkpoint_url="/ledger/checkpoint",
        root_hash=bytes(newest.root).hex(),
    )
