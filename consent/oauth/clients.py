"""Registration of clients. Called by the operators' side and the sandbox's seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import connection, models, transaction

from consent.errors import InvalidInput
from consent.models import Agency

from . import keysets
from .models import Client

Model = TypeVar("Model", bound=models.Model)

_REGISTERED = (
    *("name", "redirect_uris", "jwks", "jwks_uri", "notice_uri", "usage_uri", "resource"),
    *("allowed_purposes", "allowed_categories", "rotate_refresh", "dpop_nonce"),
)


@cache
def _active() -> str:
    """All columns of a client and its agency, in the order of their models' fields. Put together once: the ORM would at every call, which
    takes longer than PostgreSQL's answer."""
    columns = (f"{name}.{field.column}" for name, model in (("c", Client), ("a", Agency)) for field in model._meta.concrete_fields)
    tables = f"{Client._meta.db_table} c JOIN {Agency._meta.db_table} a ON a.id = c.agency_id"
    return f"SELECT {', '.join(columns)} FROM {tables} WHERE c.client_id = %s AND c.active AND a.active"


def active(client_id: str) -> Client | None:
    """The client of this id with its agency, if both are active: asked at each call of a client's endpoint, so stopping one is felt at once."""
    with connection.cursor() as cursor:
        cursor.execute(_active(), [client_id])
        row = cursor.fetchone()
    if row is None:
        return None
    own = len(Client._meta.concrete_fields)
    client = _made(Client, row[:own])
    client.agency = _made(Agency, row[own:])
    return client


def _made(model: type[Model], values: Sequence[Any]) -> Model:
    """An instance as the ORM makes it of a row (Django's `Model.from_db`), with what a field makes of its column's value."""
    fields = model._meta.concrete_fields
    read = [f.from_db_value(v, None, connection) if hasattr(f, "from_db_value") else v for f, v in zip(fields, values, strict=True)]
    return model.from_db(connection.alias, [f.attname for f in fields], read)


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
    usage_uri: str = "",
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
    client.jwks_uri, client.notice_uri, client.usage_uri, client.resource = jwks_uri, notice_uri, usage_uri, resource
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
