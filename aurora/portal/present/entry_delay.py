"""What the page of an entry says of a use that a law had kept back: by which, since when, and its place in the public log since then."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from aurora.ui.contexts import DelayPart
from consent.ledger import delays
from consent.ledger.events import Event
from consent.ledger.models import Leaf, LedgerEntry
from consent.ledger.queries import OpenedEntry


def part(entry: LedgerEntry, found: OpenedEntry | None) -> DelayPart | None:
    """None for every other event, and for an entry that does not open."""
    if entry.event != Event.USE_DISCLOSED:
        return None
    try:
        return _part(found.details) if found else None
    except (KeyError, TypeError, ValueError, IndexError):
        return None  # the page says that the entry was changed


def _part(details: dict[str, Any]) -> DelayPart:
    law, leaves = delays.law(details["law"]), details["kept"]
    first = Leaf.objects.filter(entry_id=leaves[0]["id"]).first()
    return DelayPart(
        law=law.name if law else dict.fromkeys(("fi", "sv", "en"), details["law"]),
        used_at=datetime.fromisoformat(details["used_at"]),
        since=datetime.fromisoformat(details["kept_since"]),
        until=datetime.fromisoformat(details["kept_until"]),
        leaf=first.index if first else None,
        commitment=leaves[0]["commitment"],
        sound=all(_holds(one) for one in leaves) and (first is None or bytes(first.commitment).hex() == leaves[0]["commitment"]),
        extended=len(leaves) > 1,
    )


def _holds(one: dict[str, Any]) -> bool:
    """As the citizen's own verifier computes it."""
    return hashlib.sha256(bytes.fromhex(one["salt"]) + one["entry"].encode()).hexdigest() == one["commitment"]
