"""Secrets leave as random text and stay as SHA-256 digests. At 256 bits of entropy a digest needs no salt or stretching."""

from __future__ import annotations

import hashlib
import re
import secrets

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


def new_secret() -> str:
    """256 random bits as 43 characters of base64url."""
    return secrets.token_urlsafe(32)


def looks_like_secret(text: str) -> bool:
    """Whether `text` could be one of ours: spares a look-up, and keeps odd input from the database."""
    return _SECRET.fullmatch(text) is not None


def digest_of(text: str) -> bytes:
    """SHA-256, 32 bytes."""
    return hashlib.sha256(text.encode()).digest()
