"""An agency reports what it used data for: all of a batch or nothing, once an id, each use an entry in the log of the citizen whom it is about.

What is new is reconciled soon after (`reconcile.py`). A use that a law lets the agency keep from the citizen goes to `delay.py`, and is nowhere else
until it is disclosed.
"""

from __future__ import annotations

import hmac
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from aurora import crash
from aurora.identity import vault
from aurora.identity.keys import pairwise
from aurora.journeys import delay
from aurora.journeys._log import log
from aurora.journeys._wake import send
from consent.agencies import active
from consent.errors import AuroraError
from consent.ledger.events import Event
from consent.ledger.models import LedgerEntry
from consent.models import Agency, DataCategory, Purpose
from consent.oauth.models import Client
from consent.oauth.signed import BatchDiffers
from consent.scope import citizen_scope
from consent.uses import accounts, batches, reports, tally
from consent.uses.batches import BatchRefused, Fault, Item
from consent.uses.models import Batch, UsageReport
from consent.uses.tally import TooManyUses
from consent.uses.values import Use

Came = UsageReport.Came


@dataclass(frozen=True)
class Taken:
    """What the agency is answered, the same each time. `kept_back`: {position, id} of what a law lets it keep back."""

    batch_id: UUID
    uses: int
    received_at: datetime
    kept_back: Sequence[Mapping[str, Any]]


def take(*, client_id: str, agency_code: str, body: bytes, now: datetime) -> Taken:
    """Take a signed batch. Raises what `consent.oauth.signed` raises, `BatchDiffers` too, `BatchRefused` with the first of what is wrong, `TooManyUses`; then nothing was taken."""
    agency, client = active(agency_code), Client.objects.get(client_id=client_id)
    form = batches.read(body, client=client, now=now)
    with transaction.atomic(durable=True):
        row, new = reports.claim_batch(client=client, batch_id=form.batch_id, digest=form.digest, uses=len(form.items), now=now)
        if new:
            kept = _take(form.items, agency, row, now)
            reports.note_kept_back(row, kept)
            row.kept_back = kept
        elif not hmac.compare_digest(bytes(row.digest), form.digest):
            raise BatchDiffers()
        crash.reach("uses.before_commit")
    return Taken(row.batch_id, row.uses, row.received_at, row.kept_back)


def _take(items: Sequence[Item], agency: Agency, batch: Batch, now: datetime) -> list[dict[str, object]]:
    """Two rounds: nothing is written before all has been looked at, so that what is wrong is told in the order of the batch."""
    _vocabulary(items)
    whose = accounts.citizens(agency=agency, subjects={item.subject for item in items}, pairwise=pairwise)
    if unknown := [Fault(item.position, "subject_unknown") for item in items if item.subject not in whose]:
        raise BatchRefused(unknown)
    mine: dict[UUID, list[Item]] = defaultdict(list)
    for item in items:
        mine[whose[item.subject]].append(item)
    named: dict[UUID, LedgerEntry] = {}
    faults: list[Fault] = []
    for citizen_id in sorted(mine):  # always in the order of their ids: two batches at once wait, and do not deadlock
        with citizen_scope(citizen_id):
            found = reads_named(citizen_id, agency, [item.use for item in mine[citizen_id]])
        named |= found
        faults += [Fault(i.position, "entry_unknown") for i in mine[citizen_id] if i.use.entry_id and i.use.entry_id not in found]
    if faults:
        raise BatchRefused(faults)
    _counted(mine, agency, now)
    kept: list[dict[str, object]] = []
    for citizen_id in sorted(mine):
        with citizen_scope(citizen_id):
            kept += _of_citizen(citizen_id, mine[citizen_id], agency, batch, named, now)
    return sorted(kept, key=lambda one: str(one["position"]).zfill(4))


def _counted(mine: Mapping[UUID, Sequence[Item]], agency: Agency, now: datetime) -> None:
    """Raises `TooManyUses`, with the first use of each citizen that there is no room for."""
    too_many = []
    for citizen_id in sorted(mine):
        items = mine[citizen_id]
        with citizen_scope(citizen_id):
            over = tally.add(citizen_id=citizen_id, agency=agency, uses=len(items), now=now) - tally.most()
        if over > 0:
            too_many.append(items[max(0, len(items) - over)].position)
    if too_many:
        raise TooManyUses(too_many, now=now)


