"""Access tokens at the protected resource, and the end of tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from consent.errors import OutsideTransaction
from consent.models import ConsentState
from consent.scope import lookup_scope

from . import rfc9449
from .digests import digest_of, looks_like_secret
from .errors import InvalidProof, InvalidToken, NonceWanted
from .models import (
    AccessToken,
    AuthorizationCode,
    ClientToken,
    Grant,
    RefreshToken,
    RevokedReason,
)

# RFC 9449, 7.1: the scheme is DPoP. RFC 6750's `Bearer` is refused, whatever the token (7.2).
_BOUND = re.compile(r"dpop +([A-Za-z0-9_-]{43}) *", re.IGNORECASE)

Credential = TypeVar("Credential", AuthorizationCode, AccessToken, RefreshToken)

# Functions of migration 0007: who holds the token and its key sees its row, no other; and the proof is taken.
_HELD = """
SELECT verdict, nonce_wanted, expires_at, client_id, agency, citizen_id, grant_id, consent_id, detail, revoked_reason
FROM consent_oauth_held_token(%s, %s, %s, %s, %s, %s, %s)
"""
_HELD_BY_CLIENT = """
SELECT verdict, nonce_wanted, expires_at, client_id, agency, scopes FROM consent_oauth_held_client_token(%s, %s, %s, %s, %s, %s, %s)
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
    next_nonce: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ClientContext:
    """An agency in its own name: what it may do without any citizen's token, of `config.SCOPES`.

    `next_nonce` here and above: goes out as `DPoP-Nonce` with the answer (RFC 9449, 8.2); "" for a client that needs none.
    """

    client_id: str
    agency_code: str
    scopes: frozenset[str]
    expires_at: datetime
    next_nonce: str = field(default="", repr=False)


def authenticate(call: rfc9449.Call, *, now: datetime | None = None) -> TokenContext:
    """The context of the access token in an Authorization header, if the DPoP proof beside it is of its key (RFC 9449, 7).

    One round trip. Called outside transactions, so that a proof stays taken whatever follows. Raises `InvalidToken` for no, an unknown,
    an expired token, one revoked after a replay or by its client, one of a client or agency that is no longer active, and for a proof
    that does not hold. A token that died of a withdrawal does not raise: see `TokenContext.revoked`.
    """
    now = now or timezone.now()
    next_nonce, (expires_at, client_id, agency_code, *rest) = _held(call, _HELD, now)
    citizen_id, grant_id, consent_id, text, reason = rest
    if reason not in ("", RevokedReason.CONSENT_WITHDRAWN):
        raise InvalidToken()
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
        next_nonce=next_nonce,
    )


def authenticate_client(call: rfc9449.Call, *, now: datetime | None = None) -> ClientContext:
    """The agency itself, by a token of `client_credentials` (RFC 6749, 4.4) and a proof of its key. Otherwise as `authenticate`."""
    next_nonce, (expires_at, client_id, agency_code, scopes) = _held(call, _HELD_BY_CLIENT, now or timezone.now())
    return ClientContext(client_id, agency_code, frozenset(scopes), expires_at, next_nonce)


def _held(call: rfc9449.Call, sql: str, now: datetime) -> tuple[str, tuple[Any, ...]]:
    """The nonce to go out and the token's row. The proof is proved before the database is asked anything."""
    if not call.authorization:
        raise InvalidToken(presented=False)
    match = _BOUND.fullmatch(call.authorization)
    if match is None:
        raise InvalidToken("Send the access token with the scheme DPoP and a proof of its key.")
    try:
        proof = rfc9449.check(call, now=now, access_token=match[1])
        asked = [digest_of(match[1]), proof.jkt, proof.digest, proof.expires_at, proof.made_after, proof.with_nonce, now]
        with connection.cursor() as cursor:
            cursor.execute(sql, asked)
            row = cursor.fetchone()
        if row is None or row[2] <= now:
            raise InvalidToken()
        rfc9449.follow(row[0], now)
    except (InvalidProof, NonceWanted) as error:
        raise InvalidToken(error.description, code=error.error, nonce=getattr(error, "nonce", "")) from None
    return rfc9449.new_nonce(now) if row[1] else "", row[2:]


def revoke_for_consent(*, consent_id: UUID, now: datetime, reason: RevokedReason = RevokedReason.CONSENT_WITHDRAWN) -> int:
    """Kill every token of the grant that rests on a consent; returns how many. Zero for a consent that no agency asked for.

    Called by whoever ends the consent, in the same transaction and the citizen's scope, after the consent's own row has changed.
    `SUPERSEDED` is for a consent replaced by a newer one: those tokens are then invalid without further reason.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction("Tokens end in the transaction that ends their consent.")
    grant = Grant.objects.select_for_update().filter(consent_id=consent_id).first()  # see grants.lock_alive
    return revoke(now=now, reason=reason, grant=grant) if grant else 0


def narrow_for_consent(*, consent_id: UUID, categories: Iterable[str], now: datetime) -> int:
    """Take withdrawn categories out of the grant that rests on a consent, and kill the access tokens that bear one; returns how many.

    The refresh token lives on, and fetches a token for what is left. Called as `revoke_for_consent` is.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction("A grant is narrowed in the transaction that narrows its consent.")
    grant = Grant.objects.select_for_update().filter(consent_id=consent_id).first()
    if grant is None:
        return 0
    gone = sorted(set(categories))
    left = [category for category in grant.authorization_details["categories"] if category not in gone]
    Grant.objects.filter(pk=grant.pk).update(authorization_details={**grant.authorization_details, "categories": left})
    bearing = Q()
    for category in gone:
        bearing |= Q(detail__categories__contains=[category])
    living = AccessToken.objects.filter(bearing, grant=grant, revoked_at__isnull=True)
    return living.update(revoked_at=now, revoked_reason=RevokedReason.SUPERSEDED)


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


def own(secret: str) -> ClientToken | None:
    """The row of an agency's own token; None if there is none."""
    return ClientToken.objects.filter(pk=digest_of(secret)).first() if looks_like_secret(secret) else None


def supersede(*, citizen_id: UUID, client_pk: int, now: datetime) -> None:
    """Kill what a client still holds of consents that a newer one has replaced. Called in the citizen's scope."""
    replaced = Grant.objects.filter(citizen_id=citizen_id, client_id=client_pk, consent__state=ConsentState.REPLACED)
    for consent_id in replaced.values_list("consent_id", flat=True):
        revoke_for_consent(consent_id=consent_id, now=now, reason=RevokedReason.SUPERSEDED)
