"""Clients' keys, wherever they are: registered with us, or at the client's `jwks_uri` (RFC 7591, 2).

What is fetched is kept in a row that all processes share. It is refreshed by the worker before it is due, and by a request whose assertion
names a key that we do not know (a roll-over), at most once a minute a client. No lock is held while fetching: who begins moves
`tried_at` by compare-and-set. Of a web process's threads only a few may be fetching, so no slow address can hold them all.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidClientError
from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone
from django.utils.module_loading import import_string

from consent.errors import AuroraError

from . import jwks
from .models import Client, ClientKeySet

logger = logging.getLogger(__name__)

SPACING = timedelta(minutes=1)  # between two fetches of one client's keys
UNDER_WAY = timedelta(seconds=5)  # a fetch has its result by then: its whole time is 2 s
SHORTEST, USUAL, LONGEST = timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1)  # between refreshes, as Cache-Control says
USABLE = timedelta(hours=24)  # what could not be refreshed for so long is trusted no more
_ways = threading.BoundedSemaphore(settings.CONSENT_KEY_FETCHES_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Fetched:
    """An address's answer. `jwks` is unjudged JSON, None if it has not changed since `etag`; `max_age` in seconds, if it said so."""

    jwks: object | None = field(repr=False)
    etag: str = ""
    max_age: int | None = None


class NotFetched(AuroraError):
    """The address did not answer with a key set. `code` says why; no address is in it."""

    code = "not_fetched"
    sentence = "The key set could not be fetched."
    retryable = True


class Fetch(Protocol):
    """What `settings.CONSENT_FETCH_KEYS` names: a bounded GET behind a guard on addresses. Raises `NotFetched`."""

    def __call__(self, *, uri: str, etag: str) -> Fetched: ...


