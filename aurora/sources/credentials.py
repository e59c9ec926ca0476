"""A connection's tokens: sealed, renewed, given back.

No request leaves while a transaction is open: a slow source would keep the row locked, and its citizen could not withdraw. Each verb reads
in a transaction of its own, asks outside of any, and stores by compare-and-set; `mark` tells whether the tokens are still those that were read.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from aurora import crash
from aurora.identity import vault
from aurora.outbound import guard, oauth
from aurora.outbound.oauth import PeerFailed, Registration
from aurora.sources import registry
from aurora.sources.found import Found, Tokens
from aurora.sources.models import Connection
from consent.scope import citizen_scope

logger = logging.getLogger(__name__)
# A token that ends within this time is renewed first: it would run out under way.
RENEW_AHEAD = timedelta(seconds=20)
# Two requests, metadata and token, and some time to open and to store.
LONGEST_RENEWAL = timedelta(seconds=2 * guard.TOTAL_SECONDS + 15)
DEFAULT_TOKEN_SECONDS = 300
TRY_TO_RETURN = timedelta(days=7)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)


@dataclass(frozen=True, repr=False)
class Held:
    """The tokens of one connection as they were read, in the clear."""

    connection_id: UUID
    citizen_id: UUID
    registration: Registration
    access: str
    refresh: str | None
    access_until: datetime
    mark: bytes
    context: Mapping[str, str] = field(default_factory=dict)

    def lasts(self, *, now: datetime) -> bool:
        """Whether the access token is good for the next request."""
        return self.access_until > now + RENEW_AHEAD


def sealed(*, citizen_id: UUID, tokens: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A token endpoint's answer as the columns of a `Connection`."""
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


def sealed_context(*, citizen_id: UUID, context: Mapping[str, str]) -> bytes | None:
    """What a source told with its tokens, as the column of a `Connection`: it may name the citizen's records there."""
    return vault.seal(json.dumps(dict(context)).encode(), citizen_id=citizen_id, context=b"token-context") if context else None


def held(*, citizen_id: UUID, connection_id: UUID) -> Held:
    """The tokens of a live connection. Raises `PeerFailed("revoked")` when it is none, `VaultClosed`, `KeyUnavailable`."""
    found = _read(citizen_id, connection_id, Connection.State.LIVE)
    if found is None:
        raise PeerFailed("revoked", retryable=False)
    return found


def opened(found: Found) -> Held:
    """The tokens that a pull was found with. In the citizen's scope. Raises `PeerFailed("revoked")`, `VaultClosed`, `KeyUnavailable`."""
    sealed_, source = found.tokens, found.source
    if not sealed_.live:
        raise PeerFailed("revoked", retryable=False)
    registration = registry.registered(
        code=source.code, issuer=source.issuer, client_id=source.client_id, key_sealed=source.key_sealed, connector=source.connector
    )
    return _held(found.connection_id, found.citizen_id, registration, sealed_)


def renew(old: Held) -> Held:
    """Fresh tokens, stored. Raises `PeerFailed`. The caller sees to it that no one else renews the same ones meanwhile.

    If another did all the same, theirs stand and are returned. Ours are then dropped, not revoked: that would end the whole grant, theirs
    with it (RFC 7009 2.1).
    """
    if old.refresh is None:
        raise PeerFailed("revoked", retryable=False)
    tokens = oauth.refresh(old.registration, refresh_token=old.refresh)
    crash.reach("pull.token_renewed")
    tokens.setdefault("refresh_token", old.refresh)
    with citizen_scope(old.citizen_id, durable=True):
        fresh = sealed(citizen_id=old.citizen_id, tokens=tokens, now=timezone.now())
        # Whatever its state: of a connection that has ended meanwhile, the new tokens are what must be given back.
        stored = _same(old).update(**fresh) == 1
        live = Connection.objects.filter(pk=old.connection_id, state=Connection.State.LIVE).exists()
    crash.reach("pull.token_stored")
    if not stored and not live:
        _drop(old, tokens)
    return held(citizen_id=old.citizen_id, connection_id=old.connection_id)


