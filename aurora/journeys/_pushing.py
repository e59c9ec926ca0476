"""Entries of the citizen's log that say from when and until when an agency may send their data by itself, in the transaction that makes it so.

A fetch is an entry of its own: whoever looks sees that it goes on. What is sent unasked comes when the agency likes: the log says when it
may, and when Aurora stops taking it, also where only some of it ends and the agency's grant stands for the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from aurora.journeys._log import log
from aurora.sources.models import DataSource
from aurora.sources.pushes import batches
from consent import queries
from consent.ledger.events import Event
from consent.models import ConsentRecord
from consent.rules import AURORA, CITIZEN


def allowed(*, citizen_id: UUID, source: DataSource, given: Sequence[ConsentRecord], now: datetime) -> None:
    """The citizen has connected a source. Nothing of one that is asked."""
    if not batches.is_pushed(source) or not given:
        return
    log(
        citizen_id=citizen_id, event=Event.PUSH_ALLOWED, actor=CITIZEN, categories=sorted({c for record in given for c in record.categories}),
        consent_ids=[record.pk for record in given], source=source.agency.code, details={"recipient": AURORA}, at=now,
    )  # fmt: skip


def ended(*, citizen_id: UUID, source: str, categories: Iterable[str], now: datetime) -> None:
    """Consents to some categories have ended: those that no other one covers are taken no more. Nothing of a source that is asked, or of none."""
    if not DataSource.objects.filter(agency__code=source, connector=batches.CONNECTOR).exists():
        return
    covered = queries.covered_categories(citizen_id=citizen_id, recipient=AURORA, source=source, at=now)
    if over := sorted(set(categories) - covered):
        log(
            citizen_id=citizen_id, event=Event.PUSH_ENDED, actor=AURORA, categories=over, source=source,
            details={"recipient": AURORA, "rest": sorted(covered)}, at=now,
        )  # fmt: skip
