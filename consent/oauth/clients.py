"""Registration of clients. Called by the operators' side and the sandbox's seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from consent.errors import InvalidInput
from consent.models import Agency

from . import keysets
from .models import Client

_REGISTERED = (
    *("name", "redirect_uris", "jwks", "jwks_uri", "notice_uri", "resource"),
    *("allowed_purposes", "allowed_categories", "rotate_refresh", "dpop_nonce"),
)


def register(
    *,
    client_id: str,
    agency: Agency,
    name: Mapping[str, str],
    redirect_uris: Iterable[str],
    purposes: Iterable[str],
    categories: Iterable[str],
    jwks: Mapping[str, Any] | None = None,
    jwks_uri: str = "",
    notice_uri: str = "",
    resource: str = "",
    rotate_refresh: bool = False,
    dpop_nonce: bool = False,
) -> Client:
    """Register a client, or change the one of this id. Either `jwks`: public keys, {"keys": [...]}, each with a `kid`; or `jwks_uri`.

    Raises `InvalidInput` with a sentence a field; an id that another agency holds is not taken over.
    """
    client = Client.objects.filter(client_id=client_id).first() or Client(client_id=client_id, agency=agency)
    if client.agency_id != agency.pk:
        raise InvalidInput({"client_id": "This id belongs to another agency."})
    client.name = dict(name)
    client.redirect_uris = list(redirect_uris)
    client.jwks = None if jwks is None else dict(jwks)
    client.jwks_uri, client.notice_uri, client.resource = jwks_uri, notice_uri, resource
    client.rotate_refresh, client.dpop_nonce = rotate_refresh, dpop_nonce
    client.allowed_purposes = sorted(set(purposes))
    client.allowed_categories = sorted(set(categories))
    try:
        client.full_clean(validate_unique=False, validate_constraints=False)
        _judge_resource(client)
    except ValidationError as error:
        raise InvalidInput({field: " ".join(messages) for field, messages in error.message_dict.items()}) from None
    with transaction.atomic():
        # `active` is not ours here: a client that is being stopped at this moment stays stopped.
        client.save(update_fields=None if client._state.adding else _REGISTERED)
        keysets.watch(client)
    return client


def _judge_resource(client: Client) -> None:
    if client.resource and Client.objects.filter(resource=client.resource).exclude(pk=client.pk).exists():
        raise ValidationError({"resource": "Another client is registered with this address."})
