"""On an entry's page: the way to verify it, and its proof to take along."""

from __future__ import annotations

from django.urls import reverse

from aurora.ui.contexts import ProofLinks
from consent import acting
from consent.ledger.models import LedgerEntry


def links(entry: LedgerEntry, *, sealed: bool) -> ProofLinks | None:
    """None for who acts for another: proofs are the citizen's own (aurora.journeys.prove)."""
    if acting.current() is not None:
        return None
    proof = reverse("portal:entry_proof", args=[entry.pk]) if sealed else ""
    return ProofLinks(f"{reverse('portal:verify')}?entry={entry.pk}", proof)
