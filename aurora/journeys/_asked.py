"""A consent to Aurora that is asked on a page of its own, about what the twin holds already: nothing is fetched for it.

Its text, its record and its entry are made alike, whatever it is about. What else a step does (rows that go, facts that are kept) stands there.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from aurora.journeys._log import log
from consent import earlier, notices, queries, services, terms
from consent.days import day_of
from consent.errors import Conflict, InvalidInput
from consent.ledger.events import Event
from consent.models import Agency, ConsentRecord, DataCategoryVersion, PurposeVersion
from consent.notices import NoticeText
from consent.rules import AURORA, CITIZEN, latest_end
from consent.scope import citizen_scope
from consent.terms import Data, Identity, Period, Term

CHANGED = "The text has changed since you opened the page. Read it again before you decide."


@dataclass(frozen=True)
class Offer:
    """What the page says in one language, and a token that stands for exactly that text. `standing`: the consent that is there already."""

    purpose: PurposeVersion
    categories: tuple[DataCategoryVersion, ...]
    source: Agency | None
    terms: tuple[Term, ...]
    text: NoticeText
    standing: ConsentRecord | None
    covers: frozenset[str]

    @property
    def token(self) -> str:
        return hashlib.sha256(self.text.digest.encode()).hexdigest()

    @property
    def source_code(self) -> str | None:
        return self.source.code if self.source else None


@dataclass(frozen=True)
class Allowed:
    """What is allowed, as codes of categories, and the last day."""

    categories: tuple[str, ...]
    until: date


class Wording(Protocol):
    """The terms of one such page."""

    def __call__(self, *, language: str, period: Period, identity: Identity | None, data: Data) -> tuple[Term, ...]: ...


def offer(
    *, citizen_id: UUID, purpose: str, source: Agency | None, categories: Sequence[DataCategoryVersion], wording: Wording, language: str, today: date
) -> Offer:  # fmt: skip
    """What can be allowed on a day, with what is different from what was allowed before."""
    aurora = Agency.objects.get(code=AURORA)
    version, current = queries.current_recipient(aurora), queries.current_purpose(purpose)
    data = [c.name[language] for c in categories]

    def said(period: Period, identity: Identity | None) -> tuple[Term, ...]:
        return wording(language=language, period=Period(period.start, latest_end(period.start)), identity=identity, data=data)

    now_said = said(Period(today, today), terms.identity_of(version, language))
    text = notices.compose(
        language=language, recipient=aurora, source=source, purpose=current, categories=categories, terms=now_said,
        recipient_version=version.version if version else 1,
    )  # fmt: skip
    with citizen_scope(citizen_id):
        before = earlier.find(citizen_id=citizen_id, recipient=aurora, source=source, purpose=purpose, today=today)
        text = earlier.told(text, before, terms=said)
    standing = before.record if before is not None and before.state != "ended" else None
    return Offer(current, tuple(categories), source, now_said, text, standing, before.covers if before else frozenset())


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


def same_text(shown: Offer, token: str) -> None:
    """Raises `Conflict` where another text was on the page."""
    if not hmac.compare_digest(shown.token.encode(), token.encode()):
        raise Conflict(CHANGED)


def give(*, citizen_id: UUID, shown: Offer, allowed: Allowed, now: datetime) -> ConsentRecord:
    """The record, in place of one that stood, and its entry. In the citizen's scope. Raises `InvalidInput` for the end."""
    purpose = shown.purpose.purpose_id
    record, _ = services.give(
        citizen_id=citizen_id, recipient=Agency.objects.get(code=AURORA), source=shown.source, purpose=purpose, categories=allowed.categories,
        notice=notices.keep(shown.text, now=now), until=allowed.until, now=now, decided_on=day_of(now),
    )  # fmt: skip
    log(
        citizen_id=citizen_id, event=Event.CONSENT_GIVEN, actor=CITIZEN, purpose=purpose, categories=record.categories,
        consent_ids=[record.pk], source=shown.source_code,
        details={"recipient": AURORA, "until": allowed.until.isoformat(), "notice": record.notice_id}, at=now,
    )  # fmt: skip
    return record


def decline(*, citizen_id: UUID, shown: Offer, now: datetime) -> None:
    """Record a no. It changes no consent that stands; the same no again is the same one. In the citizen's scope, after `take_turn`."""
    purpose, digest = shown.purpose.purpose_id, shown.text.digest
    if queries.declined_last(citizen_id=citizen_id, recipient=AURORA, source=shown.source_code, purpose=purpose, digest=digest):
        return
    record = services.decline(
        citizen_id=citizen_id, recipient=Agency.objects.get(code=AURORA), source=shown.source, purpose=purpose,
        notice=notices.keep(shown.text, now=now), now=now,
    )  # fmt: skip
    log(
        citizen_id=citizen_id, event=Event.CONSENT_DECLINED, actor=CITIZEN, purpose=purpose, consent_ids=[record.pk], source=shown.source_code,
        details={"recipient": AURORA}, at=now,
    )  # fmt: skip
