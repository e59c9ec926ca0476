"""An agency asks for access, and the citizen decides on our page: all of it, a part, or none."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.utils import timezone

from aurora.identity.keys import pairwise
from aurora.journeys import tell_agencies
from aurora.journeys._asked import CHANGED
from aurora.journeys._log import log
from aurora.sources import connections
from aurora.twin import queries as twin_queries
from consent import acting, earlier, mandates, notices, queries, services, terms
from consent.acting import MandateRefused
from consent.errors import Conflict, InvalidInput
from consent.ledger.events import Event
from consent.models import Agency, DataCategoryVersion, PurposeVersion
from consent.notices import NoticeText
from consent.oauth import grant_management, requests, responses
from consent.oauth.grants import Standing
from consent.oauth.requests import PushedRequestView
from consent.rules import CITIZEN
from consent.rules.mandates import MandateFault
from consent.scope import citizen_scope
from consent.terms import Identity, Period, Term
from consent.uses import accounts


@dataclass(frozen=True)
class AccessQuestion:
    """What the consent page shows: who asks, why, for what, whether we have it, and the text that is kept if the citizen decides.

    `for_others`: whoever is asked may answer for other citizens too, or does so now. `target`: the grant that is to be added to or replaced, as it stands. To add to what it has for the same purpose, all of it is asked about.
    """

    request: PushedRequestView
    agency: Agency
    purpose: PurposeVersion
    categories: tuple[DataCategoryVersion, ...]
    connected: frozenset[str]
    held: frozenset[str]
    terms: tuple[Term, ...]
    text: NoticeText
    target: Standing | None = None
    for_others: bool = False


def question(*, citizen_id: UUID, request: PushedRequestView, language: str, today: date) -> AccessQuestion:
    """What a pushed request that was loaded (`consent.oauth.requests.load`) asks of a citizen. Raises `GrantGone`, which is for the agency: see `turn_away`."""
    agency = Agency.objects.get(code=request.agency_code)
    purpose = queries.current_purpose(request.purpose)
    with citizen_scope(citizen_id):
        target = grant_management.target(request, citizen_id=citizen_id, now=timezone.now())
        _within_mandate(target)
    merged = grant_management.merged(request, target)
    categories = tuple(queries.current_categories({*request.categories, *merged}))
    version = queries.current_recipient(agency)

    data = [c.name[language] for c in categories]

    def said(period: Period, identity: Identity | None, standing: bool = False, also_ends: Iterable[str] = ()) -> tuple[Term, ...]:
        return terms.access(
            language=language, recipient=agency.name[language], service=request.client_name[language], purpose=purpose.name[language],
            period=period, identity=identity, standing=standing, also_ends=also_ends, data=data,
        )  # fmt: skip

    with citizen_scope(citizen_id):
        before = earlier.find(citizen_id=citizen_id, recipient=agency, source=None, purpose=request.purpose, today=today)
        now_said = said(
            Period(today, request.until, request.once), terms.identity_of(version, language),
            standing=bool(target or (before and before.covers)), also_ends=_also_ends(request, target, language),
        )  # fmt: skip
        text = notices.compose(
            language=language, recipient=agency, source=None, purpose=purpose, categories=categories, terms=now_said,
            recipient_version=version.version if version else 1,
        )  # fmt: skip
        text = earlier.told(text, before, terms=said)
        standing = connections.standing(citizen_id=citizen_id).values_list("source__agency__code", flat=True)
        connected = frozenset(standing)
        held = twin_queries.categories_held(citizen_id=citizen_id)
        others = acting.current() is not None or mandates.acts_for_others(citizen_id=citizen_id, now=timezone.now())
    return AccessQuestion(request, agency, purpose, categories, connected, held, now_said, text, target, others)


def _within_mandate(target: Standing | None) -> None:
    """What stands in a grant is nothing for an attorney to see whose themes it reaches beyond. Raises `MandateRefused`."""
    doing = acting.current()
    if doing is not None and target is not None and not doing.scope.covers(c for part in target.parts for c in part.detail.categories):
        raise MandateRefused(MandateFault.OUTSIDE_THEMES)


def allow(*, citizen_id: UUID, asked: AccessQuestion, digest: str, categories: Iterable[str], now: datetime) -> str:
    """Record the consent, make the grant and the code, log it: one transaction. The address to send the browser to.

    Raises `InvalidInput` for no or foreign categories, `Conflict` when the text or the grant has changed, `RequestUsed` when it was answered
    already, `GrantGone` when nothing is left of the grant.
    """
    _same_text(asked, digest)
    chosen = sorted(set(categories))
    if not chosen:
        raise InvalidInput({"categories": "category_required"})
    if not set(chosen) <= {c.category_id for c in asked.categories}:
        raise InvalidInput({"categories": "category_unknown"})
    with citizen_scope(citizen_id):
        also_ended = _make_room(citizen_id, asked, now)
        record, replaced = services.give(
            citizen_id=citizen_id, recipient=asked.agency, source=None, purpose=asked.request.purpose, categories=chosen,
            notice=notices.keep(asked.text, now=now), until=asked.request.until, once=asked.request.once, now=now,
        )  # fmt: skip
        accounts.open_for(citizen_id=citizen_id, agency=asked.agency, subject=pairwise(citizen_id=citizen_id, agency=asked.agency.code))
        url = responses.approve(request=asked.request, citizen_id=citizen_id, consent=record)
        if replaced is not None:
            tell_agencies.announce_replaced(record_id=replaced, covered_now=chosen, now=now)
        for other in also_ended:
            tell_agencies.announce_replaced(record_id=other, covered_now=(), now=now)
        log(
            citizen_id=citizen_id, event=Event.CONSENT_GIVEN, actor=CITIZEN, purpose=record.purpose_id, categories=chosen,
            consent_ids=[record.pk, *also_ended],
            details={"recipient": asked.agency.code, "until": asked.request.until.isoformat(), "notice": record.notice_id}, at=now,
        )  # fmt: skip
    return url


def _make_room(citizen_id: UUID, asked: AccessQuestion, now: datetime) -> list[UUID]:
    """What stands in the grant must be what the page was made from; with `replace` its other consents end. Their ids.

    All consents to the agency are locked first, in the order in which every access and every end locks them: also when nothing is in the way,
    since what an attorney gives is then locked as a matter, which who adds to a grant locks last.
    """
    queries.for_decision(citizen_id=citizen_id, recipient=asked.agency.code)
    if asked.target is None:
        return []
    if grant_management.target(asked.request, citizen_id=citizen_id, now=timezone.now()) != asked.target:
        raise Conflict(CHANGED)
    if asked.request.action != grant_management.REPLACE:
        return []
    others = [part.consent_id for part in asked.target.parts if part.detail.purpose != asked.request.purpose]
    return services.replace(consent_ids=others, now=now)


def turn_away(*, client_id: str, request_uri: str, interaction: str) -> str:
    """The answer to a request about a grant that is not this citizen's or of which nothing stands; no more is told. The address to send the browser to."""
    request = requests.load(client_id=client_id, request_uri=request_uri, interaction=interaction)
    return responses.refuse(request=request, error="invalid_grant_id", description="There is no such grant.")


