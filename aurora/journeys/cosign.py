"""Witnesses cosign the access log: each is shown the newest head with the proof that it extends the last one that it saw.

A row a witness says when it is due; the beat wakes one task for each, so that one that hangs holds up nobody else. A witness that has seen
another tree of ours than we have is an alarm: it is logged, stands in the console and in `/readyz`, and stays until an operator has looked.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from aurora.audit import trail
from aurora.journeys._wake import send
from aurora.outbound import witness as outbound
from aurora.outbound.peer import PeerFailed
from consent.errors import NotFound
from consent.ledger import cosignatures, queries, witness
from consent.ledger.cosignatures import Lease
from consent.ledger.tiles import TreeDamaged
from consent.ledger.witness import Answer, Said
from consent.ledger.witness_models import Alarm

# A witness may have cosigned meanwhile what another of our workers showed it: then it tells the size, and is asked from there.
MOST_TRIES = 3


def sweep(*, now: datetime) -> int:
    """Wake a task for each witness that is due. It asks nobody anything. How many."""
    newest = queries.newest_checkpoint()
    if newest is None or newest.size == 0 or not settings.AURORA_WITNESSES:
        return 0
    found = cosignatures.due(origin=newest.origin, vkeys=queries.witness_keys(), size=newest.size, now=now)
    for witness_id in found:
        send("aurora.cosign_with", witness_id, expires=settings.AURORA_COSIGN_EVERY.total_seconds())
    return len(found)


def run(*, witness_id: UUID) -> None:
    """Ask one witness, or nothing if it is another worker's or not due."""
    now = timezone.now()
    lease = cosignatures.claim(witness_id=witness_id, now=now, until=now + settings.AURORA_PULL_LEASE)
    if lease is None:
        return
    url = next((one.url for one in settings.AURORA_WITNESSES if one.vkey == lease.vkey), None)
    newest = queries.newest_checkpoint()
    if url is None or newest is None or newest.origin != lease.origin:
        cosignatures.release(lease)  # it is asked no longer, or under another name
        return
    every = settings.AURORA_COSIGN_EVERY
    try:
        size, answer, retry_after = _ask(lease, url)
    except PeerFailed as error:
        cosignatures.put_off(lease, trouble=error.code, now=timezone.now(), every=every, retry_after=error.retry_after)
        return
    except TreeDamaged:
        _alarm(lease, Alarm.Kind.TREE_DAMAGED, lease.size)
        cosignatures.put_off(lease, trouble="tree_damaged", now=timezone.now(), every=every)
        return
    now = timezone.now()
    if answer.said is Said.COSIGNED:
        cosignatures.cosigned(lease, size=size, line=answer.line, time=answer.time, now=now, due_at=now + every)
    else:
        cosignatures.put_off(lease, trouble=answer.said.value, now=now, every=every, retry_after=retry_after)


def acknowledge(*, alarm_id: int, by: UUID, now: datetime) -> None:
    """An operator says that they have looked into an alarm. That somebody did before is no error, and stays. Raises `NotFound`."""
    if not 0 < alarm_id < 2**63:
        raise NotFound()
    with transaction.atomic():
        if cosignatures.seen(alarm_id=alarm_id, by=by, now=now):
            trail.did(operator_id=by, deed="alarm:seen", about=[str(alarm_id)])
        elif not Alarm.objects.filter(pk=alarm_id).exists():
            raise NotFound()


def _ask(lease: Lease, url: str) -> tuple[int, Answer, int]:
    """The size that was shown, what the witness said of it in the end, and for how many seconds it wants to be left alone. No transaction is open meanwhile."""
    old = lease.size
    for _ in range(MOST_TRIES):
        newest = queries.newest_checkpoint()
        if newest is None or old > newest.size:
            _alarm(lease, Alarm.Kind.UNKNOWN_SIZE, old)
            return old, Answer(Said.CONFLICT), 0
        proof = queries.consistency_proof(old, newest.size) if old else ()
        body = witness.request(old=old, proof=proof or (), note=newest.note)
        came = outbound.add_checkpoint(url, body)
        answer = witness.read(came.status, came.content_type, came.body, note=newest.note, vkey=lease.vkey, old=old)
        if answer.said is Said.INCONSISTENT:
            _alarm(lease, Alarm.Kind.INCONSISTENT, old)
        if answer.said is not Said.CONFLICT or answer.size == old:
            return newest.size, answer, came.retry_after
        if answer.size < lease.size:
            _alarm(lease, Alarm.Kind.WITNESS_WENT_BACK, lease.size)
        old = answer.size
    return old, Answer(Said.CONFLICT), 0


def _alarm(lease: Lease, kind: Alarm.Kind, size: int) -> None:
    name = lease.vkey.partition("+")[0]
    cosignatures.alarm(kind=kind, origin=lease.origin, witness=name, size=size, now=timezone.now())
