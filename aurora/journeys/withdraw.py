"""A consent ends, wholly or by some categories, whoever ends it: the only way there is (GDPR art. 7(3), 17(1)(b)).

One transaction: record and event, tokens, what nothing covers any more and what was derived, the entry in the log, and a row for each thing
that must leave the house: the source's tokens, the agency's notice. What leaves does so after the commit, by the worker; the sweep finds it.
What this does not do: it asks nobody, and waits for nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aurora import crash
from aurora.journeys import _pushing, give_feedback, return_tokens, tell_agencies
from aurora.journeys._log import log
from aurora.journeys._release import release_declared, release_uncovered
from aurora.twin import declared, training, write
from consent import acting, queries, services
from consent.errors import NotFound
from consent.ledger.events import Event
from consent.models import ConsentRecord
from consent.oauth import tokens
from consent.rules import AURORA, CITIZEN
from consent.scope import citizen_scope
from consent.services import Ended
from recommender.facts import DECLARED_CATEGORIES

OPERATOR = "operator"


@dataclass(frozen=True)
class Withdrawn:
    """What an end did: the record as it stands now, what of it ended, how many facts went or were kept, and the entry that tells of it."""

    record: ConsentRecord
    categories: tuple[str, ...]
    whole: bool
    facts_erased: int
    facts_kept: int
    entry_id: UUID


def end(
    *,
    citizen_id: UUID,
    consent_id: UUID,
    now: datetime,
    by: str = CITIZEN,
    categories: Iterable[str] | None = None,
    keep: bool = False,
    of_death: bool = False,
    details: Mapping[str, Any] | None = None,
) -> Withdrawn:
    """End a consent, or some of its categories. Tokens die, what nothing else covers goes, what was derived goes, the log tells, agencies are told.

    `by`: `citizen`, `operator`, the code of the agency that receives or gives the data or told of the citizen's death, or `aurora` when it ran out. `keep`: the citizen
    keeps in their twin what was fetched; it is not erased, and not refreshed. `of_death`: Aurora ends it on the word of a register, which may
    be the recipient itself, and gave nothing back then. `details` go into the sealed part of the entry,
    and the code under `reason` onto the consent's event too.
    Raises `NotFound` (also for another citizen's), `InvalidInput` for the field `categories`, `Conflict` when it had ended.
    """
    with citizen_scope(citizen_id):
        _lock(citizen_id, consent_id)
        ended = services.end(consent_id=consent_id, now=now, by=by, reason=(details or {}).get("reason", ""), categories=categories)
        record = ended.record
        if ended.whole:
            tokens.revoke_for_consent(consent_id=record.pk, now=now)
        else:
            tokens.narrow_for_consent(consent_id=record.pk, categories=ended.categories, now=now)
        # For the dead nothing is kept: nobody would be left to delete it.
        erased, kept = _release(ended, by=by, keep=keep and by == CITIZEN and not acting.for_estate(), now=now)
        tell_agencies.announce(ended, by=AURORA if of_death else _who(record, by), now=now)
        entry = _log(ended, by, of_death, {"facts_erased": erased, "facts_kept": kept, **(details or {})}, now)
        if record.recipient.code == AURORA and record.source is not None:
            _pushing.ended(citizen_id=citizen_id, source=record.source.code, categories=ended.categories, now=now)
        return_tokens.wake()
        crash.reach("end.before_commit")
    crash.reach("end.after_commit")
    return Withdrawn(record, ended.categories, ended.whole, erased, kept, entry)


def _lock(citizen_id: UUID, consent_id: UUID) -> None:
    """All consents to the same recipient, in the order in which every access locks them.

    Of two ends at once the second then sees what the first has left: each alone would take the other's consent for one that covers the data.
    """
    recipient = ConsentRecord.objects.filter(pk=consent_id).values_list("recipient__code", flat=True).first()
    if recipient is None:
        raise NotFound()
    queries.for_decision(citizen_id=citizen_id, recipient=recipient)


def _release(ended: Ended, *, by: str, keep: bool, now: datetime) -> tuple[int, int]:
    record = ended.record
    if record.recipient.code != AURORA:
        return 0, 0
    if record.purpose_id == training.PURPOSE:
        training.forget(citizen_id=record.citizen_id, categories=None if ended.whole else ended.categories)
    else:
        write.forget_derived(citizen_id=record.citizen_id, categories=ended.categories, purpose=record.purpose_id)
    give_feedback.forget_without_consent(citizen_id=record.citizen_id, now=now)
    erased, kept = 0, 0
    if record.source is not None and record.source.code == CITIZEN:
        erased, kept = release_declared(citizen_id=record.citizen_id, categories=ended.categories, asked=by == CITIZEN, keep=keep, now=now)
    elif record.source is not None:
        erased, kept = release_uncovered(
            citizen_id=record.citizen_id, source=record.source.code, keep=keep, kept_too=acting.for_estate(), now=now
        )
    if acting.for_estate() and not queries.live(citizen_id=record.citizen_id, at=now).filter(recipient__code=AURORA).exists():
        erased += declared.retract(citizen_id=record.citizen_id, categories=DECLARED_CATEGORIES)
        erased += write.erase_all_kept(citizen_id=record.citizen_id)  # nothing is left by which the estate could come back for it
    return erased, kept


def _who(record: ConsentRecord, by: str) -> str:
    """As the agency is told it: another agency's code is not its business."""
    if by in (CITIZEN, OPERATOR, AURORA):
        return by
    if by == record.recipient.code:
        return "recipient"
    return "source"


def _log(ended: Ended, by: str, of_death: bool, details: dict[str, Any], now: datetime) -> UUID:
    record, event, actor = ended.record, Event.CONSENT_ENDED, AURORA
    if by == CITIZEN:
        event, actor = (Event.CONSENT_WITHDRAWN if ended.whole else Event.CONSENT_NARROWED), CITIZEN
    elif by == AURORA:
        event = Event.CONSENT_EXPIRED
    elif by == record.recipient.code and not of_death:
        event, actor = Event.CONSENT_RETURNED, by
    return log(
        citizen_id=record.citizen_id, event=event, actor=actor, purpose=record.purpose_id, categories=ended.categories,
        consent_ids=[record.pk], source=record.source.code if record.source else None,
        details={"recipient": record.recipient.code, "by": by, **details}, at=now,
    ).entry_id  # fmt: skip
