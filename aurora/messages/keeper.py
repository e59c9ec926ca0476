"""The keeper that `consent.keeper` asks for: the citizen's names and seal, and a message for each decision."""

from __future__ import annotations

from aurora.identity.keys import pairwise
from aurora.identity.vault import open_sealed, seal
from aurora.messages import outbox
from aurora.messages.models import MessageKind
from consent import acting
from consent.models import ConsentEventKind, Receipt

__all__ = ["issued", "open_sealed", "pairwise", "seal"]


def issued(*, receipt: Receipt) -> None:
    """A message for the citizen. What was decided at one moment is one message, with all its receipts."""
    doing = acting.current() if receipt.event.decided_by_id else None
    ran_out = receipt.kind == ConsentEventKind.EXPIRED
    outbox.queue(
        citizen_id=receipt.citizen_id,
        kind=MessageKind.CONSENT_EXPIRED if ran_out else MessageKind.RECEIPT,
        about={
            "consent": receipt.consent_id,
            "receipt": receipt.pk,
            "event": receipt.kind,
            "by": receipt.event.by,
            "actor": doing.attorney_name if doing else "",
        },
        now=receipt.issued_at,
    )
