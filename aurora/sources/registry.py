"""The sources that a citizen can connect, and Aurora's registration with each."""

from __future__ import annotations

import json

from django.conf import settings
from django.db.models import QuerySet

from aurora.identity import keys
from aurora.outbound.oauth import Registration
from aurora.sources.connectors import manner
from aurora.sources.models import DataSource
from consent.errors import NotFound


def active() -> QuerySet[DataSource]:
    """All sources in use, with their agencies, in the order of their codes."""
    return DataSource.objects.filter(active=True, agency__active=True).select_related("agency").order_by("agency__code")


def by_code(code: str) -> DataSource:
    """One source in use. Raises `NotFound`."""
    source = active().filter(agency__code=code).first()
    if source is None:
        raise NotFound()
    return source


def registration(source: DataSource) -> Registration:
    """Aurora as this source's OAuth client."""
    return registered(
        code=source.agency.code, issuer=source.issuer, client_id=source.client_id, key_sealed=source.key_sealed, connector=source.connector
    )


def registered(*, code: str, issuer: str, client_id: str, key_sealed: bytes | memoryview, connector: str) -> Registration:
    """The same of a source whose columns are at hand; one redirect URI a source (RFC 9700 4.4: against mix-up)."""
    return Registration(
        issuer=issuer,
        client_id=client_id,
        key=json.loads(keys.open_for_platform(key_sealed, context=key_context(code))),
        redirect_uri=f"{settings.AURORA_BASE_URL}/sources/{code}/callback",
        asserts_to_token_endpoint=manner(connector).asserts_to_token_endpoint,
        peer=code,
    )


def key_context(code: str) -> bytes:
    """What the registration's key is sealed for."""
    return b"source-client-key:" + code.encode()
