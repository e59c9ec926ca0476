"""That an agency may have reports kept back by a law: one agency officer asks, another agrees; either ends it at once.

What was kept back while it stood comes out when it is due all the same. Whoever calls these, the database asks again whether both are officers
(identity's migration 0008).
"""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from aurora.audit import trail
from aurora.identity.models import Operator
from aurora.journeys import officers
from consent.agencies import NO_ORGANISATION
from consent.errors import Conflict, InvalidInput, NotFound
from consent.ledger import delays
from consent.ledger.models import DelayPermission
from consent.models import Agency
from consent.oauth.onboarding import REASON_LIMIT
from consent.two_people import SamePerson

logger = logging.getLogger(__name__)
State = DelayPermission.State


class PermissionOpen(Conflict):
    code = "delay_permission_open"
    sentence = "This agency has such a permission, or it has been asked for."


def ask(*, operator: Operator, agency_code: str, law: str, reason: str, now: datetime) -> DelayPermission:
    """Ask for a permission. Raises `NotAnOfficer`, `InvalidInput` for `agency`, `law` or `reason`, `PermissionOpen`."""
    wrong = {}
    if not Agency.objects.exclude(code__in=NO_ORGANISATION).filter(code=agency_code).exists():
        wrong["agency"] = "agency_unknown"
    if delays.law(law) is None:
        wrong["law"] = "delay_law_unknown"
    if not 1 <= len(reason.strip()) <= REASON_LIMIT:
        wrong["reason"] = "reason"
    try:
        with transaction.atomic():
            officers.check(operator.pk)
            if wrong:
                raise InvalidInput(wrong)
            made = DelayPermission.objects.create(agency=agency_code, law=law, reason=reason.strip(), asked_by=operator.pk, asked_at=now)
            _said(operator, made, "asked_for")
    except IntegrityError:
        raise PermissionOpen() from None
    return made


def approve(*, operator: Operator, permission_id: UUID, now: datetime) -> None:
    """The second officer agrees. Raises `NotAnOfficer`, `SamePerson`, `NotFound`, `AskerGone`, `Conflict`."""
    with transaction.atomic():
        asked = DelayPermission.objects.filter(pk=permission_id, state=State.ASKED)
        officers.check(operator.pk, asked_by=asked.values_list("asked_by", flat=True).first())
        found = _found(permission_id)
        if found.state == State.ASKED and found.asked_by == operator.pk:
            raise SamePerson()
        _move(found, State.ASKED, state=State.STANDING, decided_by=operator.pk, decided_at=now)
        _said(operator, found, "approved")


def decline(*, operator: Operator, permission_id: UUID, now: datetime) -> None:
    """Nothing comes of it: another declines it, or who asked takes it back. Raises `NotAnOfficer`, `NotFound`, `Conflict`."""
    with transaction.atomic():
        officers.check(operator.pk)
        found = _found(permission_id)
        _move(found, State.ASKED, state=State.DECLINED, decided_by=operator.pk, decided_at=now)
        _said(operator, found, "declined")


def end(*, operator: Operator, permission_id: UUID, now: datetime) -> None:
    """It ends now: nothing more is kept back by it, nor kept longer. Raises `NotAnOfficer`, `NotFound`, `Conflict`."""
    with transaction.atomic():
        officers.check(operator.pk)
        found = _found(permission_id)
        _move(found, State.STANDING, state=State.ENDED, ended_by=operator.pk, ended_at=now)
        _said(operator, found, "ended")


def _found(permission_id: UUID) -> DelayPermission:
    found = DelayPermission.objects.filter(pk=permission_id).first()
    if found is None:
        raise NotFound()
    return found


def _move(found: DelayPermission, begins: str, **values: object) -> None:
    if DelayPermission.objects.filter(pk=found.pk, state=begins).update(**values) != 1:
        raise Conflict()


def _said(operator: Operator, permission: DelayPermission, what: str) -> None:
    """Last in the transaction of what was done."""
    trail.did(operator_id=operator.pk, deed=f"delay:{what}", about=[permission.agency, permission.law, permission.pk])
    logger.warning(
        "Operator %s %s: %s may have uses kept back by %s.", operator.pk, what.replace("_", " "), permission.agency, permission.law
    )
