"""Consents that end though no citizen sits there: they ran out, an operator had to, the recipient gave them back, a source gives no more.

Each goes through `withdraw.end`; this module only finds them. Where others' rows must be looked for, a database function gives their ids.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from aurora import crash
from aurora.audit import trail
from aurora.identity.models import Operator
from aurora.journeys import officers, withdraw
from aurora.journeys.withdraw import OPERATOR, Withdrawn
from consent import mandates, queries
from consent.errors import AuroraError, Conflict, InvalidInput, NotFound
from consent.models import Agency, ConsentRecord
from consent.oauth import grants
from consent.rules import AURORA, CITIZEN_ASKED
from consent.scope import citizen_scope
from consent.two_people import SamePerson
from consent.webhooks.models import SourceEnding

logger = logging.getLogger(__name__)
MOST = 200
Pairs = list[tuple[UUID, UUID]]
# Why an operator may have to end a consent. Frozen into entries of the log: a code is added, never reused.
REASONS = (CITIZEN_ASKED, "recipient_ended", "source_ended", "unlawful", "given_in_error", "citizen_died")
CASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9/._-]{2,31}")


class NotAPrivacyOfficer(AuroraError):
    """Least privilege: ending what citizens gave is the privacy officers' business."""

    code = "not_a_privacy_officer"
    sentence = "This is for privacy officers."
    status = 403


def end_expired(*, now: datetime) -> int:
    """End what has run out. Since then nothing is read on it: expiry is decided at the read. How many were ended."""
    return _round(
        lambda most: _ids("SELECT consent_id, citizen_id FROM consents_run_out(%s, %s)", [now, most]),
        lambda consent_id, citizen_id: _ended(consent_id, citizen_id, by=AURORA, now=now),
    )


def end_sources(*, now: datetime) -> int:
    """Go on with the orders to end all consents at a source that a second operator has confirmed. How many were ended."""
    ended = 0
    for order in SourceEnding.objects.filter(confirmed_at__isnull=False, finished_at__isnull=True).select_related("source"):
        details = {"reason": order.reason, "case": order.case}
        source = order.source.code
        ended += _round(partial(_at_source, source, now), partial(_ended, by=source, now=now, details=details))
        if not _at_source(source, now, 1):
            SourceEnding.objects.filter(pk=order.pk, finished_at__isnull=True).update(finished_at=now)
    return ended


def end_of_the_dead(*, now: datetime) -> int:
    """End what agencies were allowed by people of whom a register tells that they have died: nobody is left who could withdraw it. How many.

    What they allowed Aurora stands: the estate sees by it what was fetched, and ends it.
    """
    return _round(lambda most: mandates.of_the_dead(now=now, most=most), partial(_ended_for_dead, now=now))


def _round(find: Callable[[int], Pairs], end_one: Callable[[UUID, UUID], bool]) -> int:
    """End at most `MOST` of what is found. How many. What could not be ended is stepped over, not looked at again and again in place of the rest."""
    ended, stuck = 0, set[UUID]()
    while ended < MOST:
        found = [pair for pair in find(MOST + len(stuck)) if pair[0] not in stuck][: MOST - ended]
        if not found:
            break
        for consent_id, citizen_id in found:
            if end_one(consent_id, citizen_id):
                ended += 1
            else:
                stuck.add(consent_id)
    return ended


def _at_source(source: str, now: datetime, most: int) -> Pairs:
    return _ids("SELECT consent_id, citizen_id FROM consents_at_source(%s, %s, %s)", [source, now, most])


def _ended_for_dead(consent_id: UUID, citizen_id: UUID, now: datetime) -> bool:
    with citizen_scope(citizen_id):  # one transaction: a correction comes before it or after it
        told = mandates.told_dead(citizen_id=citizen_id)
        if told is None:
            return False  # corrected meanwhile
        return _ended(consent_id, citizen_id, by=told.evidence["source"], now=now, of_death=True, details={"reason": "citizen_died"})


def by_operator(*, wanted: UUID, reason: str, case: str, operator_id: UUID, now: datetime) -> tuple[Withdrawn, ...]:
    """An operator ends a consent by its id, or all that stand in a grant by the grant's. Raises `NotFound`, `Conflict`, `InvalidInput` for `reason` or `case`.

    The entries in the citizen's log name reason and case, and say that an operator did it; which one, the service's own log.
    """
    check(reason=reason, case=case)
    meant, citizen_id = _meant(wanted)
    with citizen_scope(citizen_id):
        # Locked before it is asked what stands, as in `by_recipient`: what is ended meanwhile keeps nothing of the rest from its end.
        queries.for_decision(
            citizen_id=citizen_id, recipient=ConsentRecord.objects.select_related("recipient").get(pk=meant).recipient.code
        )
        # What ran out, or has ended since it was looked for, ends nothing of the rest; where nothing is left, its end says so.
        standing = grants.open_consents(grant_id=wanted, now=now) or [meant]
        ended = partial(withdraw.end, citizen_id=citizen_id, by=OPERATOR, now=now, details={"reason": reason, "case": case})
        done = tuple(ended(consent_id=each) for each in standing)
        trail.did(operator_id=operator_id, deed="consent:ended", about=[reason])  # not whose, and not which
    for each in standing:
        logger.warning("Operator %s ended consent %s: %s, case %s.", operator_id, each, reason, case)
    return done


