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
from aurora.journeys import officers
from consent.oauth import onboarding
from consent.oauth.models import ClientDraft

logger = logging.getLogger(__name__)


def draft(*, operator: Operator, client_id: str, content: Mapping[str, Any], reason: str, now: datetime) -> ClientDraft:
    """Ask for a client, or for its change. Raises what `onboarding.draft` raises, and `NotAnOfficer`."""
    with transaction.atomic():
        officers.check(operator.pk)
        return _said(operator, onboarding.draft(client_id=client_id, content=content, reason=reason, by=operator.pk, now=now))


def suspend(*, operator: Operator, client_id: str, reason: str, now: datetime) -> ClientDraft:
    """Stop a client now."""
    with transaction.atomic():
        officers.check(operator.pk)
        return _said(operator, onboarding.suspend(client_id=client_id, reason=reason, by=operator.pk, now=now))


def reactivate(*, operator: Operator, client_id: str, reason: str, now: datetime) -> ClientDraft:
    """Ask that it may work again."""
    with transaction.atomic():
        officers.check(operator.pk)
        return _said(operator, onboarding.reactivate(client_id=client_id, reason=reason, by=operator.pk, now=now))


def decide(*, operator: Operator, draft_id: UUID, agree: bool, now: datetime) -> ClientDraft:
    """The second person's answer, or the first one's taking back. Raises what `onboarding` raises, `NotAnOfficer` and `AskerGone`."""
    verb = onboarding.approve if agree else onboarding.decline
    with transaction.atomic():
        open_ = ClientDraft.objects.filter(pk=draft_id, state=ClientDraft.State.OPEN)
        officers.check(operator.pk, asked_by=open_.values_list("requested_by", flat=True).first() if agree else None)
        return _said(operator, verb(draft_id=draft_id, by=operator.pk, now=now))


def _said(operator: Operator, done: ClientDraft) -> ClientDraft:
    """Last in the transaction of what was done."""
    trail.did(operator_id=operator.pk, deed=f"client:{done.kind}_{done.state}", about=[done.client_id, done.pk])
    logger.info("Client %s: %s is %s (operator %s, draft %s).", done.client_id, done.kind, done.state, operator.username, done.pk)
    return done
