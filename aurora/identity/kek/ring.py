"""All key-encryption keys of this process: the newest seals, every one of them opens.

What is sealed bears its key's id: 0x02 || id (8 bytes) || nonce (12) || ciphertext and tag; associated data = those 9 bytes || context. Before
there were several keys it was nonce || ciphertext and tag, with the context alone: that still opens, by the keys that lie in files.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from aurora.identity.kek import Kek
from aurora.identity.kek.errors import WRONG, KeyUnavailable
from aurora.identity.kek.files import FileKek
from aurora.identity.kek.tokens import TokenKek
from aurora.kek_url import KekPlace
from aurora.keyfiles import KeyFile

NONCE_BYTES = 12
ID_BYTES = 8
_FORMAT = b"\x02"
HEAD_BYTES = len(_FORMAT) + ID_BYTES


class KekRing:
    """The newest first. Raises `KeyUnavailable` when two of them are not to be told apart."""

    def __init__(self, keks: Iterable[Kek]) -> None:
        self._keks = tuple(keks)
        self._by_id = {kek.id: kek for kek in self._keks}
        if len(self._by_id) < len(self._keks):
            raise KeyUnavailable(
                "Two key-encryption keys have the same id: name each key once, and give keys in tokens an id of their own."
            )

    @classmethod
    def of(cls, places: Iterable[KekPlace]) -> KekRing:
        """The keys at these places. Files are read now; tokens are asked when they are needed."""
        return cls(FileKek(place) if isinstance(place, KeyFile) else TokenKek(place) for place in places)

    @property
    def newest(self) -> Kek:
        return self._keks[0]

    def head(self) -> bytes:
        """How everything begins that the newest key has sealed."""
        return _FORMAT + bytes.fromhex(self.newest.id)

    def seal(self, plaintext: bytes, *, context: bytes) -> bytes:
        """By the newest key. Raises `KeyUnavailable`."""
        nonce, head = os.urandom(NONCE_BYTES), self.head()
        return head + nonce + self.newest.encrypt(nonce, plaintext, head + context)

    def open(self, sealed: bytes, *, context: bytes) -> bytes:
        """By the key that it names. Raises `KeyUnavailable`."""
        kek = self._by_id.get(sealed[1:HEAD_BYTES].hex()) if sealed[:1] == _FORMAT else None
        if kek is not None:
            body = sealed[HEAD_BYTES:]
            return kek.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], sealed[:HEAD_BYTES] + context)
        for former in self._keks:
            if isinstance(former, FileKek):
                try:
                    return former.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context)
                except KeyUnavailable:
                    continue
        raise KeyUnavailable(WRONG)

    def try_all(self) -> None:
        """Seal and open something by every key. Raises `KeyUnavailable` for the first that does not."""
        for kek in self._keks:
            nonce = os.urandom(NONCE_BYTES)
            kek.decrypt(nonce, kek.encrypt(nonce, b"probe", b"probe"), b"probe")