def give_back(*, citizen_id: UUID, connection_id: UUID, now: datetime) -> None:
    """Tell the source that we are done with an ended connection (RFC 7009 2), then forget its tokens.

    A source that will never take them is not asked again. Raises `PeerFailed` when it may take them later, `VaultClosed` when they cannot be
    opened, `KeyUnavailable` when Aurora's own key does not open.
    """
    found = _read(citizen_id, connection_id, Connection.State.ENDED)
    if found is None:
        return
    try:
        oauth.revoke(found.registration, token=found.refresh or found.access)
    except PeerFailed as error:
        if error.retryable:
            raise
    with citizen_scope(citizen_id, durable=True):
        _forget(_same(found), now)


def forget(*, citizen_id: UUID, connection_id: UUID, now: datetime) -> None:
    """Give up an ended connection's tokens without telling the source."""
    with citizen_scope(citizen_id):
        _forget(_unreturned(connection_id), now)


def put_off(*, citizen_id: UUID, connection_id: UUID, asked: bool, now: datetime) -> None:
    """Let an ended connection wait as long again as it has waited, or half as long when it was not `asked`: then it comes first next time.

    What was asked for a week without success is forgotten.
    """
    with citizen_scope(citizen_id):
        mine = _unreturned(connection_id)
        ended_at = mine.values_list("ended_at", flat=True).first()
        if ended_at is None:
            return
        if asked and ended_at <= now - TRY_TO_RETURN:
            _forget(mine, now)
        else:
            wait = min(max(now - ended_at, FIRST_WAIT), LONGEST_WAIT)
            mine.update(return_due_at=now + (wait if asked else wait / 2))


def _read(citizen_id: UUID, connection_id: UUID, state: str) -> Held | None:
    with citizen_scope(citizen_id, durable=True):
        mine = Connection.objects.filter(pk=connection_id, state=state, tokens_returned_at__isnull=True)
        found = mine.select_related("source__agency").first()
        if found is None:
            return None
        columns = Tokens(
            True,
            bytes(found.access_token_sealed),
            _bytes(found.refresh_token_sealed),
            found.access_expires_at,
            _bytes(found.context_sealed),
        )
        return _held(connection_id, citizen_id, registry.registration(found.source), columns)


def _held(connection_id: UUID, citizen_id: UUID, registration: Registration, columns: Tokens) -> Held:
    return Held(
        connection_id=connection_id,
        citizen_id=citizen_id,
        registration=registration,
        access=_open(columns.access, citizen_id, b"access-token"),
        refresh=None if columns.refresh is None else _open(columns.refresh, citizen_id, b"refresh-token"),
        access_until=columns.until,
        mark=columns.access,
        context={} if columns.context is None else json.loads(_open(columns.context, citizen_id, b"token-context")),
    )


def _bytes(column: bytes | memoryview | None) -> bytes | None:
    return None if column is None else bytes(column)


def _same(old: Held) -> QuerySet[Connection]:
    """The row while it holds what was read. Both tokens are sealed anew together, and no two seals are alike."""
    return Connection.objects.filter(pk=old.connection_id, access_token_sealed=old.mark)


def _unreturned(connection_id: UUID) -> QuerySet[Connection]:
    return Connection.objects.filter(pk=connection_id, state=Connection.State.ENDED, tokens_returned_at__isnull=True)


def _forget(which: QuerySet[Connection], now: datetime) -> None:
    which.update(tokens_returned_at=now, access_token_sealed=b"", refresh_token_sealed=None, context_sealed=None)


def _drop(old: Held, tokens: dict[str, Any]) -> None:
    """The connection ended and was given back while we renewed: nobody else knows of these tokens."""
    try:
        oauth.revoke(old.registration, token=tokens["refresh_token"])
    except PeerFailed as error:
        logger.warning("New tokens of ended connection %s could not be given back: %s", old.connection_id, error.code)


def _open(blob: bytes | memoryview, citizen_id: UUID, context: bytes) -> str:
    return vault.open_sealed(blob, citizen_id=citizen_id, context=context).decode()
