"""The Erasure row: asked for, claimed under a lease, gone on with step by step, ended once. Moves are compare-and-set; in a `citizen_scope`."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q

from aurora.erasures.models import Erasure, Leaver
from consent.errors import Conflict
from consent.scope import lookup_scope

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=1)
State, Scope = Erasure.State, Erasure.Scope


class LeaseLost(Exception):
    """Another worker has it, or it was called off: what this transaction did must not stand."""


@dataclass(frozen=True)
class Lease:
    """The right to go on with one erasure; another's claim makes the token stale."""

    erasure_id: UUID
    citizen_id: UUID
    token: UUID


def ask(
    *, citizen_id: UUID, scope: str, code: str, language: str, now: datetime, secret: str = "", state: str = State.RUNNING
) -> tuple[Erasure, bool]:
    """The row of a wish, and whether it is new: one that is open is the same wish."""
    made = Erasure(
        citizen_id=citizen_id, scope=scope, code=code, language=language, state=state, due_at=now, asked_at=now,
        secret_digest=digest_of(secret) if secret else None,
    )  # fmt: skip
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        found = current(citizen_id=citizen_id, scope=scope, code=code)
        if found is None:  # ended in this moment
            raise Conflict() from None
        return found, False
    return made, True


def current(*, citizen_id: UUID, scope: str, code: str = "") -> Erasure | None:
    """What is under way of this, if anything."""
    return Erasure.objects.filter(citizen_id=citizen_id, scope=scope, code=code, state__in=Erasure.OPEN).first()


def of(*, citizen_id: UUID, erasure_id: UUID) -> Erasure | None:
    """One of the citizen's."""
    return Erasure.objects.filter(citizen_id=citizen_id, pk=erasure_id).first()


def of_citizen(*, citizen_id: UUID) -> list[Erasure]:
    """All of the citizen's, newest first."""
    return list(Erasure.objects.filter(citizen_id=citizen_id).order_by("-asked_at")[:100])


def by_secret(secret: str) -> Erasure | None:
    """The one whose secret address this is, whoever asks. A transaction of its own."""
    digest = digest_of(secret)
    with lookup_scope(digest):
        return Erasure.objects.filter(secret_digest=digest).first()


def digest_of(secret: str) -> bytes:
    """What is kept of an unguessable address."""
    return hashlib.sha256(b"erasure-certificate\0" + secret.encode()).digest()


def citizen_of(erasure_id: UUID) -> UUID | None:
    """Whose it is; None for a row that is not there, or is nobody's any more."""
    found: UUID | None = _call("erasures_citizen_of(%s)", erasure_id)
    return found


def due(*, now: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """(erasure, citizen) of what waits past its time, or whose worker let its lease run out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT erasure_id, citizen_id FROM erasures_due(%s, %s)", [now, most])
        return [(erasure, citizen) for erasure, citizen in cursor.fetchall()]


def claim(*, erasure_id: UUID, citizen_id: UUID, now: datetime) -> Lease | None:
    """Take one that is due. None: it is another's, ended, or waits."""
    token = uuid.uuid4()
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    mine = Erasure.objects.filter(free, pk=erasure_id, citizen_id=citizen_id, state__in=Erasure.OPEN, due_at__lte=now)
    taken = mine.update(state=State.RUNNING, lease_token=token, lease_until=now + settings.AURORA_PULL_LEASE, attempt=F("attempt") + 1)
    return Lease(erasure_id, citizen_id, token) if taken else None


def held(lease: Lease, *, now: datetime) -> Erasure:
    """The row, locked until the transaction ends, its lease made longer. Raises `LeaseLost`."""
    row = Erasure.objects.select_for_update().filter(pk=lease.erasure_id, state=State.RUNNING, lease_token=lease.token).first()
    if row is None:
        raise LeaseLost
    row.lease_until = now + settings.AURORA_PULL_LEASE
    row.save(update_fields=["lease_until"])
    return row


def note(row: Erasure, *, step: str = "", counts: Mapping[str, int] | None = None, **columns: Any) -> None:
    """A step is done, so much went: in the transaction that did it, with the row held."""
    for name, number in (counts or {}).items():
        row.counts[name] = row.counts.get(name, 0) + number
    if step and step not in row.steps:
        row.steps = [*row.steps, step]
    for name, value in columns.items():
        setattr(row, name, value)
    row.save(update_fields=["counts", "steps", *columns])


def wait(lease: Lease, *, until: datetime, state: str = State.RUNNING) -> None:
    """Nothing more to do until then."""
    _mine(lease).update(state=state, due_at=until, lease_token=None, lease_until=None)


def stumble(lease: Lease, *, now: datetime) -> None:
    """It went wrong: again later, ever later."""
    tried = _mine(lease).values_list("attempt", flat=True).first() or 1
    wait(lease, until=now + min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tried, 12)))


def finish(lease: Lease, *, now: datetime, certify: Callable[[Erasure], str], kept_until: datetime | None = None) -> None:
    """Done, with its certificate."""
    row = held(lease, now=now)
    row.state, row.finished_at, row.lease_token, row.lease_until, row.kept_until = State.DONE, now, None, None, kept_until
    row.certificate = certify(row)
    row.save(update_fields=["state", "finished_at", "lease_token", "lease_until", "certificate", "kept_until"])


def call_off(*, citizen_id: UUID, now: datetime) -> bool:
    """Of everything, before the account goes. False: there is nothing to call off."""
    open_ones = Erasure.objects.filter(citizen_id=citizen_id, scope=Scope.EVERYTHING, state__in=Erasure.OPEN).exclude(
        steps__contains=["account"]
    )
    return open_ones.update(state=State.CANCELLED, finished_at=now, lease_token=None, lease_until=None, secret_digest=None) == 1


def close(*, citizen_id: UUID, now: datetime) -> bool:
    """Nothing more is made of this citizen; waits for what is under way. Hold no other lock: others lock theirs first."""
    return bool(_call("erasures_close(%s, %s)", citizen_id, now))


def reopen(*, citizen_id: UUID) -> bool:
    """Called off: the citizen may use Aurora again."""
    return bool(_call("erasures_reopen(%s)", citizen_id))


def is_closed(*, citizen_id: UUID) -> bool:
    """Whether the citizen leaves or has left. In their scope."""
    return Leaver.objects.filter(pk=citizen_id).exists()


def take_account(*, citizen_id: UUID) -> dict[str, int]:
    """Every row that names the citizen goes, in the transaction in which their log goes and before it. By table how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT erasures_account(%s)::text", [citizen_id])
        found: dict[str, int] = json.loads(cursor.fetchone()[0])
        return found


def detach(*, erasure_id: UUID) -> bool:
    """The certificate is nobody's any more."""
    return bool(_call("erasures_detach(%s)", erasure_id))


def purge(*, now: datetime) -> int:
    """Delete certificates that were kept as long as was said. How many."""
    return int(_call("erasures_purge(%s)", now))


def _mine(lease: Lease) -> Any:
    return Erasure.objects.filter(pk=lease.erasure_id, state=State.RUNNING, lease_token=lease.token)


def _call(function: str, *arguments: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}", arguments)
        return cursor.fetchone()[0]
