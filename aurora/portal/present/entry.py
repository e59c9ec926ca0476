"""One entry as a page: why was this allowed, and where does it stand in the public log.

Each room that adds to this page has a module of its own (`entry_<room>.py`) and one line in `entry_page`, where the entry is opened, once.
"""

from __future__ import annotations

from django.urls import reverse

from aurora.identity.entries import opened
from aurora.portal.present import entry_break_glass, entry_concerns, entry_delay, entry_fields, entry_proof, entry_uses, log
from aurora.portal.present.consents import notice
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import formats, mandate_words, replay_words, use_words, words
from aurora.ui.contexts import ConsentBehind, EntryPage, LogPosition
from consent import acting, queries
from consent.ledger import queries as ledger
from consent.ledger.events import Event
from consent.ledger.models import LedgerEntry
from consent.ledger.queries import OpenedEntry
from consent.models import ConsentRecord
from consent.rules import CITIZEN

# Suggestions and estimates made again: who had it done, and what came of it, stands in the entry's sealed part.
REPLAYS = frozenset({Event.SUGGESTION_REPLAYED.value, Event.OWN_SUGGESTION_REPLAYED.value, Event.EVALUATION_REPLAYED.value})


def entry_page(entry: LedgerEntry, vocabulary: Vocabulary) -> EntryPage:
    """Why was this allowed: consent, text as shown, decision, entry, and where it stands in the public log."""
    found, position = opened(entry), _position(entry)
    return EntryPage(
        entry=log.row(entry, vocabulary, found),
        decision=_decision(entry, found),
        number=entry.seq,
        commitment=bytes(entry.commitment).hex(),
        activity_url=reverse("portal:activity"),
        previous_commitment=bytes(entry.prev).hex() if entry.seq > 1 else "",
        consents=_consents(entry, vocabulary),
        position=position,
        uses=entry_uses.part(entry, vocabulary),
        glass=entry_break_glass.part(entry, found),
        delay=entry_delay.part(entry, found),
        fields=entry_fields.part(entry, vocabulary),
        concern=entry_concerns.part(entry),
        proof=entry_proof.links(entry, sealed=position is not None),
    )


def _decision(entry: LedgerEntry, found: OpenedEntry | None) -> str:
    if found is None or not found.genuine:
        return str(words.error("entry_changed"))
    if entry_break_glass.SUBJECT in entry.event:
        return entry_break_glass.decision(entry, found)
    if entry.event in entry_uses.TOLD:
        return use_words.decision()
    if entry.event in REPLAYS:
        return replay_words.said(found.details)
    if entry.actor == CITIZEN:
        return str(words.own_deed() if log.acted(entry, found) is None and acting.current() is None else mandate_words.acted_deed())
    said = words.decision if acting.current() is None else mandate_words.persons_decision
    return str(said("" if entry.decision == "permit" else entry.decision))


def _consents(entry: LedgerEntry, vocabulary: Vocabulary) -> tuple[ConsentBehind, ...]:
    """In the entry's order. An access may rest on several, each for some of its data: their names then say for which."""
    mine = ConsentRecord.objects.filter(queries.within_mandate(), pk__in=entry.consent_ids).select_related("notice")
    found = sorted(mine, key=lambda record: entry.consent_ids.index(record.pk))
    return tuple(
        ConsentBehind(
            title=title_of(record, vocabulary, apart=len(found) > 1),
            url=reverse("portal:consent", args=[record.pk]),
            notice=notice(record.notice),
            notice_language=record.notice.language,
        )
        for record in found
    )


def title_of(record: ConsentRecord, vocabulary: Vocabulary, *, apart: bool = False) -> str:
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
