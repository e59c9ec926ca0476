"""Signing tree heads: C2SP tlog-checkpoint, a signed note with two lines of the log, and one more for each former key that goes on for a time.
Only the sequencer holds the keys.

The first line is of Ed25519, which every verifier of such notes knows; the second of ML-DSA-44, which would stand
if Ed25519 fell to a quantum computer. Who does not know the second passes it over.

A key file has the form of all of Aurora's key files: one line, a 32-byte seed (Ed25519: RFC 8032; ML-DSA-44: FIPS 204's
xi) in base64url, mode 600.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import stat
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from consent.ledger.note import ED25519, LATEST, ML_DSA_44, Checkpoint, Vkey, line, message, valid_name


class LedgerKeyError(ValueError):
    """The key file is unreadable, malformed or open to others, or the log's name is not one. Never quotes the key."""


def ensure_key(path: str | os.PathLike[str]) -> Ed25519PrivateKey:
    """The Ed25519 key in the file, which is made with mode 600 if it is missing. Raises LedgerKeyError."""
    return Ed25519PrivateKey.from_private_bytes(_seed(Path(path), "Ed25519"))


def ensure_mldsa_key(path: str | os.PathLike[str]) -> MLDSA44PrivateKey:
    """The same for ML-DSA-44."""
    return MLDSA44PrivateKey.from_seed_bytes(_seed(Path(path), "ML-DSA-44"))


@dataclass(frozen=True, slots=True)
class Signer:
    """A log's name (its checkpoints' origin line and key name) with its two keys, which are in no repr.

    `former`: Ed25519 keys that the log had before and that sign beside the present one, last: who has noted one of them takes the present
    one from its word (docs/citizen/log.md, "Which keys bind").
    """

    origin: str
    key: Ed25519PrivateKey = field(repr=False)
    mldsa: MLDSA44PrivateKey = field(repr=False)
    former: tuple[Ed25519PrivateKey, ...] = field(default=(), repr=False)
    ed25519_vkey: Vkey = field(init=False, repr=False)
    mldsa_vkey: Vkey = field(init=False, repr=False)
    former_vkeys: tuple[Vkey, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not valid_name(self.origin) or len(self.origin.encode("utf-8")) > 255:
            raise LedgerKeyError("the log's name must be one word without '+', of at most 255 bytes, such as aurora.example/ledger")
        # Kept: a public key is worked out of an ML-DSA seed in the time of a signature.
        ed25519, *former = [Vkey(self.origin, ED25519, key.public_key().public_bytes_raw()) for key in (self.key, *self.former)]
        if ed25519 in former or len(set(former)) < len(former):
            raise LedgerKeyError("the log's former keys are not the one that it has, and none of them stands twice")
        object.__setattr__(self, "ed25519_vkey", ed25519)
        object.__setattr__(self, "former_vkeys", tuple(former))
        object.__setattr__(self, "mldsa_vkey", Vkey(self.origin, ML_DSA_44, self.mldsa.public_key().public_bytes_raw()))

    @property
    def vkey(self) -> str:
        """The Ed25519 verifier key (C2SP signed-note)."""
        return str(self.ed25519_vkey)

    @property
    def vkeys(self) -> tuple[str, str]:
        """Both that it has, the Ed25519 one first."""
        return str(self.ed25519_vkey), str(self.mldsa_vkey)

    @property
    def signing(self) -> tuple[str, ...]:
        """All whose lines a checkpoint bears."""
        return *self.vkeys, *map(str, self.former_vkeys)

    def checkpoint(self, size: int, root: bytes, *, at: float | None = None) -> str:
        """The signed note for a tree of `size` leaves under `root` (32 bytes). `at` (POSIX seconds, None: now) stands in the ML-DSA-44 line."""
        text = Checkpoint(self.origin, size, root).text
        # By whatever the clock says, within what the format can state; verifiers order by size alone.
        seconds = min(max(int(time.time() if at is None else at), 1), LATEST)
        first = line(self.ed25519_vkey, self.key.sign(message(self.ed25519_vkey, text, 0)))
        second = line(self.mldsa_vkey, self.mldsa.sign(message(self.mldsa_vkey, text, seconds)), seconds)
        others = [line(vkey, key.sign(message(vkey, text, 0))) for vkey, key in zip(self.former_vkeys, self.former, strict=True)]
        return f"{text}\n{first}{second}{''.join(others)}"


def _seed(file: Path, kind: str) -> bytes:
    if not file.exists():
        _create(file)
    try:
        mode = file.stat().st_mode
        text = file.read_text("ascii").strip()
        seed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except OSError as error:
        raise LedgerKeyError(f"cannot read the key file {file}: {type(error).__name__}") from None
    except (UnicodeDecodeError, binascii.Error, ValueError):
        seed = b""
    if len(seed) != 32:
        raise LedgerKeyError(f"the key file {file} must hold a 32-byte {kind} seed in base64url")
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise LedgerKeyError(f"the key file {file} is open to other users; run: chmod 600 {file}")
    return seed


def _create(file: Path) -> None:
    """The whole file or nothing, and never over one that another process made meanwhile."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mkstemp makes it mode 600
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=") + b"\n")
            out.flush()
            os.fsync(out.fileno())
        os.link(name, file)  # fails if the name exists: all who start together end up with the first one's key
    except FileExistsError:
        pass
    finally:
        os.unlink(name)
