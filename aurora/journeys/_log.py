"""Appending to the access log, sealed for the citizen whom the entry is about.

While somebody acts for the citizen, the entry names them, and only if their mandate still stands: it is locked until the transaction ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import UUID

from django.utils import timezone

from aurora.identity import vault
from consent import mandates
from consent.acting import Acting
from consent.ledger import append
from consent.ledger.append import Appended
from consent.scope import citizen_scope


def log(*, citizen_id: UUID, **entry: Any) -> Appended:
    """`consent.ledger.append.append`, with the citizen's own seal. In their `citizen_scope`, in the transaction of what it tells.

    Raises `MandateRefused` when who acts for them may act no longer: then nothing of the transaction stands.
    """
    doing = mandates.confirm(citizen_id=citizen_id, now=entry.get("at") or timezone.now())
    if doing is not None:
        entry["details"] = {**(entry.get("details") or {}), **acted(doing)}
    return append.append(citizen_id=citizen_id, seal=partial(vault.seal, citizen_id=citizen_id), **entry)


def acted(doing: Acting) -> dict[str, str]:
    """What an entry's sealed details say of who acted: the citizen reads it, and the attorney; nobody else can."""
    return {
        "mandate": str(doing.mandate.id),
        "mandate_kind": doing.mandate.kind.value,
        "attorney": str(doing.attorney),
        "attorney_name": doing.attorney_name,
    }


def log_each(entries: Iterable[tuple[UUID, dict[str, Any]]]) -> None:
    """Append to several citizens' logs in one transaction, always in the order of their ids: two who do so at once wait, and do not deadlock."""
    for citizen_id, entry in sorted(entries, key=lambda one: one[0]):
        with citizen_scope(citizen_id):
            log(citizen_id=citizen_id, **entry)
