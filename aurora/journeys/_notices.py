"""What a notice says as it leaves. Of a request to correct a fact it names the fact's key, which can be an illness: so the row of the notice does not,
and the key is taken from the request itself, where it lies sealed. Once that is erased, the notice names the category alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aurora.corrections import requests
from aurora.corrections.models import Correction
from aurora.identity.vault import VaultClosed
from consent.scope import citizen_scope
from consent.webhooks import queue
from consent.webhooks.models import Delivery

_OF_FACTS = (Delivery.Kind.CORRECTION_ASKED, Delivery.Kind.CORRECTION_CLOSED, Delivery.Kind.FACT_CORRECTED)


def whole(row: Delivery) -> dict[str, Any]:
    """What is sent of a delivery. In its citizen's scope."""
    payload: dict[str, Any] = row.payload
    key = _key(row) if row.kind in _OF_FACTS else None
    return payload if key is None else {**payload, "data": {**payload["data"], "key": key}}


def event(found: dict[str, Any], *, client_id: str) -> dict[str, Any]:
    """One event of a client's feed, as `whole` has it."""
    if found["type"] not in _OF_FACTS:
        return found
    delivery_id = UUID(found["id"])
    citizen_id = queue.citizen_of(delivery_id, client_id=client_id)
    if citizen_id is None:
        return found
    with citizen_scope(citizen_id):
        row = Delivery.objects.filter(pk=delivery_id).first()
        return found if row is None else {"id": found["id"], **whole(row)}


def _key(row: Delivery) -> str | None:
    request = None if row.correction_id is None else Correction.objects.filter(pk=row.correction_id).first()
    if request is None:
        return None
    try:
        return requests.opened(request).key
    except VaultClosed:
        return None
