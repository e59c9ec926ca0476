"""Grants: made by an approval, alive as long as their consent."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from consent import queries
from consent.models import ConsentRecord, ConsentState

from . import rfc9396
from .models import Client, Grant


def create(*, citizen_id: UUID, client: Client, consent: ConsentRecord, now: datetime) -> Grant:
    """A grant for what this consent covers. Called in the citizen's scope."""
    return Grant.objects.create(
        citizen_id=citizen_id,
        client=client,
        consent=consent,
        authorization_details=rfc9396.granted_by(consent).as_json(),
        created_at=now,
    )


def lock_alive(*, grant_id: UUID, now: datetime) -> Grant | None:
    """The grant, locked until the transaction ends; None if its consent is over. Called in the citizen's scope.

    Its details are less, in this value only, by the categories that a change of meaning has left behind; None if that is all of them.
    Issuing and revoking both take this lock first: no token is issued beside a withdrawal that does not see it.
    """
    grant = Grant.objects.select_for_update().get(pk=grant_id)
    # A statement of its own after the lock: it sees a withdrawal that was committed while we waited.
    alive = ConsentRecord.objects.filter(
        pk=grant.consent_id, state=ConsentState.GIVEN, ended_at__isnull=True, not_before__lte=now, expires_at__gt=now
    )
    grant.consent_ends = alive.values_list("expires_at", flat=True).first()
    return grant if grant.consent_ends and _narrow(grant) else None


def still_granted(detail: dict[str, Any], *, consent_id: UUID) -> dict[str, Any] | None:
    """A detail without the categories that a change of meaning has left behind; None if none is left. In the citizen's scope."""
    behind = queries.left_behind([consent_id]).get(consent_id, frozenset())
    left = [c for c in detail["categories"] if c not in behind]
    return detail | {"categories": left} if left else None


def _narrow(grant: Grant) -> bool:
    left = still_granted(grant.authorization_details, consent_id=grant.consent_id)
    grant.authorization_details = left or grant.authorization_details
    return left is not None
