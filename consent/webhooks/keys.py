"""The keys that notices are signed with: an Ed25519 key of its own, in a file, and those before it, as long as they are named.

After a change of key the old file stays named in `AURORA_FORMER_WEBHOOK_KEY_FILES` until every agency knows the new one: notices are then
signed with both, and both are published.
"""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from consent.oauth import config

from . import signature


@cache
def private() -> tuple[Ed25519PrivateKey, ...]:
    """The key in use first."""
    files = (settings.AURORA_WEBHOOK_KEY_FILE, *settings.AURORA_FORMER_WEBHOOK_KEYS)
    return tuple(Ed25519PrivateKey.from_private_bytes(file.raw()) for file in files)


def published() -> dict[str, list[str]]:
    """What `/webhooks/keys` answers: the public keys as `whpk_...`, the one in use first."""
    return {"keys": [signature.public_text(key) for key in private()]}


def uri() -> str:
    """Where they are published; named in the server's metadata."""
    return f"{config.issuer()}/webhooks/keys"
