"""The platform's own secrets: the key-encryption key and the look-up key, read once from files of mode 600.

Nothing here is ever logged or shown. What is sealed for the platform (not for a citizen) goes through `seal_for_platform`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from functools import cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES = 12


class KeyUnavailable(RuntimeError):
    """Something was sealed under another key or for another use. (A bad key file is `aurora.keyfiles.KeyFileError`.)"""


@cache
def _kek() -> tuple[str, AESGCM]:
    key = settings.AURORA_KEK_FILE.raw()
    return hashlib.sha256(b"kek" + key).hexdigest()[:16], AESGCM(key)


@cache
def _lookup_key() -> bytes:
    return bytes(settings.AURORA_HMAC_KEY_FILE.raw())


def kek_id() -> str:
    """The name of the key-encryption key in use: says which one, not what it is."""
    return _kek()[0]


def seal_for_platform(plaintext: bytes, *, context: bytes) -> bytes:
    """Seal under the key-encryption key, bound to what it is for. AES-256-GCM, a random nonce in front."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _kek()[1].encrypt(nonce, plaintext, context)


def open_for_platform(sealed: bytes | memoryview, *, context: bytes) -> bytes:
    """Open what `seal_for_platform` made for the same context. Raises `KeyUnavailable`."""
    try:
        return _kek()[1].decrypt(bytes(sealed[:NONCE_BYTES]), bytes(sealed[NONCE_BYTES:]), context)
    except (InvalidTag, ValueError):  # ValueError: too little is left of it
        raise KeyUnavailable("Sealed under another key or for another use.") from None


def unit(citizen_id: UUID, *, salt: str) -> float:
    """A number in [0, 1) that is the citizen's own for this salt, even over all citizens, and that nobody without the key can work out."""
    digest = hmac.digest(_lookup_key(), b"unit\0" + salt.encode() + b"\0" + citizen_id.bytes, "sha256")
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def rounding_key() -> bytes:
    """The secret by which counts in reports are rounded up or down (`recommender.monitoring.protect`)."""
    return hmac.digest(_lookup_key(), b"rounding", "sha256")


def subject_hmac(*, issuer: str, national_id: str) -> bytes:
    """Finds a citizen without keeping their identifier readable: 32 bytes."""
    return hmac.digest(_lookup_key(), b"subject\0" + issuer.encode() + b"\0" + national_id.encode(), "sha256")


def glass_digest(*, request_id: UUID, typed: str) -> bytes:
    """What an operator typed for whose data a break-glass request is about, so that another can name the same. No two requests' can be compared."""
    return hmac.digest(_lookup_key(), b"break-glass\0" + request_id.bytes + typed.encode(), "sha256")


def pairwise(*, citizen_id: UUID, agency: str) -> str:
    """The name by which one agency knows a citizen; no two agencies share it (OpenID Connect Core 8.1)."""
    digest = hmac.digest(_lookup_key(), b"pairwise\0" + agency.encode() + b"\0" + citizen_id.bytes, "sha256")
    return base64.b32encode(digest[:20]).decode().lower()
