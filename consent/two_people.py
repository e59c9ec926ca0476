"""What one person asks for and another one decides, on drafts of either kind (`AgencyDraft`, `ClientDraft`): they have these columns and states in common."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db import models, transaction

from consent.errors import AuroraError, Conflict, NotFound

Draft = TypeVar("Draft", bound=models.Model)
OPEN, APPROVED, DECLINED, WITHDRAWN = "open", "approved", "declined", "withdrawn"


class SamePerson(AuroraError):
    """Two people, always: the database refuses it too."""

    code = "same_person"
    sentence = "Somebody else must decide on what you asked for."
    status = 403


def approve(drafts: type[Draft], *, draft_id: UUID, by: UUID, now: datetime) -> Draft:
    """The second person agrees; in the transaction that does what was asked for. Raises `SamePerson`, `NotFound`, `Conflict` for what is decided already."""
    if _asker(drafts, draft_id) == by:
        raise SamePerson()
    return _decide(drafts, draft_id, APPROVED, by, now)


def decline(drafts: type[Draft], *, draft_id: UUID, by: UUID, now: datetime) -> Draft:
    """Nothing comes of it: a second person declines it, or who asked takes it back. Raises `NotFound`, `Conflict`."""
    with transaction.atomic():
        return _decide(drafts, draft_id, WITHDRAWN if _asker(drafts, draft_id) == by else DECLINED, by, now)


def _asker(drafts: type[models.Model], draft_id: UUID) -> UUID | None:
    found = drafts._default_manager.filter(pk=draft_id).values_list("requested_by", flat=True)
    if not found:
        raise NotFound()
    return found[0]


def _decide(drafts: type[Draft], draft_id: UUID, state: str, by: UUID, now: datetime) -> Draft:
    rows = drafts._default_manager
    if rows.filter(pk=draft_id, state=OPEN).update(state=state, decided_by=by, decided_at=now) != 1:
        raise Conflict()
    return rows.get(pk=draft_id)
