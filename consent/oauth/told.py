"""What introspection tells of an access token, read in one statement by who holds it: the token, whose it is, and what of its consent stands now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from consent import queries

from . import rfc9068
from .digests import digest_of, looks_like_secret
from .models import Client

# A function of migration 0012: it wants the token's digest, so that it works outside the citizen's scope.
_TOLD = "SELECT * FROM consent_oauth_token_told(%s, %s)"


@dataclass(frozen=True, slots=True)
class Told:
    """An access token as it was at the moment of asking. `agency` is that of the client it was issued to, `active` whether both still are.

    `details`: what stands of the detail that it was issued for; empty if that is nothing. `attorney`: who consented for the citizen, if not they.
    """

    client: int
    client_id: str
    agency: str
    active: bool
    audience: str
    jkt: str
    citizen_id: UUID = field(repr=False)
    grant_id: UUID
    attorney: UUID | None = field(repr=False)
    details: list[dict[str, Any]]
    created_at: datetime
    expires_at: datetime
    revoked: bool

    # What Authlib asks of a token.

    def check_client(self, client: Client) -> bool:
        return bool(self.client == client.pk)

    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()

    def is_revoked(self) -> bool:
        return self.revoked

    def is_for(self, server: Client) -> bool:
        """Whether this client is the resource server that the token is for, and the token's own client is still one of ours.

        Of the same agency too: an address can change hands while tokens for it live, and the citizen's name is the former agency's.
        """
        return bool(self.audience) and (self.audience, self.agency) == (server.resource, server.agency.code) and self.active


def of(text: str) -> Told | None:
    """The access token of this text, opaque or one of our JWTs; None for anything else."""
    digest = digest_of(text) if looks_like_secret(text) else rfc9068.digest_in(text)
    if digest is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_TOLD, [digest, timezone.now()])
        row = cursor.fetchone()
    if row is None:
        return None
    client, client_id, agency, active, audience, jkt, citizen_id, grant_id, attorney, detail, made, ends, revoked, alive, *consent = row
    details = _still(json.loads(detail), consent) if alive else []
    return Told(client, client_id, agency, active, audience, jkt, citizen_id, grant_id, attorney, details, made, ends, revoked)


def _still(detail: dict[str, Any], consent: Sequence[Any]) -> list[dict[str, Any]]:
    """A change of meaning ends a token as a withdrawal does, whole or by some categories, though nobody touched its row."""
    covered = queries.covers(*consent)
    left = [category for category in detail["categories"] if category in covered]
    return [detail | {"categories": left}] if left else []
