"""The vault: everything a citizen owns is sealed under their own data key, so that destroying the key erases it.

AES-256-GCM; associated data = citizen, what it is (`context`), key version (NIST SP 800-38D). A sealed value moved to another citizen, fact
or key does not open. The data key is wrapped by the key-encryption key and kept open in memory for five minutes.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.utils import timezone

from aurora.identity import keys
from aurora.identity.models import DataKey

OPEN_KEYS = 10_000
OPEN_SECONDS = 300.0
_FORMAT = b"\x01"


class VaultClosed(RuntimeError):
    """There is no key for this citizen, or the value was not sealed for this place. No value is in the message."""


class _OpenKeys:
    """The keys opened last, each for five minutes, at most ten thousand."""

    def __init__(self) -> None:
        self._keys: OrderedDict[UUID, tuple[float, bytes, AESGCM]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, citizen_id: UUID) -> tuple[bytes, AESGCM] | None:
        with self._lock:
            kept = self._keys.get(citizen_id)
            if kept is None or kept[0] < time.monotonic():
                self._keys.pop(citizen_id, None)
                return None
            self._keys.move_to_end(citizen_id)
            return kept[1], kept[2]

    def put(self, citizen_id: UUID, version: bytes, key: AESGCM) -> None:
        with self._lock:
            self._keys[citizen_id] = (time.monotonic() + OPEN_SECONDS, version, key)
            while len(self._keys) > OPEN_KEYS:
                self._keys.popitem(last=False)

    def forget(self, citizen_id: UUID) -> None:
        with self._lock:
            self._keys.pop(citizen_id, None)


_open_keys = _OpenKeys()


def create_key(*, citizen_id: UUID) -> None:
    """Make a citizen's data key. In a `citizen_scope`; once a citizen."""
    raw = AESGCM.generate_key(bit_length=256)
    DataKey.objects.create(
        citizen_id=citizen_id,
        wrapped=keys.seal_for_platform(raw, context=b"data-key:" + citizen_id.bytes),
        kek_id=keys.kek_id(),
        created_at=timezone.now(),
    )


def has_key(*, citizen_id: UUID) -> bool:
    """Whether anything of this citizen can be opened at all: not after they were erased. Asked of the row, not of what is in memory. In their scope."""
    return DataKey.objects.filter(pk=citizen_id).exists()


def destroy_key(*, citizen_id: UUID) -> None:
    """Erase all that is sealed for a citizen, by destroying its key. In a `citizen_scope`.

    Other processes forget the key when their copy is five minutes old.
    """
    DataKey.objects.filter(pk=citizen_id).delete()
    _open_keys.forget(citizen_id)


def seal(plaintext: bytes, *, citizen_id: UUID, context: bytes) -> bytes:
    """Seal a value of one citizen for one place. Raises `VaultClosed` when there is no key."""
    version, key = _key(citizen_id)
    nonce = os.urandom(keys.NONCE_BYTES)
    return _FORMAT + version + nonce + key.encrypt(nonce, plaintext, citizen_id.bytes + version + context)


def open_sealed(sealed: bytes | memoryview, *, citizen_id: UUID, context: bytes) -> bytes:
    """Open what `seal` made for the same citizen and place. Raises `VaultClosed`."""
    blob = bytes(sealed)
    version, key = _key(citizen_id)
    nonce, body = blob[3 : 3 + keys.NONCE_BYTES], blob[3 + keys.NONCE_BYTES :]
    if blob[:1] != _FORMAT or blob[1:3] != version:
        raise VaultClosed("Sealed in another format or under another version of the key.")
    try:
        return key.decrypt(nonce, body, citizen_id.bytes + version + context)
    except (InvalidTag, ValueError):  # ValueError: too little is left of it
        raise VaultClosed("Not sealed for this place.") from None


def _key(citizen_id: UUID) -> tuple[bytes, AESGCM]:
    kept = _open_keys.get(citizen_id)
    if kept is not None:
        return kept
    row = DataKey.objects.filter(pk=citizen_id).values_list("wrapped", "version").first()
    if row is None:
        raise VaultClosed("There is no key for this citizen.")
    raw = keys.open_for_platform(row[0], context=b"data-key:" + citizen_id.bytes)
    opened = row[1].to_bytes(2, "big"), AESGCM(raw)
    _open_keys.put(citizen_id, *opened)
    return opened
