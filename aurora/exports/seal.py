"""How a copy is encrypted: pieces under a key of their own, that key under a random one, and this under a passphrase.

Pure. The format is docs/citizen/export.md, "The encryption"; `ui/static/aurora/export/open.mjs` and `aurora_open.py` beside it open the same.

- pieces: AES-256-GCM over 1 MiB each. The nonce is the piece's number and whether it is the last one (STREAM, Hoang et al. 2015): a piece that is
  moved, repeated, left out, or missing at the end does not open;
- the pieces' key: HKDF-SHA-256 of the file's key and a salt of this attempt, so that a file begun anew repeats no nonce under one key;
- the file's key is random, and wrapped by what PBKDF2-HMAC-SHA-256 makes of the passphrase, which has 128 random bits.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMAT = "aurora-export-file-1"
PIECE = 1024 * 1024
TAG_BYTES = 16
KEY_BYTES = SALT_BYTES = 32
ITERATIONS = 600_000  # OWASP's for PBKDF2-HMAC-SHA-256; what a browser has without a library
KDF = "PBKDF2-SHA256"
# Crockford's base 32: no I, L, O, U, which are misread. 26 of them bear 128 bits, two more say at once that one was mistyped.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BITS, _DIGITS, _GROUP = 128, 26, 4
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0"})


class NotOpened(ValueError):
    """The passphrase is another one, or what was wrapped or sealed has been changed. `code` in `mistyped`, `wrong`, `damaged`, `cut_short`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Secret:
    """A file's key with its lock, and the passphrase that opens it: to be shown once, and kept nowhere."""

    key: bytes = field(repr=False)
    lock: dict[str, Any] = field(repr=False)
    passphrase: str = field(repr=False)


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def locked(*, key: bytes, export_id: UUID) -> Secret:
    """The key under a new passphrase. About a third of a second: PBKDF2 is meant to be slow."""
    number = secrets.randbits(_BITS)
    digits = "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(_DIGITS)))
    salt = secrets.token_bytes(SALT_BYTES)
    lock = {"kdf": KDF, "iterations": ITERATIONS, "salt": _text(salt)}
    nonce = secrets.token_bytes(12)
    wrapped = AESGCM(_derived(digits, salt, ITERATIONS)).encrypt(nonce, key, _lock_bound(lock, export_id))
    return Secret(key, {**lock, "key": _text(nonce + wrapped)}, _grouped(digits + _check(digits)))


def typed(passphrase: str) -> str:
    """What a person typed, as it counts. Raises `NotOpened` ("mistyped")."""
    found = "".join(c for c in passphrase.upper() if c.isalnum()).translate(_READ_AS)
    digits = found[:_DIGITS]
    if len(found) != _DIGITS + 2 or any(c not in ALPHABET for c in found) or not hmac.compare_digest(_check(digits), found[_DIGITS:]):
        raise NotOpened("mistyped")
    return digits


def unlocked(*, lock: dict[str, Any], passphrase: str, export_id: UUID) -> bytes:
    """The file's key. Raises `NotOpened`."""
    digits, wrapped = typed(passphrase), base64.b64decode(lock["key"])
    try:
        opened = AESGCM(_derived(digits, base64.b64decode(lock["salt"]), lock["iterations"]))
        return opened.decrypt(wrapped[:12], wrapped[12:], _lock_bound(lock, export_id))
    except InvalidTag:
        raise NotOpened("wrong") from None


def pieces_key(*, key: bytes, salt: bytes) -> bytes:
    """The key of one attempt's pieces."""
    return HKDF(SHA256(), KEY_BYTES, salt, f"{FORMAT} pieces".encode()).derive(key)


class Writer:
    """A file object that nothing leaves but in sealed pieces: plaintext is held in memory, a piece at a time, and never written.

    `close` writes the last piece, which says so. What was not closed does not open.
    """

    def __init__(self, target: BinaryIO, *, key: bytes, salt: bytes, export_id: UUID) -> None:
        self._target, self._cipher, self._bound = target, AESGCM(pieces_key(key=key, salt=salt)), _bound(export_id)
        self._held, self._number = bytearray(), 0
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self._held += data
        while len(self._held) > PIECE:  # the last piece is known only at the end
            self._out(bytes(self._held[:PIECE]), last=False)
            del self._held[:PIECE]
        return len(data)

    def flush(self) -> None:
        """Nothing: half a piece cannot leave."""

    def close(self) -> None:
        self._out(bytes(self._held), last=True)
        self._held.clear()

    @property
    def sha256(self) -> str:
        """Of all that was written, in hex."""
        return self._digest.hexdigest()

    def _out(self, plain: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, last), plain, self._bound)
        self._target.write(sealed)
        self._digest.update(sealed)
        self.size += len(sealed)
        self._number += 1


def pieces(source: BinaryIO) -> Iterator[bytes]:
    """A file's sealed pieces, as they lie there."""
    while piece := source.read(PIECE + TAG_BYTES):
        yield piece


def opened(sealed: Iterator[bytes], *, key: bytes, salt: bytes, export_id: UUID) -> Iterator[bytes]:
    """What the pieces hold. Raises `NotOpened`: what came before is sound, and not all."""
    cipher, bound, last = AESGCM(pieces_key(key=key, salt=salt)), _bound(export_id), False
    for number, piece in enumerate(sealed):
        if last:
            raise NotOpened("damaged")
        try:
            plain = cipher.decrypt(_nonce(number, False), piece, bound)
        except InvalidTag:
            try:
                plain, last = cipher.decrypt(_nonce(number, True), piece, bound), True
            except InvalidTag:
                raise NotOpened("damaged") from None
        yield plain
    if not last:
        raise NotOpened("cut_short")


def head(*, export_id: UUID, lock: dict[str, Any], salt: bytes) -> dict[str, Any]:
    """What stands before the pieces in a download."""
    return {"format": FORMAT, "id": str(export_id), "lock": lock, "salt": _text(salt)}


def _nonce(number: int, last: bool) -> bytes:
    return bytes(7) + number.to_bytes(4, "big") + bytes([last])


def _bound(export_id: UUID) -> bytes:
    return f"{FORMAT}|{export_id}".encode()


def _lock_bound(lock: dict[str, Any], export_id: UUID) -> bytes:
    return "|".join([FORMAT, str(export_id), lock["kdf"], str(lock["iterations"]), lock["salt"]]).encode()


def _derived(digits: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", digits.encode("ascii"), salt, iterations, KEY_BYTES)


def _check(digits: str) -> str:
    mark = int.from_bytes(hashlib.sha256(f"{FORMAT}|{digits}".encode()).digest()[:2], "big")
    return ALPHABET[mark >> 11] + ALPHABET[mark >> 6 & 31]


def _grouped(text: str) -> str:
    return "-".join(text[place : place + _GROUP] for place in range(0, len(text), _GROUP))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
