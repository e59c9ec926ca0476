"""Grants: made and added to by approvals; what stands in them is decided at each read, from their consents, by `consent.queries.standing`.

A grant is locked after the rows of its consents, never before: who ends, replaces or merges holds these when it asks for the grant. Issuing
locks the grant and only reads the consents: no token is issued beside a withdrawal that does not see it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from consent import queries
from consent.models import ConsentEvent, ConsentEventKind, ConsentRecord, ConsentState

from . import rfc9396
from .models import Client, Grant, GrantPart
from .rfc9396 import Detail


@dataclass(frozen=True, slots=True)
class StandingPart:
    """A consent that is alive in a grant: `detail` is what of it stands now."""

    consent_id: UUID
    detail: Detail
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands in a grant, the newest part first; never empty. `created_at` is the grant's."""

    grant_id: UUID
    created_at: datetime
    parts: tuple[StandingPart, ...]

    @property
    def details(self) -> list[dict[str, Any]]:
        return [part.detail.as_json() for part in self.parts]

    @property
    def expires_at(self) -> datetime:
        """When the last part ends."""
        return max(part.expires_at for part in self.parts)

    @property
    def lasting(self) -> tuple[StandingPart, ...]:
        """Those that a refresh token is good for: a consent for one use needs no second token."""
        return tuple(part for part in self.parts if not part.detail.once)

    def of_consent(self, consent_id: UUID) -> StandingPart | None:
        return next((part for part in self.parts if part.consent_id == consent_id), None)

    def of_purpose(self, purpose: str) -> StandingPart | None:
        """There is one at most: a citizen has one live consent for an agency and a purpose."""
        return next((part for part in self.parts if part.detail.purpose == purpose), None)


def create(*, citizen_id: UUID, client: Client, consent: ConsentRecord, now: datetime) -> GrantPart:
    """A new grant with this consent as its only part. Called in the citizen's scope."""
    grant = Grant.objects.create(citizen_id=citizen_id, client=client, created_at=now)
    return add(grant=grant, consent=consent, now=now)


def add(*, grant: Grant, consent: ConsentRecord, now: datetime) -> GrantPart:
    """A further part. Called in the citizen's scope, with the grant locked unless it is new."""
    return GrantPart.objects.create(grant=grant, citizen_id=grant.citizen_id, consent=consent, added_at=now)


def standing(*, grant_id: UUID, now: datetime, client: Client | None = None) -> Standing | None:
    """What stands in a grant now; None if that is nothing, or there is no such grant of the citizen in whose scope this is.

    `client`: only what this client is still registered for. An operator may have taken a purpose or a category from it since.
    """
    parts = list(GrantPart.objects.filter(grant_id=grant_id).select_related("grant", "consent").order_by("-added_at", "-pk"))
    alive = queries.standing((part.consent_id for part in parts), at=now)
    if client is not None:
        alive = _registered(client, alive, parts)
    still = tuple(
        StandingPart(part.consent_id, rfc9396.granted_by(part.consent, alive[part.consent_id]), part.consent.expires_at)
        for part in parts
        if part.consent_id in alive
    )
    return Standing(grant_id, parts[0].grant.created_at, still) if still else None


def _registered(client: Client, alive: dict[UUID, frozenset[str]], parts: list[GrantPart]) -> dict[UUID, frozenset[str]]:
    mine = {part.consent_id for part in parts if part.consent.purpose_id in client.allowed_purposes}
    left = {consent_id: covered & set(client.allowed_categories) for consent_id, covered in alive.items() if consent_id in mine}
    return {consent_id: covered for consent_id, covered in left.items() if covered}


def open_consents(*, grant_id: UUID, now: datetime) -> list[UUID]:
    """The consents that can still be ended, also those that a change of meaning has left behind. In the citizen's scope."""
    alive = GrantPart.objects.filter(grant_id=grant_id, consent__state=ConsentState.GIVEN, consent__expires_at__gt=now)
    return list(alive.order_by("-added_at", "-pk").values_list("consent_id", flat=True))


def lock(grant_id: UUID) -> Grant:
    """The grant, locked until the transaction ends. Called in the citizen's scope."""
    return Grant.objects.select_for_update().get(pk=grant_id)


def lock_alive(*, grant_id: UUID, now: datetime, client: Client | None = None) -> Standing | None:
    """The same, and what stands in it then: read after the lock, so that a withdrawal is seen that was committed while we waited."""
    lock(grant_id)
    return standing(grant_id=grant_id, now=now, client=client)


def citizen_of(*, grant_id: UUID, client_id: str) -> UUID | None:
    """Whose grant it is, for who is its client; None to everyone else. By a database function: the client knows no citizen."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_oauth_citizen_of_grant(%s, %s)", [grant_id, client_id])
        found: UUID | None = cursor.fetchone()[0]
    return found


def parse_id(text: str) -> UUID | None:
    """A `grant_id` as we write it; None for anything else, also for another spelling of the same number."""
    try:
        grant_id = UUID(text)
    except ValueError:
        return None
    return grant_id if str(grant_id) == text else None


@dataclass(frozen=True, slots=True)
class Changed:
    """When something last happened to a grant, and whether by a request of its client's: that gives or replaces, nothing else does."""

    at: datetime
    asked_for: bool


def last_change(grant_id: UUID) -> Changed:
    """By the history of its consents, also of those that are over. In the citizen's scope."""
    parts = GrantPart.objects.filter(grant_id=grant_id)
    events = ConsentEvent.objects.filter(consent__in=parts.values("consent")).order_by("-at", "-pk")
    last = events.values_list("at", "kind").first()
    if last is None:
        return Changed(parts.latest("added_at").added_at, asked_for=True)
    return Changed(last[0], asked_for=last[1] in (ConsentEventKind.GIVEN, ConsentEventKind.REPLACED))