def order_source_ending(*, source: str, reason: str, case: str, operator_id: UUID, now: datetime) -> SourceEnding:
    """An operator asks for the end of every consent at a source, on that agency's word. Raises `NotFound`, `Conflict` for one under way.

    Nothing ends before another operator confirms it: it reaches everybody, and is not undone. Then it ends what stands, round by round; who connects the source anew while it is in use gives a new consent, which the order ends too.
    """
    check(reason=reason, case=case)
    agency = Agency.objects.filter(code=source, data_source__isnull=False).first()
    if agency is None:
        raise NotFound()
    with transaction.atomic():
        order, made = SourceEnding.objects.get_or_create(
            source=agency, finished_at=None, defaults={"reason": reason, "case": case, "ordered_by": operator_id, "ordered_at": now}
        )
        if not made:
            raise Conflict()
        trail.did(operator_id=operator_id, deed="source_ending:ordered", about=[source, str(order.pk), reason])
    logger.warning("Operator %s ordered the end of all consents at %s: %s, case %s.", operator_id, source, reason, case)
    return order


def confirm_source_ending(*, order_id: int, operator_id: UUID, now: datetime) -> None:
    """A second operator confirms an order; the sweep begins with it. Raises `SamePerson`, `NotFound`, `Conflict`.

    Both are asked for their role at this moment: `NotAPrivacyOfficer`, `officers.AskerGone`.
    """
    if not SourceEnding.objects.filter(pk=order_id).exists():
        raise NotFound()
    waiting = SourceEnding.objects.filter(pk=order_id, confirmed_at__isnull=True, finished_at__isnull=True)
    if waiting.filter(ordered_by=operator_id).exists():
        raise SamePerson()
    with transaction.atomic():
        ordered_by = waiting.values_list("ordered_by", flat=True).first()
        officers.check(operator_id, asked_by=ordered_by, role=Operator.Role.PRIVACY_OFFICER, refusal=NotAPrivacyOfficer)
        if waiting.update(confirmed_by=operator_id, confirmed_at=now) != 1:
            raise Conflict()
        trail.did(operator_id=operator_id, deed="source_ending:confirmed", about=[str(order_id)])
    logger.warning("Operator %s confirmed the order %s to end all consents at a source.", operator_id, order_id)


def decline_source_ending(*, order_id: int, operator_id: UUID, now: datetime) -> None:
    """Nothing comes of an order that waits: another declines it, or who ordered takes it back. Raises `NotFound`, `Conflict`.

    They are asked for their role at this moment: `NotAPrivacyOfficer`.
    """
    if not SourceEnding.objects.filter(pk=order_id).exists():
        raise NotFound()
    waiting = SourceEnding.objects.filter(pk=order_id, confirmed_at__isnull=True, finished_at__isnull=True)
    with transaction.atomic():
        officers.check(operator_id, role=Operator.Role.PRIVACY_OFFICER, refusal=NotAPrivacyOfficer)
        if waiting.update(declined_by=operator_id, finished_at=now) != 1:
            raise Conflict()
        trail.did(operator_id=operator_id, deed="source_ending:declined", about=[str(order_id)])
    logger.warning("Operator %s declined the order %s to end all consents at a source.", operator_id, order_id)


def by_recipient(*, client_id: str, agency_code: str, grant_id: UUID, now: datetime) -> tuple[Withdrawn, ...]:
    """The agency gives a grant of its own client back: every consent in it ends, in one transaction (Grant Management, draft-03, 6.5).

    Raises `NotFound` (another client's too, and one that has ended) and `Conflict`.
    """
    citizen_id = grants.citizen_of(grant_id=grant_id, client_id=client_id)
    if citizen_id is None:
        raise NotFound()
    with citizen_scope(citizen_id):
        # Locked before it is asked what stands: of two who end the same, the second finds nothing, or what the first has left.
        queries.for_decision(citizen_id=citizen_id, recipient=agency_code)
        done = tuple(
            withdraw.end(citizen_id=citizen_id, consent_id=each, by=agency_code, now=now, details={"client": client_id})
            for each in grants.open_consents(grant_id=grant_id, now=now)
        )
        if not done:
            raise NotFound()
    return done


def check(*, reason: str, case: str) -> None:
    """Raises `InvalidInput` with both fields that are wrong. A case number is a reference, never a name or a story."""
    wrong = {} if reason in REASONS else {"reason": "reason_required"}
    if not CASE.fullmatch(case):
        wrong["case"] = "case_wrong"
    if wrong:
        raise InvalidInput(wrong)


def _ended(
    consent_id: UUID, citizen_id: UUID, *, by: str, now: datetime, of_death: bool = False, details: dict[str, str] | None = None
) -> bool:
    """One of many: what goes wrong with it must not keep the others. It is found again in the next round."""
    crash.reach("sweep.before_end")
    try:
        withdraw.end(citizen_id=citizen_id, consent_id=consent_id, by=by, now=now, of_death=of_death, details=details)
        return True
    except (Conflict, NotFound):
        return False  # another worker, or the citizen, was faster
    except Exception as error:
        logger.error("Consent %s could not be ended yet: %s", consent_id, type(error).__name__)
        return False


def _meant(wanted: UUID) -> tuple[UUID, UUID]:
    found = _ids("SELECT consent_id, citizen_id FROM consent_meant(%s)", [wanted])
    if not found:
        raise NotFound()
    return found[0]


def _ids(statement: str, parameters: list[Any]) -> list[tuple[UUID, UUID]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [(consent_id, citizen_id) for consent_id, citizen_id in cursor.fetchall()]
