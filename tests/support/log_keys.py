"""Keys of a log and of a witness that tests can name by a seed."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from consent.ledger import note
from consent.ledger.checkpoint import Signer


def make_signer(origin: str, seed: bytes, *, mldsa: bytes | None = None) -> Signer:
    """A log's signer; both keys come from `seed` (32 bytes) unless the other has a seed of its own."""
    return Signer(origin, Ed25519PrivateKey.from_private_bytes(seed), MLDSA44PrivateKey.from_seed_bytes(mldsa or seed))


def witness_vkey(name: str, seed: bytes) -> note.Vkey:
    """A witness's verifier key, of type 0x04."""
    return note.Vkey(name, note.COSIGNATURE, Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())


def cosignature(checkpoint: str, name: str, seed: bytes, *, at: int) -> str:
    """The signature line of a witness on this note, stating `at` (POSIX seconds)."""
    key = witness_vkey(name, seed)
    signed = note.message(key, note.parts(checkpoint)[0], at)
    return note.line(key, Ed25519PrivateKey.from_private_bytes(seed).sign(signed), at)
