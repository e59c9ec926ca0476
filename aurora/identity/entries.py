"""A citizen's entries of the access log, opened under the citizen's own key."""

from __future__ import annotations

from functools import partial

from aurora.identity import vault
from aurora.identity.vault import VaultClosed
from consent.ledger import queries as ledger
from consent.ledger.models import LedgerEntry
from consent.ledger.queries import OpenedEntry


def opened(entry: LedgerEntry) -> OpenedEntry | None:
    """The entry with what it commits to; None where its sealed part does not open under its citizen's key. In the citizen's scope."""
    try:
        return ledger.open_entry(entry, partial(vault.open_sealed, citizen_id=entry.citizen_id))
    except VaultClosed:
        return None
