"""Key-encryption keys: what wraps every citizen's key and seals the platform's own secrets. In a file, or in a token that it never leaves."""

from __future__ import annotations

from typing import Protocol

from aurora.identity.kek.errors import KeyUnavailable

__all__ = ["Kek", "KeyUnavailable"]


class Kek(Protocol):
    """One key-encryption key. AES-256-GCM; whoever calls gives a nonce that is never used again."""

    @property
    def id(self) -> str:
        """16 hexadecimal digits: says which key it is, and nothing of it."""

    def encrypt(self, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
        """Raises `KeyUnavailable` where the key is out of reach."""

    def decrypt(self, nonce: bytes, ciphertext: bytes, associated: bytes) -> bytes:
        """Raises `KeyUnavailable` where the key is out of reach, or this was encrypted by another or for another use."""
