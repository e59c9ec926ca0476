"""Fills the peers' database; answers the order {"tokens": n} with the tokens and the clients' Basic credentials."""

from __future__ import annotations

import base64
import json
import secrets
import sys
from datetime import timedelta
from typing import Any

import django
from django.utils import timezone

ITEMS = 10_000


def items() -> None:
    from bench.peers.models import Item

    names = [field.name for field in Item._meta.fields if not field.primary_key]
    Item.objects.bulk_create(Item(**{name: number * place % 90_000 for place, name in enumerate(names, 1)}) for number in range(ITEMS))


def application(name: str, *, hashed: bool) -> tuple[Any, str]:
    """A confidential client and the header it sends. `hashed` is the toolkit's default."""
    from oauth2_provider.models import Application

    secret = secrets.token_urlsafe(48)
    made = Application.objects.create(
        name=name,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        client_secret=secret,
        hash_client_secret=hashed,
    )
    return made, "Basic " + base64.b64encode(f"{made.client_id}:{secret}".encode()).decode()


def main() -> None:
    django.setup()
    from django.contrib.auth.models import User
    from oauth2_provider.models import AccessToken

    wanted = json.loads(sys.stdin.readline())["tokens"]
    items()
    plain, basic_plain = application("plain", hashed=False)
    _, basic_hashed = application("hashed", hashed=True)
    tokens = [secrets.token_urlsafe(32) for _ in range(wanted)]
    users = User.objects.bulk_create(User(username=f"citizen-{number}") for number in range(wanted))
    expires = timezone.now() + timedelta(hours=6)
    for user, token in zip(users, tokens, strict=True):
        AccessToken.objects.create(user=user, token=token, application=plain, expires=expires, scope="read")
    print(json.dumps({"tokens": tokens, "basic_plain": basic_plain, "basic_hashed": basic_hashed}), flush=True)


if __name__ == "__main__":
    main()
