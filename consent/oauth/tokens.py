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
from consent.models import ConsentRecord, ConsentState
from consent.scope import lookup_scope

from . import grants, rfc9449
from .digests import digest_of, looks_like_secret
from .errors import InvalidProof, InvalidToken, NonceWanted
from .models import (
    AccessToken,
    AuthorizationCode,
    ClientToken,
    GrantPart,
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
    `categories`: those of the token that its client is registered for now; `taken`: the rest, which an operator has taken from it.
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
    taken: frozenset[str] = frozenset()
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
        raise InvalidToken(known=True)
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
        taken=frozenset(detail.get("taken", ())),
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
        asked: list[Any] = [digest_of(match[1]), proof.jkt, proof.digest, proof.expires_at, proof.made_after, proof.with_nonce, now]
        with connection.cursor() as cursor:
            cursor.execute(sql, asked)
            row = cursor.fetchone()
        if row is None or row[2] <= now:
            raise InvalidToken(known=row is not None)
        rfc9449.follow(row[0], now)
    except (InvalidProof, NonceWanted) as error:
        raise InvalidToken(error.description, code=error.error, nonce=getattr(error, "nonce", "")) from None
    return rfc9449.new_nonce(now) if row[1] else "", row[2:]


def revoke_for_consent(*, consent_id: UUID, now: datetime, reason: RevokedReason = RevokedReason.CONSENT_WITHDRAWN) -> int:
    """Kill what was issued for a consent; returns how many tokens. Zero for a consent that no agency asked for.

    Refresh tokens of its grant die with the last of the grant's consents that they are good for; until then they give tokens for the others.
    Called by whoever ends the consent, in the same transaction and the citizen's scope, after the consent's own row has changed.
    `SUPERSEDED` is for a consent replaced by a newer one: those tokens are then invalid without further reason.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction("Tokens end in the transaction that ends their consent.")
    part = GrantPart.objects.filter(consent_id=consent_id).first()
    if part is None:
        return 0
    left = grants.lock_alive(grant_id=part.grant_id, now=now)
    held = AccessToken.objects.filter(grant_id=part.grant_id, consent_id=consent_id, revoked_at__isnull=True)
    killed = held.update(revoked_at=now, revoked_reason=reason)
    if left is None or not any(p.consent_id != consent_id for p in left.lasting):
        killed += end_refresh(grant_id=part.grant_id, now=now, reason=reason)
    return killed


def narrow_for_consent(*, consent_id: UUID, categories: Iterable[str], now: datetime) -> int:
    """Kill the access tokens that bear a category which was withdrawn while the rest stands; returns how many.

    The refresh token lives on, and fetches a token for what is left: the grant covers what its consents do. Called as `revoke_for_consent` is.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction("Tokens end in the transaction that narrows their consent.")
    part = GrantPart.objects.filter(consent_id=consent_id).first()
    if part is None:
        return 0
    grants.lock(part.grant_id)
    bearing = Q()
    for category in sorted(set(categories)):
        bearing |= Q(detail__categories__contains=[category])
    living = AccessToken.objects.filter(bearing, grant_id=part.grant_id, consent_id=consent_id, revoked_at__isnull=True)
    return living.update(revoked_at=now, revoked_reason=RevokedReason.SUPERSEDED)


def end_refresh(*, grant_id: UUID, now: datetime, reason: RevokedReason) -> int:
    """Kill the refresh tokens of a grant, which is locked; returns how many."""
    return RefreshToken.objects.filter(grant_id=grant_id, revoked_at__isnull=True).update(revoked_at=now, revoked_reason=reason)


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


def supersede(*, by: ConsentRecord, now: datetime) -> None:
    """Kill what any client holds of the consents that this one has replaced. In the citizen's scope, in the transaction that gave it."""
    same = ConsentRecord.objects.filter(citizen_id=by.citizen_id, recipient_id=by.recipient_id)
    replaced = same.filter(state=ConsentState.REPLACED, ended_at=by.decided_at).values("pk")
    # In the order of their grants: two who lock several wait for each other, and do not deadlock.
    for part in GrantPart.objects.filter(consent__in=replaced).order_by("grant_id", "pk"):
        revoke_for_consent(consent_id=part.consent_id, now=now, reason=RevokedReason.SUPERSEDED)
