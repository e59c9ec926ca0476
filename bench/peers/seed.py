"""Fills the peers' database; answers the order {"tokens": n, "codes": m} with tokens, codes and the clients' Basic credentials."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import sys
from datetime import timedelta
from typing import Any

import django
from django.utils import timezone

ITEMS = 10_000
CALLBACK = "https://office.example/callback"
VERIFIER = "measured-not-deployed-measured-not-deployed-1"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def items() -> None:
    from bench.peers.models import Item

    names = [field.name for field in Item._meta.fields if not field.primary_key]
    Item.objects.bulk_create(Item(**{name: number * place % 90_000 for place, name in enumerate(names, 1)}) for number in range(ITEMS))


def application(name: str, *, hashed: bool, **more: Any) -> tuple[Any, str]:
    """A confidential client and the header it sends. `hashed` is the toolkit's default."""
    from oauth2_provider.models import Application

    secret = secrets.token_urlsafe(48)
    made = Application.objects.create(
        name=name,
        client_type=Application.CLIENT_CONFIDENTIAL,
        client_secret=secret,
        hash_client_secret=hashed,
        **({"authorization_grant_type": Application.GRANT_CLIENT_CREDENTIALS} | more),
    )
    return made, "Basic " + base64.b64encode(f"{made.client_id}:{secret}".encode()).decode()


def codes(users: list[Any], wanted: int) -> tuple[list[str], str]:
    """Codes with PKCE that wait to be redeemed, and the credentials of the client that may."""
    from oauth2_provider.models import Application, Grant

    client, basic = application(
        "codes", hashed=False, authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE, redirect_uris=CALLBACK
    )
    made = [secrets.token_urlsafe(32) for _ in range(wanted)]
    shared = {"application": client, "expires": timezone.now() + timedelta(hours=6), "redirect_uri": CALLBACK, "scope": "read"}
    asked = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    Grant.objects.bulk_create(Grant(user=users[n % len(users)], code=code, **shared, **asked) for n, code in enumerate(made))
    return made, basic


def main() -> None:
    django.setup()
    from django.contrib.auth.models import User
    from oauth2_provider.models import AccessToken

    order = json.loads(sys.stdin.readline())
    wanted = order["tokens"]
    items()
    plain, basic_plain = application("plain", hashed=False)
    _, basic_hashed = application("hashed", hashed=True)
    tokens = [secrets.token_urlsafe(32) for _ in range(wanted)]
    users = User.objects.bulk_create(User(username=f"citizen-{secrets.token_hex(8)}") for _ in range(wanted))
    expires = timezone.now() + timedelta(hours=6)
    for user, token in zip(users, tokens, strict=True):
        AccessToken.objects.create(user=user, token=token, application=plain, expires=expires, scope="read")
    waiting, basic_codes = codes(users, order.get("codes", 0))
    said = {"tokens": tokens, "codes": waiting, "basic_plain": basic_plain, "basic_hashed": basic_hashed, "basic_codes": basic_codes}
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
