"""Signing tree heads: C2SP tlog-checkpoint, which is a C2SP signed-note with an Ed25519 signature. Only the sequencer
holds the key.

The key file has the form of all of Aurora's key files: one line, the 32-byte Ed25519 seed (RFC 8032) in base64url,
mode 600.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.ledger.verify import ED25519, key_id, valid_name


class LedgerKeyError(ValueError):
    """The key file is unreadable, malformed or open to others, or the log's name is not one. Never quotes the key."""


def ensure_key(path: str | os.PathLike[str]) -> Ed25519PrivateKey:
    """The key in the file, which is made with mode 600 if it is missing. Raises LedgerKeyError."""
    file = Path(path)
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
        raise LedgerKeyError(f"the key file {file} must hold a 32-byte Ed25519 seed in base64url")
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise LedgerKeyError(f"the key file {file} is open to other users; run: chmod 600 {file}")
    return Ed25519PrivateKey.from_private_bytes(seed)


@dataclass(frozen=True, slots=True)
class Signer:
    """A log's name (its checkpoints' origin line and key name) with its key, which is in no repr."""

    origin: str
    key: Ed25519PrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        if not valid_name(self.origin):
            raise LedgerKeyError("the log's name must be one word without '+', such as aurora.example/ledger")

    @property
    def vkey(self) -> str:
        """The verifier key, C2SP signed-note: `<name>+<key id>+<base64(0x01 || public key)>`."""
        public = self.key.public_key().public_bytes_raw()
        encoded = base64.b64encode(ED25519 + public).decode("ascii")
        return f"{self.origin}+{key_id(self.origin, public).hex()}+{encoded}"

    def checkpoint(self, size: int, root: bytes) -> str:
        """The signed note for a tree of `size` leaves under `root` (32 bytes)."""
        text = f"{self.origin}\n{size}\n{base64.b64encode(root).decode('ascii')}\n"
        signature = key_id(self.origin, self.key.public_key().public_bytes_raw()) + self.key.sign(text.encode("utf-8"))
        return f"{text}\n— {self.origin} {base64.b64encode(signature).decode('ascii')}\n"


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