def _vocabulary(items: Sequence[Item]) -> None:
    categories = set(DataCategory.objects.values_list("code", flat=True))
    purposes = set(Purpose.objects.values_list("code", flat=True))
    faults = [Fault(i.position, "category_unknown") for i in items if not set(i.use.categories) <= categories]
    faults += [Fault(i.position, "purpose_unknown") for i in items if i.use.purpose not in purposes]
    if faults:
        raise BatchRefused(faults)


def reads_named(citizen_id: UUID, agency: Agency, uses: Iterable[Use]) -> dict[UUID, LedgerEntry]:
    """The reads of this agency that the uses name, by their entry's id. An entry of another agency's, or of another kind, is none."""
    wanted = {use.entry_id for use in uses if use.entry_id}
    if not wanted:
        return {}
    found = LedgerEntry.objects.filter(pk__in=wanted, citizen_id=citizen_id, actor=agency.code, event=Event.AGENCY_READ.value)
    return {entry.pk: entry for entry in found}


def _of_citizen(
    citizen_id: UUID, items: Sequence[Item], agency: Agency, batch: Batch, named: Mapping[UUID, LedgerEntry], now: datetime
) -> list[dict[str, object]]:
    """The citizen's account is locked first. What is kept back makes nothing due: nothing may tell that it came."""
    kept: list[dict[str, object]] = []
    if plain := [item for item in items if item.delay is None]:
        account_id = accounts.touch(citizen_id=citizen_id, agency=agency, now=now)
        for item in plain:
            read = named.get(item.use.entry_id) if item.use.entry_id else None
            keep(citizen_id=citizen_id, agency=agency, use=item.use, came=Came.PUSH, read=read, batch=batch, now=now)
        transaction.on_commit(partial(send, "aurora.reconcile", account_id), robust=True)
    for item in items:
        if item.delay is not None:
            kept.append({"position": item.position, "id": str(_kept_back(citizen_id, agency, item, now))})
    return kept


def _kept_back(citizen_id: UUID, agency: Agency, item: Item, now: datetime) -> UUID:
    assert item.delay is not None
    try:
        return delay.keep_back(
            citizen_id=citizen_id, agency_code=agency.code, use=item.use, law=item.delay.law, until=item.delay.until, now=now
        )
    except AuroraError as error:
        raise BatchRefused([Fault(item.position, error.code)]) from None


def keep(
    *, citizen_id: UUID, agency: Agency, use: Use, came: Came, read: LedgerEntry | None, now: datetime, batch: Batch | None = None
) -> UsageReport:
    """One report and its entry, in the citizen's scope. `read` is the entry that it names: the consents behind that read are behind the use."""
    entry = log(
        citizen_id=citizen_id, event=Event.USE_REPORTED, actor=agency.code, purpose=use.purpose or None, categories=use.categories,
        consent_ids=read.consent_ids if read else (), at=now,
        details={**use.details(), "came": came.value, **({"batch": str(batch.batch_id)} if batch else {})},
    )  # fmt: skip
    return _row(citizen_id, agency, use, came, entry.entry_id, now, batch)


def to_disclose(*, citizen_id: UUID, agency_code: str, now: datetime) -> UUID:
    """Before the entry is appended that `disclosed` rests on: who keeps reports holds the account first, then the log's head. The account."""
    return accounts.touch(citizen_id=citizen_id, agency=Agency.objects.get(code=agency_code), now=now)


def disclosed(*, citizen_id: UUID, agency_code: str, use: Use, entry_id: UUID, account_id: UUID, now: datetime) -> None:
    """What a law let the agency keep back is told now: a row, with the entry that `delay` has appended. In its transaction and scope."""
    agency = Agency.objects.get(code=agency_code)
    _row(citizen_id, agency, use, Came.DISCLOSED, entry_id, now, None)
    transaction.on_commit(partial(send, "aurora.reconcile", account_id), robust=True)


def _row(citizen_id: UUID, agency: Agency, use: Use, came: Came, logged_id: UUID, now: datetime, batch: Batch | None) -> UsageReport:
    return reports.keep(
        citizen_id=citizen_id, agency=agency, use=use, came=came, logged_id=logged_id, batch=batch, now=now,
        words=json.dumps(use.texts(), ensure_ascii=False).encode(), seal=partial(vault.seal, citizen_id=citizen_id),
    )  # fmt: skip


def words_of(report: UsageReport) -> dict[str, str]:
    """What the agency said in words: action, receiver_name, system. Raises `vault.VaultClosed`."""
    plain = vault.open_sealed(bytes(report.sealed), citizen_id=report.citizen_id, context=reports.context_of(report.pk))
    return dict(json.loads(plain))