class KeysUnavailable(InvalidClientError):  # type: ignore[misc]
    """401: we have no keys of this client to check with, and may not fetch them at this moment."""

    def __init__(self, description: str, *, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(description=description)


class KeysBusy(OAuth2Error):  # type: ignore[misc]
    """503: the client's keys are just being fetched, or too many others are. The error is of RFC 6749, 4.1.2.1."""

    error = "temporarily_unavailable"
    status_code = 503
    retry_after = 2

    def __init__(self) -> None:
        super().__init__("The client's keys are being fetched. Try again in a moment.")


def key_of(client: Client, *, kid: object, alg: str) -> jwks.PublicKey | None:
    """The key that an assertion's header names; None if there is none. May fetch. Raises `KeysUnavailable`, `KeysBusy`."""
    if client.jwks is not None:
        return jwks.choose(client.jwks, kid=kid, alg=alg)
    now = timezone.now()
    row = _row(client)
    known = _usable(row, now)
    # Without a kid, or with one that we know, the set that we have answers: only a name that is new can be a roll-over.
    if known and (key := jwks.choose(known, kid=kid, alg=alg)):
        return key
    if known and (not isinstance(kid, str) or any(k["kid"] == kid for k in known["keys"])):
        return None
    row = _fetched_now(row, now)
    known = _usable(row, now)
    if known is None:
        raise KeysUnavailable("The client's keys could not be fetched from its jwks_uri.", retry_after=_wait(row, now))
    return jwks.choose(known, kid=kid, alg=alg)


def watch(client: Client, *, now: datetime | None = None) -> None:
    """The client was registered or changed: its row is for the address that it has now, or goes."""
    if not client.jwks_uri:
        ClientKeySet.objects.filter(client=client).delete()
        return
    fresh = {"jwks": None, "etag": "", "fetched_at": None, "tried_at": None, "next_due": now or timezone.now(), "failures": 0, "error": ""}
    row, made = ClientKeySet.objects.get_or_create(client=client, defaults={"uri": client.jwks_uri, **fresh})
    if not made:
        ClientKeySet.objects.filter(pk=row.pk).exclude(uri=client.jwks_uri).update(uri=client.jwks_uri, **fresh)


def due(*, now: datetime, at_most: int) -> list[int]:
    """Clients whose keys are to be refreshed, the longest overdue first."""
    rows = ClientKeySet.objects.filter(next_due__lte=now, client__active=True, client__agency__active=True)
    return list(rows.order_by("next_due").values_list("client_id", flat=True)[:at_most])


def refresh(*, client_pk: int, now: datetime) -> bool:
    """Fetch one client's keys, unless that was done within the minute; whether they were fetched. Called by the worker."""
    row = ClientKeySet.objects.select_related("client").filter(pk=client_pk).first()
    if row is None or row.uri != row.client.jwks_uri or not _claim(row, now):
        return False
    return _fetch(row, now)


def _row(client: Client) -> ClientKeySet:
    row = ClientKeySet.objects.filter(pk=client.pk).first()
    if row is None or row.uri != client.jwks_uri:
        watch(client)
        row = ClientKeySet.objects.get(pk=client.pk)
    row.client = client
    return row


def _usable(row: ClientKeySet, now: datetime) -> dict[str, Any] | None:
    return row.jwks if row.fetched_at is not None and row.fetched_at > now - USABLE else None


def _fetched_now(row: ClientKeySet, now: datetime) -> ClientKeySet:
    """The row after a fetch, or as it is if one was made within the minute. Raises `KeysBusy`."""
    if row.tried_at is None or row.tried_at <= now - SPACING:
        with _way():
            if _claim(row, now):
                _fetch(row, now)
    row.refresh_from_db()
    answered = row.error or (row.fetched_at is not None and row.tried_at is not None and row.fetched_at >= row.tried_at)
    if not answered and row.tried_at is not None and row.tried_at > now - UNDER_WAY:
        raise KeysBusy()
    return row


@contextmanager
def _way() -> Iterator[None]:
    """Around a fetch in a web process. Raises `KeysBusy` at once when its ways are taken: waiting would hold the thread all the same."""
    if not _ways.acquire(blocking=False):
        raise KeysBusy()
    try:
        yield
    finally:
        _ways.release()


def _claim(row: ClientKeySet, now: datetime) -> bool:
    free = ClientKeySet.objects.filter(pk=row.pk, uri=row.uri).filter(Q(tried_at__isnull=True) | Q(tried_at__lte=now - SPACING))
    if free.update(tried_at=now, error="", next_due=now + SPACING) != 1:
        return False
    row.tried_at = now
    return True


def _fetch(row: ClientKeySet, now: datetime) -> bool:
    """Called by who has claimed the row; writes only if the claim still stands."""
    fetch: Fetch = import_string(settings.CONSENT_FETCH_KEYS)
    mine = ClientKeySet.objects.filter(pk=row.pk, uri=row.uri, tried_at=row.tried_at)
    try:
        found = fetch(uri=row.uri, etag=row.etag if row.jwks else "")
        changes = {"etag": found.etag[:256]} if found.jwks is None and row.jwks else _judged(found)
    except NotFetched as error:
        wait = min(SPACING * 2 ** min(row.failures, 6), LONGEST) * random.uniform(1, 1.25)
        mine.update(error=error.code[:32], failures=F("failures") + 1, next_due=now + wait)
        logger.warning("The keys of client %s could not be fetched: %s.", row.client.client_id, error.code)
        return False
    mine.update(**changes, fetched_at=now, failures=0, error="", next_due=now + _life(found.max_age))
    return True


def _judged(found: Fetched) -> dict[str, Any]:
    """A set that could not be registered is not used. Raises `NotFetched`."""
    if jwks.fault_of(found.jwks) is not None:
        raise NotFetched(code="key_set_refused")
    return {"jwks": found.jwks, "etag": found.etag[:256]}


def _life(max_age: int | None) -> timedelta:
    return USUAL if max_age is None else max(SHORTEST, min(timedelta(seconds=min(max_age, 86_400)), LONGEST))


def _wait(row: ClientKeySet, now: datetime) -> int:
    """Seconds until a request may make us fetch again."""
    left = (row.tried_at + SPACING - now).total_seconds() if row.tried_at else 0
    return max(1, int(left) + 1)
