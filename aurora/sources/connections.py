"""A citizen's connection to a source: the attempt that leads to it, its tokens, its end. In a `citizen_scope`."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from aurora.identity import vault
from aurora.outbound import oauth
from aurora.outbound.oauth import Departure, PeerFailed
from aurora.sources import registry
from aurora.sources.models import ConnectAttempt, Connection, DataSource

ATTEMPT_MINUTES = 30
# A token that ends within this time is renewed first: it would run out under way.
REFRESH_AHEAD = timedelta(seconds=20)
DEFAULT_TOKEN_SECONDS = 300
TRY_TO_RETURN = timedelta(days=7)


def begin(*, citizen_id: UUID, source: DataSource, departure: Departure, choices: dict[str, Any], now: datetime) -> ConnectAttempt:
    """Remember what the citizen chose while they are at the source."""
    return ConnectAttempt.objects.create(
        citizen_id=citizen_id,
        source=source,
        state_digest=_digest(departure.state),
        verifier_sealed=vault.seal(departure.verifier.encode(), citizen_id=citizen_id, context=b"pkce-verifier"),
        choices=choices,
        created_at=now,
        expires_at=now + timedelta(minutes=ATTEMPT_MINUTES),
    )


def take_attempt(*, citizen_id: UUID, source: DataSource, state: str, now: datetime) -> ConnectAttempt | None:
    """The attempt that a source's answer belongs to, once: it is spent by being taken."""
    mine = ConnectAttempt.objects.filter(citizen_id=citizen_id, source=source, state_digest=_digest(state))
    if mine.filter(used_at__isnull=True, expires_at__gt=now).update(used_at=now) != 1:
        return None
    return mine.get()


def verifier_of(attempt: ConnectAttempt) -> str:
    """The PKCE verifier of an attempt."""
    return vault.open_sealed(attempt.verifier_sealed, citizen_id=attempt.citizen_id, context=b"pkce-verifier").decode()


def establish(*, citizen_id: UUID, source: DataSource, tokens: dict[str, Any], now: datetime) -> Connection:
    """A live connection with fresh tokens; one that stood is ended and kept."""
    standing(citizen_id=citizen_id).filter(source=source).update(state=Connection.State.ENDED, ended_at=now)
    return Connection.objects.create(citizen_id=citizen_id, source=source, connected_at=now, **_sealed(citizen_id, tokens, now))


def standing(*, citizen_id: UUID) -> Any:
    """The connections that have not ended."""
    return Connection.objects.filter(citizen_id=citizen_id).exclude(state=Connection.State.ENDED)


def end(*, connection_id: UUID, now: datetime) -> bool:
    """End a connection; False when it had ended."""
    which = Connection.objects.filter(pk=connection_id).exclude(state=Connection.State.ENDED)
    return which.update(state=Connection.State.ENDED, ended_at=now) == 1


def to_return(*, most: int) -> list[tuple[UUID, UUID]]:
    """(connection, citizen) of ended connections whose source has not been told."""
    with database.cursor() as cursor:
        cursor.execute("SELECT connection_id, citizen_id FROM connections_to_return(%s)", [most])
        return list(cursor.fetchall())


def source_of(connection_id: UUID) -> UUID:
    """The source that a connection leads to."""
    found: UUID = Connection.objects.values_list("source_id", flat=True).get(pk=connection_id)
    return found


def give_back(*, connection_id: UUID, now: datetime) -> None:
    """Tell the source that we are done (RFC 7009 2), then forget the tokens. Raises `PeerFailed`, and keeps them for the next try.

    A source that will never take them, or did not for a week, is not asked again: we forget them all the same.
    """
    found = Connection.objects.select_related("source__agency").filter(pk=connection_id, state=Connection.State.ENDED).first()
    if found is None or found.tokens_returned_at is not None:
        return
    token = refresh_token(found) or _open(found.access_token_sealed, found.citizen_id, b"access-token")
    try:
        oauth.revoke(registry.registration(found.source), token=token)
    except PeerFailed as error:
        if error.retryable and found.ended_at is not None and found.ended_at > now - TRY_TO_RETURN:
            raise
    Connection.objects.filter(pk=connection_id).update(tokens_returned_at=now, access_token_sealed=b"", refresh_token_sealed=None)


def mark_broken(*, connection_id: UUID) -> None:
    """The source takes our tokens no more; the citizen is asked to connect again."""
    Connection.objects.filter(pk=connection_id, state=Connection.State.LIVE).update(state=Connection.State.BROKEN)


def access_token(*, connection_id: UUID) -> str:
    """A token that is good for the next seconds, renewed if need be, by one worker at a time. Raises `PeerFailed`."""
    with transaction.atomic():
        connection = _locked(connection_id)
        if connection.access_expires_at > timezone.now() + REFRESH_AHEAD:
            return _open(connection.access_token_sealed, connection.citizen_id, b"access-token")
        return _renewed(connection)


def renewed_token(*, connection_id: UUID) -> str:
    """A fresh token after a source refused one that had not run out. Raises `PeerFailed`."""
    with transaction.atomic():
        return _renewed(_locked(connection_id))


def refresh_token(connection: Connection) -> str | None:
    """The token to hand back to the source when the connection ends (RFC 7009)."""
    if connection.refresh_token_sealed is None:
        return None
    return _open(connection.refresh_token_sealed, connection.citizen_id, b"refresh-token")


def counts() -> dict[str, int]:
    """How many connections stand at each source, over all citizens, by a database function that returns nothing else."""
    with database.cursor() as cursor:
        cursor.execute("SELECT source, connections FROM connection_counts() WHERE state <> 'ended'")
        found: dict[str, int] = {}
        for source, n in cursor.fetchall():
            found[source] = found.get(source, 0) + n
    return found


def _locked(connection_id: UUID) -> Connection:
    """The live connection, ours until the transaction ends."""
    live = Connection.objects.filter(pk=connection_id, state=Connection.State.LIVE)
    found = live.select_for_update(of=("self",)).select_related("source__agency").first()
    if found is None:
        raise PeerFailed("revoked", retryable=False)
    return found


def _renewed(connection: Connection) -> str:
    current = refresh_token(connection)
    if current is None:
        raise PeerFailed("revoked", retryable=False)
    tokens = oauth.refresh(registry.registration(connection.source), refresh_token=current)
    tokens.setdefault("refresh_token", current)
    Connection.objects.filter(pk=connection.pk).update(**_sealed(connection.citizen_id, tokens, timezone.now()))
    return str(tokens["access_token"])


def _sealed(citizen_id: UUID, tokens: dict[str, Any], now: datetime) -> dict[str, Any]:
    seconds = tokens.get("expires_in", DEFAULT_TOKEN_SECONDS)
    seconds = seconds if isinstance(seconds, int) and 0 < seconds < 10**8 else DEFAULT_TOKEN_SECONDS
    refresh = tokens.get("refresh_token")
    return {
        "access_token_sealed": vault.seal(tokens["access_token"].encode(), citizen_id=citizen_id, context=b"access-token"),
        "refresh_token_sealed": vault.seal(refresh.encode(), citizen_id=citizen_id, context=b"refresh-token")
        if isinstance(refresh, str)
        else None,
        "access_expires_at": now + timedelta(seconds=seconds),
    }


def _open(sealed: bytes | memoryview, citizen_id: UUID, context: bytes) -> str:
    return vault.open_sealed(sealed, citizen_id=citizen_id, context=context).decode()


def _digest(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()
