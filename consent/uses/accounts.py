"""Which citizens an agency knows, by its name for them; what waits to be reconciled, and whom to ask. In the citizen's scope, but for what finds them.

A subject's digest is found by whoever holds it, in the accounts of that agency only: what it is not told of, it cannot ask about.
"""

from __future__ import annotations

import hashlib
import random
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q

from consent.models import Agency
from consent.oauth.models import Client
from consent.turns import one_at_a_time

from .models import Account

AT_ONCE = 1  # of one agency: one that hangs must not hold all workers
NAME_MOST = 5_000
ASK_AGAIN, ASK_AT_LEAST = timedelta(days=1), timedelta(days=7)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=12)

Pairwise = Callable[..., str]


def digest_of(subject: str) -> bytes:
    """32 bytes. The name itself is a random text of 160 bits, and is kept nowhere."""
    return hashlib.sha256(b"uses\0" + subject.encode()).digest()


def open_for(*, citizen_id: UUID, agency: Agency, subject: str) -> None:
    """The agency knows this citizen from now on. One statement; again, it changes nothing."""
    Account.objects.bulk_create([Account(citizen_id=citizen_id, agency=agency, subject_digest=digest_of(subject))], ignore_conflicts=True)


def citizens(*, agency: Agency, subjects: Collection[str], pairwise: Pairwise) -> dict[str, UUID]:
    """Whom an agency's names mean, of those that it can know; who is not there is nobody, or another agency's.

    Names that have not been worked out yet are first: those of grants made before there were accounts, and of reads that a crash left unnoted.
    """
    wanted = {digest_of(subject): subject for subject in subjects}
    found = _found(agency, wanted)
    if len(found) < len(wanted) and name(pairwise=pairwise, agency=agency):
        found = _found(agency, wanted)
    return found


def _found(agency: Agency, wanted: Mapping[bytes, str]) -> dict[str, UUID]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT digest, citizen_id FROM consent_uses_subjects(%s, %s)", [agency.pk, list(wanted)])
        return {wanted[bytes(digest)]: citizen_id for digest, citizen_id in cursor.fetchall()}


def name(*, pairwise: Pairwise, agency: Agency | None = None) -> int:
    """Work out the names of accounts that have none, of one agency or of all: at most `NAME_MOST`. How many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT citizen_id, agency_code FROM consent_uses_unnamed(%s, %s)", [agency.pk if agency else None, NAME_MOST])
        rows = cursor.fetchall()
        if not rows:
            return 0
        digests = [digest_of(pairwise(citizen_id=citizen_id, agency=code)) for citizen_id, code in rows]
        cursor.execute("SELECT consent_uses_name(%s, %s, %s)", [[c for c, _ in rows], [code for _, code in rows], digests])
        return int(cursor.fetchone()[0])


def touch(*, citizen_id: UUID, agency: Agency, now: datetime) -> UUID:
    """There is something new to reconcile. Locks the account until the transaction ends, so that who keeps reports comes one after another."""
    row, _ = Account.objects.select_for_update(of=("self",)).get_or_create(citizen_id=citizen_id, agency=agency)
    Account.objects.filter(pk=row.pk).update(version=F("version") + 1, due_at=now)
    return row.pk


def due(*, now: datetime, most: int) -> list[UUID]:
    """Accounts to be reconciled, the longest waiting first."""
    return _ids("SELECT account_id FROM consent_uses_due(%s, %s)", [now, most])


def citizen_of(account_id: UUID) -> UUID | None:
    """Whose account this is; None for one that is gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_uses_citizen_of(%s)", [account_id])
        found: UUID | None = cursor.fetchone()[0]
    return found


def locked(account_id: UUID) -> Account | None:
    """The account, locked for the transaction that reconciles it."""
    return Account.objects.select_for_update(of=("self",)).select_related("agency").filter(pk=account_id).first()


def settled(account: Account, *, due_at: datetime | None) -> bool:
    """Reconciled as of this version. False if more has come meanwhile: then it stays due."""
    return Account.objects.filter(pk=account.pk, version=account.version).update(due_at=due_at) == 1


# Asking.


@dataclass(frozen=True)
class Lease:
    """The right to ask one agency about one citizen."""

    account_id: UUID
    citizen_id: UUID
    agency: Agency
    client: Client
    token: UUID
    attempt: int
    polled_to: datetime | None
    address: str = field(repr=False)


def to_ask(*, now: datetime, most: int) -> list[UUID]:
    """Accounts whose agency has an address and is to be asked: of no agency more than may be asked at once."""
    return _ids("SELECT account_id FROM consent_uses_poll_due(%s, %s, %s)", [now, AT_ONCE, most])


def claim(*, account_id: UUID, now: datetime) -> Lease | None:
    """Take an account that is due. None: it is another's, not due, has no address, or as many of its agency are under way as may be."""
    found = Account.objects.select_related("agency").filter(pk=account_id).first()
    if found is None or not found.agency.active:
        return None
    client = Client.objects.filter(agency=found.agency, active=True).exclude(usage_uri="").order_by("client_id").first()
    if client is None:
        return None
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    token, until = uuid.uuid4(), now + settings.AURORA_PULL_LEASE
    which = Account.objects.filter(free, pk=account_id, poll_due_at__lte=now)
    with transaction.atomic():
        one_at_a_time(f"asking-for-uses:{found.agency.pk}")  # of two workers that claim at once, the second counts the first's lease
        if _under_way(found.agency, now) >= AT_ONCE:
            return None
        if which.update(lease_token=token, lease_until=until, poll_attempts=F("poll_attempts") + 1) != 1:
            return None
    return Lease(account_id, found.citizen_id, found.agency, client, token, found.poll_attempts + 1, found.polled_to, client.usage_uri)


def extend(lease: Lease, *, now: datetime) -> bool:
    """Still asking. False when the lease is another's now."""
    return _held(lease).update(lease_until=now + settings.AURORA_PULL_LEASE) == 1


def told_all(lease: Lease, *, until: datetime | None, next_at: datetime) -> bool:
    """The agency has told all up to a time (None: it has never yet). True for the one caller that may keep it; asked before anything is kept, in the same transaction."""
    done = {"polled_to": until, "poll_due_at": next_at, "poll_attempts": 0, "poll_error": "", "lease_token": None, "lease_until": None}
    return _held(lease).update(**done) == 1


def ask_later(lease: Lease, *, error: str, retry_after: int, now: datetime) -> bool:
    """It did not tell, or told what cannot be: again with growing pauses, and never given up, since what it owes does not lapse."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(lease.attempt - 1, 16))
    wait = max(longest * random.uniform(0.5, 1.0), timedelta(seconds=retry_after))
    return _held(lease).update(poll_due_at=now + wait, poll_error=error[:32], lease_token=None, lease_until=None) == 1


class Asked(NamedTuple):
    """Of one agency: how many accounts wait to be asked about, how many of these in vain so far, the newest kind of error, the oldest wait."""

    agency: str
    waiting: int
    failing: int
    error: str
    oldest: datetime


def asked(*, now: datetime) -> list[Asked]:
    """Over all citizens, by a database function that returns nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM consent_uses_polls(%s)", [now])
        return [Asked(*row) for row in cursor.fetchall()]


def _held(lease: Lease) -> Any:
    return Account.objects.filter(pk=lease.account_id, lease_token=lease.token)


def _under_way(agency: Agency, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_uses_under_way(%s, %s)", [agency.pk, now])
        return int(cursor.fetchone()[0])


def _ids(sql: str, values: list[Any]) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]
