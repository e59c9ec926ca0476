"""Checking what the log says without trusting who says it. Pure: needs the entry, its salt, a proof, a checkpoint and
the log's key.

    entry, salt -> commitment -> leaf hash -> inclusion under a root -> checkpoint signed by the log
    all entries of a citizen -> numbers 1, 2, 3, ... each linked to the commitment before

An entry that never was appended cannot be found this way; one that was appended and then kept from the citizen leaves
a gap.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from consent.ledger import leaf, merkle

ED25519 = b"\x01"
MAX_NOTE = 64 * 1024


class NotVerified(Exception):
    """What was checked does not hold. The message says which step failed, and nothing of an entry's content."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head whose signature was checked. `root` is 32 bytes."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That the leaf at `index` stands under the tree head that `checkpoint` (a signed note) states. Hashes from the
    leaf up.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str


@dataclass(frozen=True, slots=True)
class Link:
    """An entry's place in its citizen's chain, as columns or a bundle state it."""

    seq: int
    prev: bytes
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain is broken. `reason`: `missing` (numbers left out before `seq`), `repeated` or `unlinked` (another
    predecessor).
    """

    seq: int
    reason: str


def valid_name(name: str) -> bool:
    """C2SP signed-note: a key name is not empty and has no spaces and no '+'; nor control characters, as the note has
    none.
    """
    return bool(name) and not any(c.isspace() or c == "+" or ord(c) < 32 for c in name)


def key_id(name: str, public_key: bytes) -> bytes:
    """C2SP signed-note: SHA-256(name || 0x0A || 0x01 || Ed25519 public key)[:4]."""
    return hashlib.sha256(name.encode("utf-8") + b"\n" + ED25519 + public_key).digest()[:4]


def parse_vkey(vkey: str) -> tuple[str, Ed25519PublicKey]:
    """Name and key of a C2SP verifier key. Raises NotVerified if it is malformed, or not of Ed25519."""
    name, _, rest = vkey.strip().partition("+")
    stated, _, encoded = rest.partition("+")
    material = _base64(encoded)
    if not valid_name(name) or material is None or len(material) != 33 or material[:1] != ED25519:
        raise NotVerified("the log's key is not an Ed25519 verifier key")
    if stated != key_id(name, material[1:]).hex():
        raise NotVerified("the log's key does not have the id that it states")
    return name, Ed25519PublicKey.from_public_bytes(material[1:])


def open_note(note: str, vkey: str) -> str:
    """The text of a C2SP signed note, if the key signed it; other signatures are ignored. Raises NotVerified."""
    name, key = parse_vkey(vkey)
    wanted = key_id(name, key.public_bytes_raw())
    text, blank, signatures = note.rpartition("\n\n")
    if len(note) > MAX_NOTE or not blank or not signatures.endswith("\n") or any(ord(c) < 32 and c != "\n" for c in note):
        raise NotVerified("the note is malformed")
    text += "\n"
    for line in signatures[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        signer, _, encoded = rest.partition(" ")
        raw = _base64(encoded)
        if dash != "—" or raw is None or len(raw) < 5:
            raise NotVerified("a signature line is malformed")
        if signer == name and hmac.compare_digest(raw[:4], wanted):
            try:
                key.verify(raw[4:], text.encode("utf-8"))
            except (InvalidSignature, UnicodeEncodeError):
                raise NotVerified("the log's signature is wrong") from None
            return text
    raise NotVerified("the note is not signed by this key")


def open_checkpoint(note: str, vkey: str) -> Checkpoint:
    """The tree head that a signed checkpoint states. Raises NotVerified if signature, name or form are wrong."""
    lines = open_note(note, vkey).split("\n")
    origin = parse_vkey(vkey)[0]
    root = _base64(lines[2]) if len(lines) > 3 else None
    if root is None or len(root) != 32 or not lines[1].isascii() or not lines[1].isdigit() or str(int(lines[1][:20])) != lines[1]:
        raise NotVerified("the checkpoint is malformed")
    if lines[0] != origin:
        raise NotVerified("the checkpoint is of another log")
    return Checkpoint(origin, int(lines[1]), root)


def check_commitment(*, access: Mapping[str, Any], salt: bytes, link: Link) -> None:
    """That the commitment is to this content at this place of the chain. Raises NotVerified."""
    try:
        computed = leaf.commitment(salt=salt, access=access, prev=link.prev, seq=link.seq)
    except ValueError:
        raise NotVerified("the entry is malformed") from None
    if not hmac.compare_digest(computed, link.commitment):
        raise NotVerified("the entry is not what was committed to")


def check_inclusion(*, commitment: bytes, proof: InclusionProof, vkey: str) -> Checkpoint:
    """That the commitment is a leaf of the tree that the log signed. Raises NotVerified."""
    head = open_checkpoint(proof.checkpoint, vkey)
    leaf_hash = leaf.leaf_hash(commitment)
    if not merkle.verify_inclusion(index=proof.index, size=head.size, leaf=leaf_hash, proof=proof.hashes, root=head.root):
        raise NotVerified("the entry does not stand under the signed tree head")
    return head


def check_extension(*, old: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> None:
    """That the log has only grown between two checkpoints. Raises NotVerified for a forked or shrunken tree."""
    if old.size == 0 and old.root == merkle.EMPTY_ROOT and not proof:
        return
    if not merkle.verify_consistency(old=old.size, new=new.size, old_root=old.root, new_root=new.root, proof=proof):
        raise NotVerified("the newer tree does not extend the older one")


def check_sequence(links: Iterable[Link]) -> list[Break]:
    """Every place at which a citizen's entries (all of them, oldest first) are not one unbroken chain; empty if they
    are.
    """
    breaks: list[Break] = []
    seq, commitment = 0, leaf.NO_COMMITMENT
    for link in links:
        if link.seq != seq + 1:
            breaks.append(Break(link.seq, "missing" if link.seq > seq else "repeated"))
        elif link.prev != commitment:
            breaks.append(Break(link.seq, "unlinked"))
        seq, commitment = link.seq, link.commitment
    return breaks


def _base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
