"""Clients that developers register by themselves: in a sandbox only, which the caller has made sure of. What two officers judge elsewhere, the same rules of
registration (`client_form`) and these bounds judge here: an agency of its own that says in its name what it is, thirty days, so many a day and in all.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from consent import names
from consent.errors import AuroraError, InvalidInput
from consent.models import Agency

from . import client_form, jwks, onboarding, strict_json
from .digests import digest_of, looks_like_secret, new_secret
from .models import Client, SandboxClient, SandboxRequest

PREFIX = names.TRIAL
LASTS = timedelta(days=30)
A_DAY, AT_ONCE = 50, 200
NAME_LIMIT = 60
REQUESTS_KEPT = timedelta(days=7)
MOST_REQUESTS, MOST_UNPROVED = 200, 50
# Whose purposes and categories a sandbox client may have.
EXAMPLE = "benefits-office"
# What stands behind the developer's name wherever a citizen reads it.
MARK = {"fi": "{} (kehittäjän testiohjelma)", "sv": "{} (utvecklares testprogram)", "en": "{} (a developer's test program)"}
REASON = "Registered by its developer in the sandbox."
_LOCK = 7_360_118


class SandboxFull(AuroraError):
    """So many were made today, or there are so many."""

    code = "sandbox_full"
    sentence = "No more sandbox clients can be made today."
    status = 429
    retryable = True


@dataclass(frozen=True)
class Made:
    """What is shown once: `secret` is kept nowhere."""

    client_id: str
    agency: Mapping[str, str]
    expires_at: datetime
    secret: str = field(repr=False)


def allowed() -> tuple[list[str], list[str]]:
    """(purposes, categories) that may be chosen; none where the sandbox's own agency is not there."""
    found = Client.objects.filter(client_id=EXAMPLE, active=True).first()
    return (sorted(found.allowed_purposes), sorted(found.allowed_categories)) if found else ([], [])


def register(
    *, name: str, redirect_uri: str, notice_uri: str, jwk: str, purposes: Sequence[str], categories: Sequence[str], now: datetime
) -> Made:
    """A client with an agency of its own. Raises `InvalidInput` by field, `SandboxFull`."""
    client_id = PREFIX + secrets.token_hex(6)
    named = {language: mark.format(name.strip()) for language, mark in MARK.items()}
    content = {
        "agency": {"code": client_id, "name": named},
        "name": named,
        "redirect_uris": [redirect_uri],
        "jwks": key_set(jwk),
        "jwks_uri": "",
        "notice_uri": notice_uri,
        "usage_uri": "",
        "resource": "",
        "purposes": sorted(set(purposes)),
        "categories": sorted(set(categories)),
        "rotate_refresh": False,
        "dpop_nonce": False,
    }
    _judge(client_id, name, content)
    secret = new_secret()
    with transaction.atomic():
        _take_a_place(now)
        client = onboarding.registered(client_id=client_id, content=content, reason=REASON, now=now)
        SandboxClient.objects.create(client=client, secret_digest=digest_of(secret), created_at=now, expires_at=now + LASTS)
    return Made(client_id, named, now + LASTS, secret)


def _judge(client_id: str, name: str, content: Mapping[str, Any]) -> None:
    faults = client_form.faults_of(client_id, content, None)
    # Both names are made of the one that was typed.
    of_agency = faults.pop("agency_name", None)
    typed = client_form.fault_of_text(name, most=NAME_LIMIT, sentence=f"Give a name of 1 to {NAME_LIMIT} characters.")
    if fault := typed or of_agency:
        faults["name"] = fault
    purposes, categories = allowed()
    for member, known in (("purposes", purposes), ("categories", categories)):
        if not set(content[member]) <= set(known):
            faults[member] = "Choose from the list."
    if faults:
        raise InvalidInput(faults)


