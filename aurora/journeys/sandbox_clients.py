"""A developer's own client, in a sandbox only: elsewhere each of these says that there is no such thing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from aurora.journeys import ping_client
from consent.errors import NotFound
from consent.oauth import sandbox
from consent.oauth.models import SandboxClient
from consent.oauth.sandbox import Made
from consent.webhooks.models import Ping

KEPT = sandbox.REQUESTS_KEPT


def register(
    *, name: str, redirect_uri: str, notice_uri: str, jwk: str, purposes: Sequence[str], categories: Sequence[str], now: datetime
) -> Made:
    """What two officers do elsewhere. Raises `InvalidInput` by field, `SandboxFull`."""
    _in_a_sandbox()
    return sandbox.register(
        name=name, redirect_uri=redirect_uri, notice_uri=notice_uri, jwk=jwk, purposes=purposes, categories=categories, now=now
    )


def opened(*, secret: str, now: datetime) -> SandboxClient | None:
    """Whose secret it is."""
    _in_a_sandbox()
    return sandbox.of_secret(secret=secret, now=now)


def again(*, key: int, now: datetime) -> SandboxClient | None:
    """The client of a session that a secret opened."""
    _in_a_sandbox()
    return sandbox.by_key(key=key, now=now)


def replace_key(row: SandboxClient, *, jwk: str, now: datetime) -> None:
    """Raises `InvalidInput`, `DraftOpen`."""
    _in_a_sandbox()
    sandbox.replace_key(row, jwk=jwk, now=now)


def end(row: SandboxClient, *, now: datetime) -> bool:
    _in_a_sandbox()
    return sandbox.end(row, now=now)


def ping(row: SandboxClient, *, now: datetime) -> Ping:
    """Raises what `ping_client.ask` raises."""
    _in_a_sandbox()
    return ping_client.ask(client_id=row.client.client_id, operator=None, now=now)


def _in_a_sandbox() -> None:
    if not settings.AURORA_SANDBOX:
        raise NotFound()
