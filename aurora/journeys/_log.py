"""Appending to the access log, sealed for the citizen whom the entry is about."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from aurora.identity import vault
from consent.ledger import append
from consent.ledger.append import Appended


def log(*, citizen_id: UUID, **entry: Any) -> Appended:
    """`consent.ledger.append.append`, with the citizen's own seal. In their `citizen_scope`, in the transaction of what it tells."""
    return append.append(citizen_id=citizen_id, seal=partial(vault.seal, citizen_id=citizen_id), **entry)
