"""An agency's client, from the operators' side: who may ask, who may agree. What follows is `consent.oauth.onboarding`'s.

The pages ask the same questions before; this is where they are asked of every caller.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from aurora.audit import trail
from aurora.identity.models import Operator
from consent.errors import AuroraError
from consent.oauth import onboarding
from consent.oauth.models import ClientDraft

logger = logging.getLogger(__name__)


class NotAnOfficer(AuroraError):
    """Least privilege: clients are the agency officers' business."""

    code = "not_an_officer"
    sentence = "This is for agency officers."
    status = 403


def draft(*, operator: Operator, client_id: str, content: Mapping[str, Any], reason: str, now: datetime) -> ClientDraft:
    """Ask for a client, or for its change. Raises what `onboarding.draft` raises, and `NotAnOfficer`."""
    _check(operator)
    with transaction.atomic():
        return _said(operator, onboarding.draft(client_id=client_id, content=content, reason=reason, by=operator.pk, now=now))


def suspend(*, operator: Operator, client_id: str, reason: str, now: datetime) -> ClientDraft:
    """Stop a client now."""
    _check(operator)
    with transaction.atomic():
        return _said(operator, onboarding.suspend(client_id=client_id, reason=reason, by=operator.pk, now=now))


def reactivate(*, operator: Operator, client_id: str, reason: str, now: datetime) -> ClientDraft:
    """Ask that it may work again."""
    _check(operator)
    with transaction.atomic():
        return _said(operator, onboarding.reactivate(client_id=client_id, reason=reason, by=operator.pk, now=now))


def decide(*, operator: Operator, draft_id: UUID, agree: bool, now: datetime) -> ClientDraft:
    """The second person's answer, or the first one's taking back."""
    _check(operator)
    verb = onboarding.approve if agree else onboarding.decline
    with transaction.atomic():
        return _said(operator, verb(draft_id=draft_id, by=operator.pk, now=now))


def _check(operator: Operator) -> None:
    if not operator.is_active or Operator.Role.AGENCY_OFFICER not in operator.roles:
        raise NotAnOfficer()


def _said(operator: Operator, done: ClientDraft) -> ClientDraft:
    """Last in the transaction of what was done."""
    trail.did(operator_id=operator.pk, deed=f"client:{done.kind}_{done.state}", about=[done.client_id, done.pk])
    logger.info("Client %s: %s is %s (operator %s, draft %s).", done.client_id, done.kind, done.state, operator.username, done.pk)
    return done
