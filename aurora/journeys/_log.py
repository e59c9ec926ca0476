"""Appending to the access log, sealed for the citizen whom the entry is about.

While somebody acts for the citizen, the entry names them, and only if their mandate still stands: it is locked until the transaction ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.utils import timezone

from aurora.erasures import rows as erasures
from aurora.identity import vault
from consent import mandates
from consent.acting import Acting, MandateRefused
from consent.ledger import append
from consent.ledger.append import Appended
from consent.rules.mandates import MandateFault
from consent.scope import citizen_scope


def log(*, citizen_id: UUID, **entry: Any) -> Appended:
    """`consent.ledger.append.append`, with the citizen's own seal. In their `citizen_scope`, in the transaction of what it tells.

    Raises `MandateRefused` when who acts for them may act no longer: then nothing of the transaction stands.
    """
    doing = confirm(citizen_id=citizen_id, now=entry.get("at") or timezone.now())
    if doing is not None:
        entry["details"] = {**(entry.get("details") or {}), **acted(doing)}
    return append.append(citizen_id=citizen_id, seal=partial(vault.seal, citizen_id=citizen_id), **entry)


def confirm(*, citizen_id: UUID, now: datetime, **asked: Any) -> Acting | None:
    """`consent.mandates.confirm`, and that neither of the two has left Aurora since their request came. Raises as it does."""
    doing = mandates.confirm(citizen_id=citizen_id, now=now, **asked)
    if doing is not None and any(leaves(one) for one in (doing.principal, doing.attorney)):
        raise MandateRefused(MandateFault.ENDED)
    return doing


def leaves(citizen_id: UUID) -> bool:
    """Whether a citizen has left for good: nobody acts by or for them from that moment; their mandates' own end is written a little later."""
    with citizen_scope(citizen_id):
        return erasures.is_closed(citizen_id=citizen_id)


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
