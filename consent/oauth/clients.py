"""Registration of clients. Called by the operators' side and the sandbox's seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError

from consent.errors import InvalidInput
from consent.models import Agency

from .models import Client


def register(
    *,
    client_id: str,
    agency: Agency,
    name: Mapping[str, str],
    redirect_uris: Iterable[str],
    jwks: Mapping[str, Any],
    purposes: Iterable[str],
    categories: Iterable[str],
) -> Client:
    """Register a client, or change the one of this id. `jwks`: public keys, {"keys": [...]}, each with a `kid`.

    Raises `InvalidInput` with a sentence a field; an id that another agency holds is not taken over.
    """
    client = Client.objects.filter(client_id=client_id).first() or Client(client_id=client_id, agency=agency)
    if client.agency_id != agency.pk:
        raise InvalidInput({"client_id": "This id belongs to another agency."})
    client.name = dict(name)
    client.redirect_uris = list(redirect_uris)
    client.jwks = dict(jwks)
    client.allowed_purposes = sorted(set(purposes))
    client.allowed_categories = sorted(set(categories))
    try:
        client.full_clean(validate_unique=False)
    except ValidationError as error:
        raise InvalidInput({field: " ".join(messages) for field, messages in error.message_dict.items()}) from None
    client.save()
    return client
