"""Verifier keys and signatures as a witness needs them (C2SP signed-note, tlog-cosignature)."""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

LOG_ED25519, COSIGNATURE_V1, LOG_MLDSA = 1, 4, 6


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _id(name: str, kind: int, public: bytes) -> bytes:
    return hashlib.sha256(b"%b\n%c%b" % (name.encode(), kind, public)).digest()[:4]


@dataclass(frozen=True)
class LogKey:
    """A key that the operator of this witness trusts for a log."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        return _id(self.name, self.kind, self.public)

    def signed(self, signature: bytes, text: bytes, size: int, root: bytes) -> bool:
        """Whether this is its signature on a checkpoint of this text, which states this tree."""
        try:
            if self.kind == LOG_ED25519:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
                return True
            if len(signature) != 8 + 2420:
                return False
            name = self.name.encode()
            named = struct.pack("B", len(name)) + name  # cosigner and log are one
            tree = struct.pack(">QQ", 0, size) + root
            MLDSA44PublicKey.from_public_bytes(self.public).verify(
                signature[8:], b"subtree/v1\n\x00" + named + signature[:8] + named + tree
            )
            return True
        except InvalidSignature:
            return False


def log_key(vkey: str) -> LogKey:
    """`name+id+base64`, of type 1 or 6. ValueError for anything else."""
    name, stated, encoded = vkey.split("+", 2)
    material = base64.b64decode(encoded, validate=True)
    key = LogKey(name, material[0] if material else 0, material[1:])
    if {LOG_ED25519: 32, LOG_MLDSA: 1312}.get(key.kind) != len(key.public) or key.key_id.hex() != stated:
        raise ValueError("not the verifier key of a log")
    return key


@dataclass(frozen=True)
class Cosigner:
    """This witness's own name and key."""

    name: str
    key: Ed25519PrivateKey = field(repr=False)

    @property
    def _public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    @property
    def vkey(self) -> str:
        return f"{self.name}+{_id(self.name, COSIGNATURE_V1, self._public).hex()}+{b64(bytes([COSIGNATURE_V1]) + self._public)}"

    def line(self, text: str, at: int) -> str:
        """Its cosignature on a checkpoint's text, at this time (POSIX seconds)."""
        signature = self.key.sign(f"cosignature/v1\ntime {at}\n{text}".encode())
        return f"— {self.name} {b64(_id(self.name, COSIGNATURE_V1, self._public) + struct.pack('>Q', at) + signature)}\n"


def cosigner(name: str, seed: str) -> Cosigner:
    """From 32 bytes in base64. ValueError if they are not."""
    return Cosigner(name, Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed, validate=True)))
