"""A citizen lets Aurora use an estimate that they kept as an input of other models, or says no: consent and entry in one transaction.

An estimate is theirs once they keep it, and another model is another use. It is asked for apart, for the purpose of those models.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from aurora.journeys._log import log
from consent import acting, derived, earlier, notices, purposes, queries, services, terms
from consent.days import day_of
from consent.errors import Conflict, NotFound
from consent.ledger.events import Event
from consent.models import Agency, ConsentRecord, DataCategoryVersion, PurposeVersion
from consent.notices import NoticeText
from consent.rules import AURORA, CITIZEN, latest_end
from consent.scope import citizen_scope
from consent.terms import Identity, Period, Term

CHANGED = "The text has changed since you opened the page. Read it again before you decide."


@dataclass(frozen=True)
class Offer:
    """What the page says in one language, and a token that stands for exactly that text. `standing`: the consent that is there already."""

    purpose: PurposeVersion
    category: DataCategoryVersion
    terms: tuple[Term, ...]
    text: NoticeText
    standing: ConsentRecord | None

    @property
    def token(self) -> str:
        return hashlib.sha256(self.text.digest.encode()).hexdigest()


def purpose_of(category: str) -> str:
    """For which models' purpose this kind of result may be used; "" where for none."""
    if category not in derived.owners():
        return ""
    return next((purpose for purpose in sorted(purposes.of_models()) if purposes.fitting(purpose, [category])), "")


def offer(*, citizen_id: UUID, category: str, language: str, today: date) -> Offer:
    """Raises `NotFound` for a kind of data that is no model's result, or that no other model may use."""
    code = purpose_of(category)
    if not code or acting.current() is not None:
        raise NotFound()
    aurora, [wanted] = Agency.objects.get(code=AURORA), queries.current_categories([category])
    version, purpose = queries.current_recipient(aurora), queries.current_purpose(code)

    def said(period: Period, identity: Identity | None) -> tuple[Term, ...]:
        name = wanted.name[language]
        return terms.estimate(language=language, category=name, period=Period(period.start, latest_end(period.start)), identity=identity)

    now_said = said(Period(today, today), terms.identity_of(version, language))
    text = notices.compose(
        language=language, recipient=aurora, source=aurora, purpose=purpose, categories=[wanted], terms=now_said,
        recipient_version=version.version if version else 1,
    )  # fmt: skip
    with citizen_scope(citizen_id):
        before = earlier.find(citizen_id=citizen_id, recipient=aurora, source=aurora, purpose=code, today=today)
        text = earlier.told(text, before, terms=said)
    standing = before.record if before is not None and before.state != "ended" else None
    return Offer(purpose, wanted, now_said, text, standing)


def allow(*, citizen_id: UUID, shown: Offer, token: str, until: date, now: datetime) -> UUID:
    """The consent's id. Raises `Conflict` when the text has changed, `InvalidInput` for the end."""
    _same_text(shown, token)
    aurora = Agency.objects.get(code=AURORA)
    with citizen_scope(citizen_id):
        queries.for_decision(citizen_id=citizen_id, recipient=AURORA)  # locks in the order in which every access does
        record, _ = services.give(
            citizen_id=citizen_id, recipient=aurora, source=aurora, purpose=shown.purpose.purpose_id, categories=[shown.category.category_id],
            notice=notices.keep(shown.text, now=now), until=until, now=now, decided_on=day_of(now),
        )  # fmt: skip
        log(
            citizen_id=citizen_id, event=Event.CONSENT_GIVEN, actor=CITIZEN, purpose=record.purpose_id, categories=record.categories,
            consent_ids=[record.pk], source=AURORA,
            details={"recipient": AURORA, "until": until.isoformat(), "notice": record.notice_id}, at=now,
        )  # fmt: skip
    return record.pk


def decline(*, citizen_id: UUID, shown: Offer, token: str, now: datetime) -> None:
    """Record that the citizen said no. It changes no consent that stands; the same no twice is recorded once."""
    _same_text(shown, token)
    aurora, purpose = Agency.objects.get(code=AURORA), shown.purpose.purpose_id
    with citizen_scope(citizen_id):
        services.take_turn(citizen_id=citizen_id)
        if queries.declined_last(citizen_id=citizen_id, recipient=AURORA, source=AURORA, purpose=purpose, digest=shown.text.digest):
            return
        record = services.decline(
            citizen_id=citizen_id, recipient=aurora, source=aurora, purpose=purpose, notice=notices.keep(shown.text, now=now), now=now
        )
        log(
            citizen_id=citizen_id, event=Event.CONSENT_DECLINED, actor=CITIZEN, purpose=purpose, consent_ids=[record.pk], source=AURORA,
            details={"recipient": AURORA}, at=now,
        )  # fmt: skip


def _same_text(shown: Offer, token: str) -> None:
    if not hmac.compare_digest(shown.token.encode(), token.encode()):
        raise Conflict(CHANGED)
