"""Access tokens at the protected resource, and the end of tokens."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from consent.errors import OutsideTransaction
from consent.models import ConsentState
from consent.scope import lookup_scope

from .digests import digest_of, looks_like_secret
from .errors import InvalidToken
from .models import AccessToken, AuthorizationCode, Grant, RefreshToken, RevokedReason

_BEARER = re.compile(r"bearer +([A-Za-z0-9_-]{43}) *", re.IGNORECASE)

Credential = TypeVar("Credential", AuthorizationCode, AccessToken, RefreshToken)

# A function of migration 0004: who holds the token sees its row, no other.
_HELD = """
SELECT citizen_id, client_id, agency, grant_id, consent_id, detail, expires_at, revoked_reason FROM consent_oauth_held_token(%s)
"""


@dataclass(frozen=True, slots=True)
class TokenContext:
    """Who asks, for whose data, and what the token was issued for. What is allowed now, `consent.rules.decide` says.

    `revoked`: the citizen has withdrawn the consent and the token died with it. The context is there so that the refusal can be
    logged for the citizen and answered with the code `consent_withdrawn`; nothing may be read with it.
    """

    citizen_id: UUID = field(repr=False)
    client_id: str
    agency_code: str
    grant_id: UUID
    consent_id: UUID
    purpose: str
    categories: frozenset[str]
    expires_at: datetime
    revoked: bool = False


def authenticate(*, authorization_header: str | None, now: datetime | None = None) -> TokenContext:
    """The context of the bearer token in an Authorization header (RFC 6750, 2.1). One round trip; works in and out of a transaction.

    Raises `InvalidToken` for no, an unknown, an expired token, one revoked after a code replay or by its client, or one of a client
    or agency that is no longer active. A token that died of a withdrawal does not raise: see `TokenContext.revoked`.
    """
    if not authorization_header:
        raise InvalidToken(presented=False)
    match = _BEARER.fullmatch(authorization_header)
    if match is None:
        raise InvalidToken()
    digest = digest_of(match[1])
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [digest])
        row = cursor.fetchone()
    if row is None or row[6] <= (now or timezone.now()) or row[7] not in ("", RevokedReason.CONSENT_WITHDRAWN):
        raise InvalidToken()
    citizen_id, client_id, agency_code, grant_id, consent_id, text, expires_at, reason = row
    detail = json.loads(text)
    return TokenContext(
        citizen_id=citizen_id,
        client_id=client_id,
        agency_code=agency_code,
        grant_id=grant_id,
        consent_id=consent_id,
        purpose=detail["purpose"],
        categories=frozenset(detail["categories"]),
        expires_at=expires_at,
        revoked=reason != "",
    )


def revoke_for_consent(*, consent_id: UUID, now: datetime, reason: RevokedReason = RevokedReason.CONSENT_WITHDRAWN) -> int:
    """Kill every token of the grant that rests on a consent; returns how many. Zero for a consent that no agency asked for.

    Called by whoever ends the consent, in the same transaction and the citizen's scope, after the consent's own row has changed.
    `SUPERSEDED` is for a consent replaced by a newer one: those tokens are then invalid without further reason.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction("Tokens end in the transaction that ends their consent.")
    grant = Grant.objects.select_for_update().filter(consent_id=consent_id).first()  # see grants.lock_alive
    return revoke(now=now, reason=reason, grant=grant) if grant else 0


def revoke(*, now: datetime, reason: RevokedReason, **which: Any) -> int:
    """Kill the access and refresh tokens that match (`grant=`, `code=`); returns how many. Called in the citizen's scope."""
    killed = 0
    for model in (AccessToken, RefreshToken):
        living: QuerySet[Any] = model._default_manager.filter(revoked_at__isnull=True, **which)
        killed += living.update(revoked_at=now, revoked_reason=reason)
    return killed


def held(model: type[Credential], secret: str | None) -> Credential | None:
    """The row of the secret that a client presents, by its digest; None if there is none."""
    if secret is None or not looks_like_secret(secret):
        return None
    digest = digest_of(secret)
    with lookup_scope(digest):
        return model._default_manager.filter(pk=digest).first()


def supersede(*, citizen_id: UUID, client_pk: int, now: datetime) -> None:
    """Kill what a client still holds of consents that a newer one has replaced. Called in the citizen's scope."""
    replaced = Grant.objects.filter(citizen_id=citizen_id, client_id=client_pk, consent__state=ConsentState.REPLACED)
    for consent_id in replaced.values_list("consent_id", flat=True):
        revoke_for_consent(consent_id=consent_id, now=now, reason=RevokedReason.SUPERSEDED)
