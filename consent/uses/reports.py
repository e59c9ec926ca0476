"""Reports as rows: kept once, known again, listed. Called by journeys, in the citizen's scope, beside the entry that tells of each."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from django.db import connection

from consent.models import Agency
from consent.oauth.models import Client

from .models import Batch, UsageReport
from .values import Use

Came = UsageReport.Came


class Seal(Protocol):
    """Encrypts for the citizen; `context` is bound in."""

    def __call__(self, plaintext: bytes, *, context: bytes) -> bytes: ...


def context_of(report_id: UUID) -> bytes:
    """What a report's words are sealed for."""
    return b"use-report:" + report_id.bytes


def claim_batch(*, client: Client, batch_id: UUID, digest: bytes, uses: int, now: datetime) -> tuple[Batch, bool]:
    """The batch's row, and whether this call made it. Two who bring the same at once: the second waits for the first's transaction to end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO consent_uses_batch (client_id, batch_id, digest, uses, kept_back, received_at) VALUES (%s, %s, %s, %s, '[]', %s) "
            "ON CONFLICT DO NOTHING RETURNING id",
            [client.pk, batch_id, digest, uses, now],
        )
        new = cursor.fetchone() is not None
    return Batch.objects.get(client=client, batch_id=batch_id), new


def note_kept_back(batch: Batch, kept: list[dict[str, object]]) -> None:
    """What of the batch a law lets the agency keep back, in the transaction that took it."""
    Batch.objects.filter(pk=batch.pk).update(kept_back=kept)


def keep(
    *,
    citizen_id: UUID,
    agency: Agency,
    use: Use,
    came: Came,
    logged_id: UUID,
    words: bytes,
    seal: Seal,
    now: datetime,
    batch: Batch | None = None,
) -> UsageReport:
    """One report. `words`: `use.texts()` as JSON, which `seal` closes for the citizen."""
    made = uuid.uuid4()
    return UsageReport.objects.create(
        id=made, citizen_id=citizen_id, agency=agency, used_at=use.used_at, receiver_code=use.receiver_code, purpose=use.purpose,
        categories=list(use.categories), entry_id=use.entry_id, came=came, batch=batch, logged_id=logged_id, received_at=now,
        digest=use.digest(), core_digest=use.core_digest(), sealed=seal(words, context=context_of(made)),
    )  # fmt: skip


def new_among(*, citizen_id: UUID, agency: Agency, uses: Sequence[Use]) -> list[Use]:
    """Those of an answer that were not told before, by whichever way, each once. A use that is told without its categories is known by the rest."""
    if not uses:
        return []
    first, last = min(u.used_at for u in uses) - timedelta(seconds=1), max(u.used_at for u in uses) + timedelta(seconds=1)
    rows = UsageReport.objects.filter(citizen_id=citizen_id, agency=agency, used_at__gte=first, used_at__lte=last)
    kept = [(bytes(whole), bytes(core)) for whole, core in rows.values_list("digest", "core_digest")]
    whole, core = {w for w, _ in kept}, {c for _, c in kept}
    fresh = []
    for use in uses:
        if use.digest() in whole or (not use.categories and use.core_digest() in core):
            continue
        whole.add(use.digest())
        core.add(use.core_digest())
        fresh.append(use)
    return fresh


def of_account(*, citizen_id: UUID, agency: Agency, since: datetime, most: int) -> list[UsageReport]:
    """The newest reports of one agency about one citizen."""
    found = UsageReport.objects.filter(citizen_id=citizen_id, agency=agency, used_at__gte=since)
    return list(found.order_by("-used_at", "-pk")[:most])


def of_citizen(*, citizen_id: UUID) -> Iterable[UsageReport]:
    """All that agencies have reported of one citizen, oldest first."""
    return UsageReport.objects.filter(citizen_id=citizen_id).select_related("agency").order_by("used_at", "pk")


def naming(*, citizen_id: UUID, entry_id: UUID) -> UsageReport | None:
    """A report that names this read; of several the first that came."""
    found = UsageReport.objects.select_related("agency").filter(citizen_id=citizen_id, entry_id=entry_id)
    return found.order_by("received_at", "pk").first()


def logged_as(*, citizen_id: UUID, logged_id: UUID) -> UsageReport | None:
    """The report whose entry this is."""
    return UsageReport.objects.select_related("agency").filter(citizen_id=citizen_id, logged_id=logged_id).first()


def erase(*, citizen_id: UUID) -> int:
    """Delete reports, notes, findings and accounts of a citizen whose log is being erased. How many reports. In their scope; refused otherwise."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_uses_erase(%s)", [citizen_id])
        return int(cursor.fetchone()[0])
