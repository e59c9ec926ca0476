"""The rows behind cosigning: which witness is due, whose turn it is, what came of it, and alarms. Each move is a compare-and-set by the lease."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from consent.ledger.witness_models import Alarm, Cosignature, Witness

logger = logging.getLogger(__name__)

# A tree that does not grow is cosigned anew now and then: that says that it is still the newest, and that the witness still answers.
AGAIN = timedelta(hours=1)
LONGEST_WAIT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to ask one witness, until `leased_until` of the row. `size` is what it cosigned for us last."""

    witness_id: UUID
    token: UUID
    origin: str
    vkey: str
    size: int


def due(*, origin: str, vkeys: Iterable[str], size: int, now: datetime) -> list[UUID]:
    """The witnesses to be asked about a tree of this size, of those that are named; one that is new gets its row."""
    wanted = list(vkeys)
    known = set(Witness.objects.filter(origin=origin, vkey__in=wanted).values_list("vkey", flat=True))
    new = [Witness(origin=origin, vkey=vkey, due_at=now) for vkey in wanted if vkey not in known]
    if new:
        Witness.objects.bulk_create(new, ignore_conflicts=True)
    # A row that says more than there is belongs to a database that was set back: it is asked, and says so.
    stale = ~Q(size=size) | Q(cosigned_at__isnull=True) | Q(cosigned_at__lte=now - AGAIN)
    found = Witness.objects.filter(stale, _free(now), origin=origin, vkey__in=wanted, due_at__lte=now)
    return list(found.order_by("due_at").values_list("pk", flat=True))


def claim(*, witness_id: UUID, now: datetime, until: datetime) -> Lease | None:
    """Take a witness that is due; None if it is another worker's or not due."""
    token = uuid.uuid4()
    if Witness.objects.filter(_free(now), pk=witness_id, due_at__lte=now).update(lease=token, leased_until=until) != 1:
        return None
    row = Witness.objects.get(pk=witness_id)
    return Lease(row.pk, token, row.origin, row.vkey, row.size)


def cosigned(lease: Lease, *, size: int, line: str, time: int, now: datetime, due_at: datetime) -> bool:
    """Keep a line that was verified. False if the lease has gone to another."""
    with transaction.atomic():
        if not _end(lease, size=size, stated_at=time, cosigned_at=now, due_at=due_at, failures=0, trouble=""):
            return False
        row = Cosignature(origin=lease.origin, size=size, witness_id=lease.witness_id, line=line, at=now)
        Cosignature.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["origin", "size", "witness"], update_fields=["line", "at"]
        )
    return True


def put_off(lease: Lease, *, trouble: str, now: datetime, every: timedelta, retry_after: int = 0) -> bool:
    """Ask again later, with growing pauses; `trouble` is shown meanwhile."""
    failures = Witness.objects.filter(pk=lease.witness_id).values_list("failures", flat=True).get()
    pause = max(min(every * 2 ** min(failures, 16), LONGEST_WAIT), timedelta(seconds=min(retry_after, 3600)))
    return _end(lease, due_at=now + pause, failures=F("failures") + 1, trouble=trouble)


def release(lease: Lease) -> bool:
    """Nothing to ask about after all."""
    return _end(lease)


def alarm(*, kind: Alarm.Kind, origin: str, witness: str, size: int, now: datetime) -> None:
    """Raise an alarm, once for each thing that it is about."""
    logger.error("The access log %s: %s at size %d, says witness %s.", origin, kind.value, size, witness)
    row = Alarm(kind=kind, origin=origin, witness=witness, size=min(size, 2**63 - 1), at=now)
    Alarm.objects.bulk_create([row], ignore_conflicts=True)


def seen(*, alarm_id: int, by: UUID, now: datetime) -> bool:
    """An operator has looked. False if somebody had before, or there is no such alarm."""
    return Alarm.objects.filter(pk=alarm_id, seen_at__isnull=True).update(seen_at=now, seen_by=by) == 1


def unseen() -> bool:
    """Whether an alarm waits for somebody to look."""
    return Alarm.objects.filter(seen_at__isnull=True).exists()


def _free(now: datetime) -> Q:
    return Q(leased_until__isnull=True) | Q(leased_until__lte=now)


def _end(lease: Lease, **changes: object) -> bool:
    held = Witness.objects.filter(pk=lease.witness_id, lease=lease.token)
    return held.update(lease=None, leased_until=None, **changes) == 1
