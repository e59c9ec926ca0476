"""The one door: decide, append, read, in one transaction.

Whoever wants something from a twin comes through here. What was read is yielded inside the transaction that logged it; a refusal is
logged in a transaction of its own, committed before the caller hears of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from aurora.journeys._log import log
from aurora.telemetry import metrics
from aurora.twin.read import read
from aurora.twin.values import FactView
from consent import mandates, queries, services
from consent.errors import AuroraError
from consent.ledger.events import Event
from consent.rules import CITIZEN, AccessRequest, ConsentView, Glass, GlassFault, Permit, Refusal, RefusalCode, decide
from consent.rules.mandates import Deed
from consent.scope import citizen_scope, scope_opened_by

# Where the agency can do something about it, it is told what.
_SENTENCES: dict[RefusalCode | GlassFault, str] = {
    RefusalCode.NOT_REGISTERED: "Your client is no longer registered for this. Ask the operators of Aurora.",
    RefusalCode.CONSENT_OUTDATED: "What was consented to has changed its meaning since. Ask the citizen again: they are shown what changed.",
}


class AccessRefused(AuroraError):
    """No consent allows this. `code` is the refusal's code, the same that the citizen reads in the log."""

    status = 403
    sentence = "No consent allows this."

    def __init__(self, refusal: Refusal, entry_id: UUID) -> None:
        self.refusal = refusal
        self.entry_id = entry_id
        super().__init__(_SENTENCES.get(refusal.code), code=refusal.code.value)


@dataclass(frozen=True)
class Opened:
    """What came through the door: the permit, its entry, and the facts, by category and key."""

    permit: Permit
    entry_id: UUID
    facts: tuple[FactView, ...] = field(repr=False)


@contextmanager
def open_door(
    request: AccessRequest,
    *,
    granted: Event,
    refused: Event,
    now: datetime,
    only_consent: UUID | None = None,
    at_most: frozenset[str] | None = None,
    barred: bool = False,
    glass: Callable[[], Glass | None] | None = None,
    details: Mapping[str, Any] | None = None,
    as_of: datetime | None = None,
    unread: bool = False,
) -> Iterator[Opened]:
    """Yield what was read, in the citizen's scope, inside the transaction that ends with the block.

    A consent for one use is spent by what it delivered: a category of which nothing is held yet stays open.
    `only_consent` and `at_most` narrow the decision to one consent and some of its categories: that is all an agency's token stands for.
    `glass`: asks, in that transaction, for the operator's request that stands in a consent's place (purpose `break-glass`).
    `unread`: the caller reads by itself within the block, with the permit (`twin.whole`), what would be too much at once.
    `as_of`: read what was known at that time, of what has not been erased since; the entry says so.
    `barred`: the agency may not ask for this, whatever was consented to; where nothing is consented to either, that is the reason told.
    Raises `AccessRefused` once the refusal is committed. Opens its own transaction: calling it inside another is an error.
    """
    if as_of is not None:
        details = {**(details or {}), "as_of": as_of.isoformat()}
    with _opened(request, now) as standing:
        consents = _consents(standing, only_consent, at_most)
        decision = decide(request, consents, now=now, glass=glass() if glass else None)
        if barred and isinstance(decision, Permit):
            decision = Refusal(RefusalCode.NOT_REGISTERED, request)
        metrics.decided("permitted" if isinstance(decision, Permit) else decision.code.value)
        if isinstance(decision, Permit):
            entry = _append(decision, granted, now, details)
            facts = () if unread else read(decision, as_of=as_of)
            if once := [c.id for c in consents if c.once and c.id in decision.consent_ids]:
                services.spend(consent_ids=once, categories={f.category for f in facts})
            yield Opened(decision, entry, facts)
            return
        entry = _append_refusal(decision, refused, now, only_consent, details)
    raise AccessRefused(decision, entry)


@contextmanager
def _opened(request: AccessRequest, now: datetime) -> Iterator[list[ConsentView]]:
    """The citizen's scope, and what they consented to. Raises `MandateRefused`: who looks for the citizen looks no further than their themes."""
    whose = request.citizen_id
    if request.requester == CITIZEN:
        with citizen_scope(whose, durable=True):
            mandates.confirm(citizen_id=whose, now=now, deed=Deed.SEE, categories=request.categories)
            yield []
        return
    with scope_opened_by(partial(queries.for_decision, citizen_id=whose, recipient=request.requester, opening=True)) as standing:
        yield standing


def _consents(standing: list[ConsentView], only_consent: UUID | None, at_most: frozenset[str] | None) -> list[ConsentView]:
    found = [c for c in standing if only_consent is None or c.id == only_consent]
    # What was withdrawn stays in view, though no token bears it any more: it is the reason that the refusal tells.
    return found if at_most is None else [replace(c, categories=c.categories & (at_most | c.withdrawn)) for c in found]


def _append(permit: Permit, event: Event, now: datetime, details: Mapping[str, Any] | None) -> UUID:
    return log(
        citizen_id=permit.citizen_id,
        event=event,
        actor=permit.requester,
        purpose=permit.purpose,
        categories=permit.categories,
        consent_ids=permit.consent_ids,
        permit_id=permit.id,
        details=details,
        at=now,
    ).entry_id


def _append_refusal(refusal: Refusal, event: Event, now: datetime, only_consent: UUID | None, details: Mapping[str, Any] | None) -> UUID:
    return log(
        citizen_id=refusal.request.citizen_id,
        event=event,
        actor=refusal.request.requester,
        purpose=refusal.request.purpose,
        categories=refusal.request.categories,
        consent_ids=[only_consent] if only_consent and refusal.code is not RefusalCode.NO_CONSENT else [],
        decision=refusal.code.value,
        details=details,
        at=now,
    ).entry_id
