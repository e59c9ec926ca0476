"""What the activity page says of the chain that the citizen's entries make.

Each view counts all entries, holds the newest against the head, and looks at the links of those that it shows: that costs the same for a short life
and, nearly, for a long one. All links are walked where the citizen asks for it. Whoever trusts no word of ours verifies the log in their browser.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from aurora.ui.contexts.chain import ChainPart, ChainState
from consent.ledger import queries as ledger
from consent.ledger.models import LedgerEntry


def part(citizen_id: UUID, shown: Iterable[LedgerEntry], *, walk: bool, walk_url: str) -> ChainPart:
    """Of the whole chain, also where only some of its entries are shown. Within `citizen_scope`: one query, with `walk` two."""
    seen = ledger.look(citizen_id, shown=[entry.seq for entry in shown])
    walked = ledger.my_sequence_is_unbroken(citizen_id) if walk else None
    broken_at = walked.first_break if walked else None
    sound = seen.linked and broken_at is None
    state = ChainState.WHOLE if seen.complete and sound else ChainState.CHANGED if seen.complete else ChainState.MISSING
    return ChainPart(state, walked=walk, broken_at=broken_at, walk_url=walk_url)
