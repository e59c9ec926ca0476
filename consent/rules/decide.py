"""The decision: may this happen? Pure, total, and the only builder of a `Permit`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from consent.ids import uuid7

from .glass import BREAK_GLASS, Glass, fault_of
from .values import _BUILT_BY_DECIDE, AURORA, CITIZEN, AccessRequest, ConsentView, Permit, Refusal, RefusalCode

# Of consents of the same moment the most telling reason comes first: a citizen who withdrew is told so, not that there "is no consent".
_MOST_TELLING = (
    RefusalCode.CONSENT_WITHDRAWN,
    RefusalCode.CONSENT_EXPIRED,
    RefusalCode.CONSENT_OUTDATED,
    RefusalCode.NOT_YET_VALID,
    RefusalCode.USED_UP,
)


def decide(request: AccessRequest, consents: Iterable[ConsentView], *, now: datetime, glass: Glass | None = None) -> Permit | Refusal:
    """Decide one request against the citizen's consents at an instant (timezone-aware UTC).

    A citizen needs no consent for their own data (GDPR art. 15). Everyone else, Aurora included, needs one consent that is alive at `now`,
    for this recipient and this purpose, for each category: consents add up over categories, never over purposes or recipients.
    A refusal's reason is what is wrong with the newest consent that concerns what is missing. One that a newer one has replaced is no
    part of `consents`: what the citizen decided last is what counts. A consent to an older meaning opens nothing of what has changed.
    For the purpose `break-glass`, of Aurora alone, consents count for nothing: `glass` decides, for all that is asked or none.
    """
    if request.purpose == BREAK_GLASS:
        return _behind_glass(request, glass, now)
    if request.requester == CITIZEN:
        return _permit(request, request.categories, (), now)

    mine = [c for c in consents if c.citizen_id == request.citizen_id and c.recipient == request.requester]
    for_purpose = [c for c in mine if c.purpose == request.purpose]
    alive = [c for c in for_purpose if _fault(c, now) is None]
    covered = frozenset[str]().union(*(c.open for c in alive)) & request.categories

    if covered and (covered == request.categories or not request.all_or_nothing):
        used = tuple(c.id for c in alive if c.open & covered)
        return _permit(request, covered, used, now)
    return Refusal(_why(request, mine, for_purpose, covered, now), request)


def _behind_glass(request: AccessRequest, glass: Glass | None, now: datetime) -> Permit | Refusal:
    if request.requester != AURORA:
        return Refusal(RefusalCode.PURPOSE_NOT_COVERED, request)
    fault = fault_of(glass, citizen_id=request.citizen_id, categories=request.categories, now=now)
    return Refusal(fault, request) if fault else _permit(request, request.categories, (), now)


def _permit(request: AccessRequest, categories: frozenset[str], used: tuple[UUID, ...], now: datetime) -> Permit:
    return Permit(
        id=uuid7(now),
        citizen_id=request.citizen_id,
        requester=request.requester,
        purpose=request.purpose,
        categories=categories,
        consent_ids=used,
        decided_at=now,
        _seal=_BUILT_BY_DECIDE,
    )


def _fault(consent: ConsentView, now: datetime) -> RefusalCode | None:
    # Whatever the clocks say: `now` was taken before the consents were read, and one may have been withdrawn in between.
    if consent.ended_at is not None:
        # What had run out before it ended, ended by that.
        return RefusalCode.CONSENT_EXPIRED if consent.expires_at <= consent.ended_at else RefusalCode.CONSENT_WITHDRAWN
    if consent.expires_at <= now:
        return RefusalCode.CONSENT_EXPIRED
    if consent.not_before > now:
        return RefusalCode.NOT_YET_VALID
    return None


def _why(
    request: AccessRequest,
    mine: list[ConsentView],
    for_purpose: list[ConsentView],
    covered: frozenset[str],
    now: datetime,
) -> RefusalCode:
    missing = request.categories - covered
    concerned = [c for c in for_purpose if c.categories & missing]
    if concerned:
        newest = max(c.not_before for c in concerned)
        faults = {_fault(c, now) or _fault_within(c, missing) for c in concerned if c.not_before == newest}
        return next(code for code in _MOST_TELLING if code in faults)
    if for_purpose:
        return RefusalCode.CATEGORY_NOT_COVERED
    return RefusalCode.PURPOSE_NOT_COVERED if mine else RefusalCode.NO_CONSENT


def _fault_within(consent: ConsentView, missing: frozenset[str]) -> RefusalCode:
    """Why a consent that is alive does not open what it once covered."""
    if consent.withdrawn & missing:
        return RefusalCode.CONSENT_WITHDRAWN
    return RefusalCode.CONSENT_OUTDATED if consent.outdated & missing else RefusalCode.USED_UP