def _take_a_place(now: datetime) -> None:
    """One at a time counts, so that two at once do not both take the last place."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    live = SandboxClient.objects.filter(ended_at__isnull=True, expires_at__gt=now).count()
    today = SandboxClient.objects.filter(created_at__gt=now - timedelta(days=1)).count()
    if live >= AT_ONCE or today >= A_DAY:
        raise SandboxFull()


def key_set(text: str) -> Any:
    """A pasted public JWK, or a set of them, as a set; what is no JSON stands as itself, and is then no key set. A key without `kid` gets one."""
    try:
        found = strict_json.loads(text)
    except ValueError:
        return text
    keys = found["keys"] if isinstance(found, dict) and set(found) == {"keys"} else [found]
    if not isinstance(keys, list):
        return found
    return {"keys": [{"kid": f"key-{secrets.token_hex(4)}", **key} if isinstance(key, dict) else key for key in keys]}


def of_secret(*, secret: str, now: datetime) -> SandboxClient | None:
    """The client that this secret manages, as long as it lives."""
    if not looks_like_secret(secret):
        return None
    return _live(now).filter(secret_digest=digest_of(secret)).first()


def by_key(*, key: int, now: datetime) -> SandboxClient | None:
    """By its row, of a session that the secret opened."""
    return _live(now).filter(pk=key).first()


def _live(now: datetime) -> Any:
    return SandboxClient.objects.select_related("client__agency").filter(ended_at__isnull=True, expires_at__gt=now, client__active=True)


def replace_key(row: SandboxClient, *, jwk: str, now: datetime) -> None:
    """The new key at once, the old one no more. Raises `InvalidInput` at `jwk`."""
    keys = key_set(jwk)
    if fault := jwks.fault_of(keys):
        raise InvalidInput({"jwk": fault})
    content = {**client_form.content_of(row.client), "jwks": keys}
    onboarding.registered(client_id=row.client.client_id, content=content, reason="Key replaced by its developer.", now=now)


def end(row: SandboxClient, *, now: datetime) -> bool:
    """Nothing of it is answered any more. What was noted of its requests goes with it; its name stays where citizens have met it."""
    with transaction.atomic():
        if SandboxClient.objects.filter(pk=row.pk, ended_at__isnull=True).update(ended_at=now) != 1:
            return False
        Client.objects.filter(pk=row.client.pk).update(active=False)
        Agency.objects.filter(pk=row.client.agency_id, code__startswith=PREFIX).update(active=False)
        SandboxRequest.objects.filter(client=row).delete()
    return True


def purge(*, now: datetime) -> int:
    """End those whose time is over, and forget requests that are a week old. How many ended."""
    SandboxRequest.objects.filter(at__lte=now - REQUESTS_KEPT).delete()
    over = SandboxClient.objects.select_related("client").filter(ended_at__isnull=True, expires_at__lte=now)
    return sum(end(row, now=now) for row in over)


# What a client asked


def note(*, client_id: str, kind: str, subject: str, status: int, code: str, proved: bool, now: datetime) -> None:
    """One request; the oldest beyond so many go. Nothing for who is no sandbox client."""
    row = SandboxClient.objects.filter(client__client_id=client_id, ended_at__isnull=True).first()
    if row is None:
        return
    SandboxRequest.objects.create(client=row, at=now, kind=kind, subject=subject[:64], status=status, code=code[:64], proved=proved)
    most = MOST_REQUESTS if proved else MOST_UNPROVED
    older = SandboxRequest.objects.filter(client=row, proved=proved).order_by("-pk")[most:]
    SandboxRequest.objects.filter(pk__in=list(older.values_list("pk", flat=True))).delete()


def requests_of(row: SandboxClient, *, now: datetime, most: int = 50) -> list[SandboxRequest]:
    return list(SandboxRequest.objects.filter(client=row, at__gt=now - REQUESTS_KEPT).order_by("-pk")[:most])


def example_key() -> str:
    """What a public key looks like, for the form's hint."""
    return json.dumps({"kty": "EC", "crv": "P-256", "x": "...", "y": "...", "kid": "my-key-1"})
