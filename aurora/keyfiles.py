"""Aurora's own keys: one file each, mode 600, made on first use when the operator named none.

Formats (all text, one line, so that they survive editors and secret stores):
secret  64 characters of base64url; aes256, hmac  32 bytes in base64url; ed25519, mldsa44  its 32-byte seed (RFC 8032; FIPS 204) in base64url;
es256   a private JWK (RFC 7517) for P-256 with `kid` (RFC 7638 thumbprint), `alg` and `use`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from cryptography.hazmat.primitives.asymmetric import ec

Kind = Literal["secret", "aes256", "hmac", "ed25519", "mldsa44", "es256"]
DEFAULT_NAMES: dict[Kind, str] = {
    "secret": "django-secret",
    "aes256": "vault-kek",
    "hmac": "identifier-hmac",
    "ed25519": "ledger-ed25519",
    "mldsa44": "ledger-mldsa44",
    "es256": "signing-es256.json",
}
KINDS: tuple[Kind, ...] = get_args(Kind)


class KeyFileError(ValueError):
    """A key file is unreadable, malformed, or open to others. The message names the file, never its content."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A key that lies in a file. Holds the path only; the key is read when asked for and is in no repr."""

    path: Path
    kind: Kind
    create: bool

    def text(self) -> str:
        """The line in the file. Makes the file first if that is allowed and it is missing. Raises KeyFileError."""
        if self.create and not self.path.exists():
            _create(self.path, _new(self.kind))
        try:
            mode = self.path.stat().st_mode
            value = self.path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise KeyFileError(f"cannot read the key file {self.path}: {type(error).__name__}") from None
        if mode & (stat.S_IRWXO | stat.S_IWGRP):
            raise KeyFileError(f"the key file {self.path} is open to other users; run: chmod 600 {self.path}")
        if not value:
            raise KeyFileError(f"the key file {self.path} is empty")
        return value

    def raw(self) -> bytes:
        """The 32 bytes of an aes256, hmac, ed25519 or mldsa44 key. Raises KeyFileError."""
        text = self.text()
        try:
            key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != 32:
            raise KeyFileError(f"the key file {self.path} must hold 32 bytes in base64url")
        return key

    def jwk(self) -> dict[str, Any]:
        """The private JWK of an es256 key. Raises KeyFileError."""
        try:
            key = json.loads(self.text())
        except ValueError:
            key = None
        wanted = {"kty": "EC", "crv": "P-256"}
        if not isinstance(key, dict) or any(key.get(k) != v for k, v in wanted.items()) or not {"x", "y", "d", "kid"} <= set(key):
            raise KeyFileError(f"the key file {self.path} must hold a private P-256 JWK with a kid")
        return key


def new_es256() -> dict[str, str]:
    """A new private P-256 JWK whose `kid` is its RFC 7638 thumbprint."""
    numbers = ec.generate_private_key(ec.SECP256R1()).private_numbers()
    public = {
        "crv": "P-256",
        "kty": "EC",
        "x": _b64(numbers.public_numbers.x.to_bytes(32, "big")),
        "y": _b64(numbers.public_numbers.y.to_bytes(32, "big")),
    }
    thumbprint = hashlib.sha256(json.dumps(public, separators=(",", ":"), sort_keys=True).encode()).digest()
    return {**public, "d": _b64(numbers.private_value.to_bytes(32, "big")), "alg": "ES256", "use": "sig", "kid": _b64(thumbprint)}


def _new(kind: Kind) -> str:
    if kind == "es256":
        return json.dumps(new_es256(), separators=(",", ":"))
    return secrets.token_urlsafe(48) if kind == "secret" else _b64(secrets.token_bytes(32))


def _create(path: Path, value: str) -> None:
    """Writes the whole file or nothing, and never over one that another process made meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it mode 600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(value + "\n")
            file.flush()
            os.fsync(file.fileno())
        # link() fails if the name exists: of several processes that start together, all end up with the first one's key.
        os.link(name, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(name)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
