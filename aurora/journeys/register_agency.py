"""An agency, from the operators' side: who may ask that it be here, who may agree. What follows is `consent.agency_drafts`'."""

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
from consent import agency_drafts
from consent.models import AgencyDraft

logger = logging.getLogger(__name__)


def draft(
    *, operator: Operator, code: str, content: Mapping[str, Any], meaning: bool | None, new: bool, reason: str, now: datetime
) -> AgencyDraft:
    """Ask for an agency, or for its next version. Raises what `agency_drafts.draft` raises, and `NotAnOfficer`."""
    with transaction.atomic():
        officers.check(operator.pk)
        made = agency_drafts.draft(code=code, content=content, meaning=meaning, new=new, reason=reason, by=operator.pk, now=now)
        trail.did(operator_id=operator.pk, deed="agency_asked_for", about=[code, made.pk])
    return _said(operator, made)


def decide(*, operator: Operator, draft_id: UUID, agree: bool, now: datetime) -> AgencyDraft:
    """The second person's answer, or the first one's taking back. Raises what `agency_drafts` raises, `NotAnOfficer` and `AskerGone`."""
    with transaction.atomic():
        open_ = AgencyDraft.objects.filter(pk=draft_id, state=AgencyDraft.State.OPEN)
        officers.check(operator.pk, asked_by=open_.values_list("requested_by", flat=True).first() if agree else None)
        done = (agency_drafts.approve if agree else agency_drafts.decline)(draft_id=draft_id, by=operator.pk, now=now)
        trail.did(operator_id=operator.pk, deed=f"agency_{done.state}", about=[done.code, done.pk])
    return _said(operator, done)


def _said(operator: Operator, done: AgencyDraft) -> AgencyDraft:
    logger.info("Agency %s: %s is %s (operator %s, draft %s).", done.code, done.kind, done.state, operator.username, done.pk)
    return done
