"""A citizen allows, or does not, that our own model learns from what their twin holds: a consent like any other, asked on a page of its own.

Nothing is fetched for it and nothing is given for it: suggestions are made all the same. It ends like any other too (`withdraw`).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from aurora.journeys._log import log
from aurora.journeys.training_data import CATEGORIES
from aurora.twin import queries as twin
from aurora.twin import training
from aurora.twin.training import PURPOSE
from consent import acting, earlier, notices, queries, services, terms
from consent.days import day_of
from consent.errors import Conflict, InvalidInput, NotFound
from consent.ledger.events import Event
from consent.models import Agency, ConsentRecord, DataCategoryVersion, PurposeVersion
from consent.notices import NoticeText
from consent.rules import AURORA, CITIZEN, latest_end
from consent.scope import citizen_scope
from consent.terms import Identity, Period, Term

CHANGED = "The text has changed since you opened the page. Read it again before you decide."


@dataclass(frozen=True)
class Offer:
    """What the page says in one language, and a token that stands for exactly that text. `held`: categories of which the twin holds something."""

    purpose: PurposeVersion
    categories: tuple[DataCategoryVersion, ...]
    held: frozenset[str]
    terms: tuple[Term, ...]
    text: NoticeText
    standing: ConsentRecord | None
    covers: frozenset[str]

    @property
    def token(self) -> str:
        return hashlib.sha256(self.text.digest.encode()).hexdigest()


@dataclass(frozen=True)
class Allowed:
    """What models may learn from, as codes, and the last day."""

    categories: tuple[str, ...]
    until: date


def offer(*, citizen_id: UUID, language: str, today: date) -> Offer:
    """What can be allowed on a day, with what is different from what was allowed before. Raises `NotFound` while acting for another."""
    _themself()
    aurora = Agency.objects.get(code=AURORA)
    version, purpose = queries.current_recipient(aurora), queries.current_purpose(PURPOSE)
    categories = tuple(queries.current_categories(CATEGORIES))

    def said(period: Period, identity: Identity | None) -> tuple[Term, ...]:
        return terms.training(language=language, period=Period(period.start, latest_end(period.start)), identity=identity)

    now_said = said(Period(today, today), terms.identity_of(version, language))
    text = notices.compose(
        language=language, recipient=aurora, source=None, purpose=purpose, categories=categories, terms=now_said,
        recipient_version=version.version if version else 1,
    )  # fmt: skip
    with citizen_scope(citizen_id):
        before = earlier.find(citizen_id=citizen_id, recipient=aurora, source=None, purpose=PURPOSE, today=today)
        text = earlier.told(text, before, terms=said)
        held = twin.categories_held(citizen_id=citizen_id)
    standing = before.record if before is not None and before.state != "ended" else None
    return Offer(purpose, categories, held, now_said, text, standing, before.covers if before else frozenset())


def check(*, shown: Offer, categories: Iterable[str], until: date | None, today: date) -> Allowed:
    """Only what was offered, at least one, and an end. Raises `InvalidInput`."""
    chosen = sorted(set(categories))
    if until is not None:
        services.check_end(until, today=today)
    if not chosen:
        raise InvalidInput({"categories": "category_required"})
    if not set(chosen) <= {c.category_id for c in shown.categories}:
        raise InvalidInput({"categories": "category_unknown"})
    if until is None:
        raise InvalidInput({"end": "end_required"})
    return Allowed(tuple(chosen), until)


def allow(*, citizen_id: UUID, shown: Offer, token: str, allowed: Allowed, now: datetime) -> ConsentRecord:
    """Record the consent, in place of one that stood. Rows that hold what it no longer covers go at once. Raises `Conflict`, `InvalidInput`."""
    _themself()
    _same_text(shown, token)
    with citizen_scope(citizen_id):
        services.take_turn(citizen_id=citizen_id)
        queries.for_decision(citizen_id=citizen_id, recipient=AURORA)  # locks in the order in which every access does
        record, _ = services.give(
            citizen_id=citizen_id, recipient=Agency.objects.get(code=AURORA), source=None, purpose=PURPOSE, categories=allowed.categories,
            notice=notices.keep(shown.text, now=now), until=allowed.until, now=now, decided_on=day_of(now),
        )  # fmt: skip
        if left_out := [c for c in CATEGORIES if c not in allowed.categories]:
            training.forget(citizen_id=citizen_id, categories=left_out)
        log(
            citizen_id=citizen_id, event=Event.CONSENT_GIVEN, actor=CITIZEN, purpose=PURPOSE, categories=record.categories,
            consent_ids=[record.pk], details={"recipient": AURORA, "until": allowed.until.isoformat(), "notice": record.notice_id}, at=now,
        )  # fmt: skip
    return record


def decline(*, citizen_id: UUID, shown: Offer, token: str, now: datetime) -> None:
    """Record that the citizen said no. It changes no consent that stands; the same no again is the same one. Raises `Conflict`."""
    _themself()
    _same_text(shown, token)
    with citizen_scope(citizen_id):
        services.take_turn(citizen_id=citizen_id)
        if queries.declined_last(citizen_id=citizen_id, recipient=AURORA, source=None, purpose=PURPOSE, digest=shown.text.digest):
            return
        record = services.decline(
            citizen_id=citizen_id, recipient=Agency.objects.get(code=AURORA), source=None, purpose=PURPOSE,
            notice=notices.keep(shown.text, now=now), now=now,
        )  # fmt: skip
        log(
            citizen_id=citizen_id, event=Event.CONSENT_DECLINED, actor=CITIZEN, purpose=PURPOSE, consent_ids=[record.pk],
            details={"recipient": AURORA}, at=now,
        )  # fmt: skip


def _same_text(shown: Offer, token: str) -> None:
    if not hmac.compare_digest(shown.token.encode(), token.encode()):
        raise Conflict(CHANGED)


def _themself() -> None:
    """Nobody lets a machine learn from another's life: no mandate reaches it. Raises `NotFound`."""
    if acting.current() is not None:
        raise NotFound()