def decline(*, citizen_id: UUID, asked: AccessQuestion, digest: str, now: datetime) -> str:
    """Record that the citizen said no, and log it. The address to send the browser to; it carries `access_denied`."""
    _same_text(asked, digest)
    with citizen_scope(citizen_id):
        record = services.decline(
            citizen_id=citizen_id, recipient=asked.agency, source=None, purpose=asked.request.purpose,
            notice=notices.keep(asked.text, now=now), now=now,
        )  # fmt: skip
        url = responses.refuse(request=asked.request, error="access_denied", description="The citizen declined.")
        log(
            citizen_id=citizen_id, event=Event.CONSENT_DECLINED, actor=CITIZEN, purpose=record.purpose_id,
            consent_ids=[record.pk], details={"recipient": asked.agency.code}, at=now,
        )  # fmt: skip
    return url


def _same_text(asked: AccessQuestion, digest: str) -> None:
    if not hmac.compare_digest(asked.text.digest.encode(), digest.encode()):
        raise Conflict(CHANGED)


def _also_ends(request: PushedRequestView, target: Standing | None, language: str) -> tuple[str, ...]:
    """The names of the other purposes that end if the citizen allows this."""
    if target is None or request.action != grant_management.REPLACE:
        return ()
    others = sorted(part.detail.purpose for part in target.parts if part.detail.purpose != request.purpose)
    return tuple(queries.current_purpose(code).name[language] for code in others)
