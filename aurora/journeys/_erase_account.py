"""The steps by which a citizen leaves for good, and the certificate at the end. Called by `journeys/erase.py` alone, each under its lease."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from aurora import crash
from aurora.erasures import certificate, rows
from aurora.erasures.models import Erasure
from aurora.erasures.rows import Lease
from aurora.identity import vault
from aurora.identity.models import DataKey
from aurora.journeys import _erase_parts as parts
from aurora.journeys import _erased_told as told
from aurora.journeys import delegate, erase_log
from aurora.journeys._erase_parts import Scope
from consent.errors import Conflict, NotFound
from consent.ledger import erasure
from consent.mandates import MandateRefused, of_party
from consent.models import Mandate
from consent.scope import citizen_scope

MONTH = timedelta(days=30)


def end_mandates(lease: Lease, scope: Scope) -> bool:
    """Powers of attorney that the citizen gave, holds or was offered end, and the others are told. What a register says stays the register's.

    Each in a transaction of its own, since it writes to two people's logs.
    """
    with citizen_scope(lease.citizen_id):
        rows.held(lease, now=timezone.now())
        open_states = [Mandate.State.OFFERED, Mandate.State.STANDING, Mandate.State.FROZEN]
        mine = of_party(citizen_id=lease.citizen_id).filter(state__in=open_states, kind=Mandate.Kind.POWER_OF_ATTORNEY)
        found = list(mine.values_list("pk", flat=True))
    ended = 0
    for mandate_id in found:
        try:
            delegate.revoke(citizen_id=lease.citizen_id, mandate_id=mandate_id, now=timezone.now())
            ended += 1
        except (NotFound, Conflict, MandateRefused):
            continue  # it ended with what it came from, or in this moment
    with citizen_scope(lease.citizen_id):
        row = rows.held(lease, now=timezone.now())
        rows.note(row, step="mandates", counts={"mandates_ended": ended})
    return True


def due_at(citizen_id: UUID) -> datetime:
    """When the thirty days are over, by the log's own row. In the citizen's scope."""
    found = erasure.due_at(citizen_id=citizen_id)
    assert found is not None
    return found


def take(lease: Lease, scope: Scope) -> bool:
    """Key, account and log, all or nothing. What agencies hold is noted first: afterwards nobody knows."""
    now = timezone.now()
    with citizen_scope(lease.citizen_id):
        row = rows.held(lease, now=now)
        held = [one.plain() for one in told.held(citizen_id=lease.citizen_id, categories=None, now=now)]
        versions = list(DataKey.objects.filter(citizen_id=lease.citizen_id).values("kek_id", "version", "created_at"))
        vault.destroy_key(citizen_id=lease.citizen_id)
        taken: dict[str, int] = {}
        counts: dict[str, int] = {}

        def account() -> None:
            taken.update(rows.take_account(citizen_id=lease.citizen_id))

        log_entries = erase_log.erase(citizen_id=lease.citizen_id, also=account, counts=counts)
        counts |= {"log": log_entries, "key": len(versions)}
        for table, number in taken.items():
            name = parts.part_of(table)
            counts[name] = counts.get(name, 0) + number
        row.key = {"destroyed_at": now.isoformat(), "keys": [_key(one) for one in versions]}
        row.held = held
        rows.note(row, step="account", counts=counts, key=row.key, held=row.held)
        crash.reach("erase.account.before_commit")
    crash.reach("erase.account.after_commit")
    return True


def finish(lease: Lease, *, kept_months: int) -> None:
    """Sign the certificate. One of everything is nobody's from then on, and is kept for so many months."""
    now = timezone.now()
    with citizen_scope(lease.citizen_id):
        row = rows.held(lease, now=now)
        everything = row.scope == Erasure.Scope.EVERYTHING
        if not everything:
            reached = parts.reach(lease.citizen_id, Scope(row.scope, row.code))
            rows.note(row, held=[one.plain() for one in told.held(citizen_id=lease.citizen_id, categories=reached, now=now)])
        kept = now + kept_months * MONTH if everything else None
        rows.finish(lease, now=now, certify=certificate.sign, kept_until=kept)
        if everything:
            rows.detach(erasure_id=lease.erasure_id)


def _key(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"version": row["version"], "wrapped_by": row["kek_id"], "made_at": row["created_at"].isoformat()}
