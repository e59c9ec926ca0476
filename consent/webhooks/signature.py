"""Standard Webhooks 1.0, asymmetric: headers and signature. Pure: no Django, no clock, no key of ours.

Signed is `id.timestamp.body`, with Ed25519; the header names the scheme `v1a` and lists one signature a key, so that a receiver who
knows either the new key or the one before it can verify while keys change (spec, "Webhook headers").
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SCHEME = "v1a"
PUBLIC_PREFIX = "whpk_"
TOLERANCE_SECONDS = 300


def headers(*, webhook_id: str, timestamp: int, body: bytes, keys: Sequence[Ed25519PrivateKey]) -> dict[str, str]:
    """The three headers of one attempt. `timestamp`: Unix seconds of the attempt, not of the event."""
    content = signed_content(webhook_id, str(timestamp), body)
    signatures = [f"{SCHEME},{base64.b64encode(key.sign(content)).decode()}" for key in keys]
    return {"webhook-id": webhook_id, "webhook-timestamp": str(timestamp), "webhook-signature": " ".join(signatures)}


def verify(given: Mapping[str, str], body: bytes, *, public_keys: Sequence[str], now: int) -> bool:
    """Whether one of the signatures is by one of the keys (`whpk_...`), over exactly this, at most five minutes from `now`."""
    webhook_id, timestamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not webhook_id or not timestamp.isascii() or not timestamp.isdigit() or abs(int(timestamp) - now) > TOLERANCE_SECONDS:
        return False
    content = signed_content(webhook_id, timestamp, body)
    return any(
        _is_by(key, signature, content)
        for scheme, _, signature in (part.partition(",") for part in given.get("webhook-signature", "").split(" "))
        if scheme == SCHEME
        for key in public_keys
    )


def signed_content(webhook_id: str, timestamp: str, body: bytes) -> bytes:
    """What the signature is over. The id must have no full stop in it, or two messages could look alike."""
    if "." in webhook_id:
        raise ValueError("a webhook's id has no full stop")
    return f"{webhook_id}.{timestamp}.".encode() + body


def public_text(key: Ed25519PrivateKey) -> str:
    """The public half, as the specification writes it: `whpk_` and base64."""
    return PUBLIC_PREFIX + base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def _is_by(public: str, signature: str, content: bytes) -> bool:
    try:
        raw = base64.b64decode(public.removeprefix(PUBLIC_PREFIX), validate=True)
        Ed25519PublicKey.from_public_bytes(raw).verify(base64.b64decode(signature, validate=True), content)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
