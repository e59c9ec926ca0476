"""C2SP signed-note: verifier keys, signature lines, and opening a note by a key. Pure.

Of the assigned signature types these three, told apart by a byte in key and key id:

    0x01  Ed25519 over the text                                   signed-note; the log's first line
    0x04  Ed25519 over a header, a time and the text              tlog-cosignature, `cosignature/v1`; a witness's line
    0x06  ML-DSA-44 (FIPS 204) over name, time, origin and tree   tlog-cosignature, `subtree/v1`; the log's second line, or a witness's
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

ED25519 = b"\x01"
COSIGNATURE = b"\x04"
ML_DSA_44 = b"\x06"
PUBLIC_BYTES = {ED25519: 32, COSIGNATURE: 32, ML_DSA_44: 1312}
SIGNATURE_BYTES = {ED25519: 64, COSIGNATURE: 8 + 64, ML_DSA_44: 8 + 2420}
TIMED = (COSIGNATURE, ML_DSA_44)
LATEST = 2**63 - 1
MAX_NOTE = 64 * 1024


class NotVerified(Exception):
    """What was checked does not hold. The message says which step failed, and nothing of an entry's content."""


@dataclass(frozen=True, slots=True)
class Vkey:
    """A verifier key: `kind` is one of the three types (one byte), `public` the raw public key."""

    name: str
    kind: bytes
    public: bytes

    @property
    def key_id(self) -> bytes:
        return key_id(self.name, self.public, self.kind)

    def __str__(self) -> str:
        """C2SP signed-note: `<name>+<key id>+<base64(type || public key)>`."""
        return f"{self.name}+{self.key_id.hex()}+{encode(self.kind + self.public)}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: the three lines of a checkpoint (C2SP tlog-checkpoint). `root` is 32 bytes."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{encode(self.root)}\n"


@dataclass(frozen=True, slots=True)
class Opened:
    """A note's text, which the key signed, and when it says so: POSIX seconds by the signer's clock, None in a signature without a time."""

    text: str
    time: int | None


def valid_name(name: str) -> bool:
    """C2SP signed-note: a key name is not empty and has no spaces and no '+'; nor control characters, as the note has
    none.
    """
    return bool(name) and not any(c.isspace() or c == "+" or ord(c) < 32 for c in name)


def key_id(name: str, public_key: bytes, kind: bytes = ED25519) -> bytes:
    """C2SP signed-note: SHA-256(name || 0x0A || type || public key)[:4]."""
    return hashlib.sha256(name.encode("utf-8") + b"\n" + kind + public_key).digest()[:4]


def parse_vkey(vkey: str) -> Vkey:
    """Raises NotVerified if it is malformed, or of a type that is none of the three."""
    name, _, rest = vkey.strip().partition("+")
    stated, _, encoded = rest.partition("+")
    material = decode(encoded)
    if not valid_name(name) or not material or PUBLIC_BYTES.get(material[:1]) != len(material) - 1:
        raise NotVerified("the log's key is not a verifier key of a known type")
    key = Vkey(name, material[:1], material[1:])
    if stated != key.key_id.hex():
        raise NotVerified("the log's key does not have the id that it states")
    return key


def parse_head(text: str) -> Checkpoint | None:
    """What a note's text states if it is a checkpoint; extension lines are passed over."""
    lines = text.split("\n")
    root = decode(lines[2]) if len(lines) > 3 else None
    if root is None or len(root) != 32 or not lines[0] or not lines[1].isascii() or not lines[1].isdigit():
        return None
    return Checkpoint(lines[0], int(lines[1]), root) if len(lines[1]) < 20 and str(int(lines[1])) == lines[1] else None


def message(key: Vkey, text: str, time: int) -> bytes:
    """The bytes that a signature of this key's type is over. `time` plays no part in type 0x01. Raises NotVerified if ML-DSA cannot sign such a text."""
    if key.kind == ED25519:
        return text.encode("utf-8")
    if key.kind == COSIGNATURE:
        return f"cosignature/v1\ntime {time}\n{text}".encode()
    head, name = parse_head(text), key.name.encode("utf-8")
    origin = head.origin.encode("utf-8") if head else b""
    if head is None or not 0 < len(name) < 256 or not 0 < len(origin) < 256:
        raise NotVerified("the note is not a checkpoint")
    return b"".join(
        (
            b"subtree/v1\n\x00",
            len(name).to_bytes(1, "big") + name,
            time.to_bytes(8, "big"),
            len(origin).to_bytes(1, "big") + origin,
            (0).to_bytes(8, "big") + head.size.to_bytes(8, "big"),
            head.root,
        )
    )


def line(key: Vkey, signature: bytes, time: int | None = None) -> str:
    """A signature line with its newline. `time` is there exactly for the types that state one."""
    stated = b"" if time is None else time.to_bytes(8, "big")
    return f"— {key.name} {encode(key.key_id + stated + signature)}\n"


def parts(note: str) -> tuple[str, Sequence[tuple[str, bytes]]]:
    """Text, and name and (key id || signature) of each line. Raises NotVerified for a note that is malformed."""
    text, blank, signatures = note.rpartition("\n\n")
    if len(note) > MAX_NOTE or not blank or not signatures.endswith("\n") or any(ord(c) < 32 and c != "\n" for c in note):
        raise NotVerified("the note is malformed")
    found = []
    for one in signatures[:-1].split("\n"):
        dash, _, rest = one.partition(" ")
        signer, _, encoded = rest.partition(" ")
        raw = decode(encoded)
        if dash != "—" or raw is None or len(raw) < 5:
            raise NotVerified("a signature line is malformed")
        found.append((signer, raw))
    return text + "\n", found


def open_signed(note: str, vkey: str | Vkey) -> Opened:
    """The note, if the key signed it; lines of other keys are passed over. Raises NotVerified."""
    key = parse_vkey(vkey) if isinstance(vkey, str) else vkey
    text, lines = parts(note)
    # All that claim to be of this key: one that is wrong spoils the note.
    times = [_check(key, text, raw[4:]) for signer, raw in lines if signer == key.name and hmac.compare_digest(raw[:4], key.key_id)]
    if not times:
        raise NotVerified("the note is not signed by this key")
    return Opened(text, times[0])


def open_note(note: str, vkey: str) -> str:
    """The text alone. Raises NotVerified."""
    return open_signed(note, vkey).text


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def decode(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _check(key: Vkey, text: str, stated: bytes) -> int | None:
    if len(stated) != SIGNATURE_BYTES[key.kind]:
        raise NotVerified("the log's signature is wrong")
    time = int.from_bytes(stated[:8], "big") if key.kind in TIMED else 0
    signature = stated[8:] if key.kind in TIMED else stated
    if time > LATEST:
        raise NotVerified("the log's signature is wrong")
    public = MLDSA44PublicKey if key.kind == ML_DSA_44 else Ed25519PublicKey
    try:
        public.from_public_bytes(key.public).verify(signature, message(key, text, time))
    except (InvalidSignature, UnicodeEncodeError, ValueError):
        raise NotVerified("the log's signature is wrong") from None
    return time if key.kind in TIMED else None
