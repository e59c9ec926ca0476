"""The platform's own secrets: the key-encryption keys (`aurora.identity.kek`) and the look-up key, a file of mode 600 that is read once.

Nothing here is ever logged or shown. What is sealed for the platform (not for a citizen) goes through `seal_for_platform`.
"""

from __future__ import annotations

import base64
import hmac
import threading
import time
from functools import cache
from uuid import UUID

from django.conf import settings

from aurora.identity.kek import KeyUnavailable
from aurora.identity.kek.ring import HEAD_BYTES, NONCE_BYTES, KekRing

__all__ = ["HEAD_BYTES", "NONCE_BYTES", "KeyUnavailable"]
PROBE_SECONDS = 10.0


@cache
def _ring() -> KekRing:
    return KekRing.of((settings.AURORA_KEK, *settings.AURORA_FORMER_KEKS))


@cache
def _lookup_key() -> bytes:
    return bytes(settings.AURORA_HMAC_KEY_FILE.raw())


def kek_id() -> str:
    """The name of the key-encryption key that seals: says which one, not what it is."""
    return _ring().newest.id


def seal_for_platform(plaintext: bytes, *, context: bytes) -> bytes:
    """Seal under the newest key-encryption key, bound to what it is for. Raises `KeyUnavailable`."""
    return _ring().seal(plaintext, context=context)


def open_for_platform(sealed: bytes | memoryview, *, context: bytes) -> bytes:
    """Open what `seal_for_platform` made for the same context, now or under an earlier key that is still named. Raises `KeyUnavailable`."""
    return _ring().open(bytes(sealed), context=context)


def newest_head() -> bytes:
    """How everything begins that the newest key-encryption key has sealed: `HEAD_BYTES` bytes."""
    return _ring().head()


def try_keks() -> None:
    """Use every key-encryption key once, as a process does when it starts. Raises `KeyUnavailable`, `KeyFileError`."""
    _ring().try_all()


class _Answer:
    """Whether the keys answered when they were last asked: at most once in `PROBE_SECONDS`, by one thread, and no other waits for it."""

    def __init__(self) -> None:
        self._lock, self._asked, self._well = threading.Lock(), -PROBE_SECONDS, True

    def well(self) -> bool:
        if time.monotonic() - self._asked >= PROBE_SECONDS and self._lock.acquire(blocking=False):
            try:
                self._asked = time.monotonic()
                try_keks()
                self._well = True
            except (KeyUnavailable, ValueError):
                self._well = False
            finally:
                self._lock.release()
        return self._well


_answer = _Answer()


def keks_answer() -> bool:
    """Whether all key-encryption keys were there a moment ago: for `/readyz`."""
    return _answer.well()


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
