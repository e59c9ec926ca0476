"""A key-encryption key that lies in a file of mode 600."""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from aurora.identity.kek.errors import WRONG, KeyUnavailable
from aurora.keyfiles import KeyFile


class FileKek:
    """Read once. Raises `KeyFileError` when it is made."""

    def __init__(self, file: KeyFile) -> None:
        key = file.raw()
        self.id = hashlib.sha256(b"kek" + key).hexdigest()[:16]
        self._key = AESGCM(key)

    def __repr__(self) -> str:
        return f"FileKek({self.id})"

    def encrypt(self, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
        return self._key.encrypt(nonce, plaintext, associated)

    def decrypt(self, nonce: bytes, ciphertext: bytes, associated: bytes) -> bytes:
        try:
            return self._key.decrypt(nonce, ciphertext, associated)
        except (InvalidTag, ValueError):  # ValueError: too little is left of it
            raise KeyUnavailable(WRONG) from None
