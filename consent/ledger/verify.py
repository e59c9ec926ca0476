"""Checking what the log says without trusting who says it. Pure: needs the entry, its salt, a proof, a checkpoint and
the log's key.

    entry, salt -> commitment -> leaf hash -> inclusion under a root -> checkpoint signed by the log
    all entries of a citizen -> numbers 1, 2, 3, ... each linked to the commitment before

An entry that never was appended cannot be found this way; one that was appended and then kept from the citizen leaves
a gap.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consent.ledger import leaf, merkle
from consent.ledger.note import (
    COSIGNATURE,
    ED25519,
    Checkpoint,
    NotVerified,
    key_id,
    open_note,
    open_signed,
    parse_head,
    parse_vkey,
    valid_name,
)

__all__ = [
    "ED25519",
    "Break",
    "Checkpoint",
    "Cosigned",
    "InclusionProof",
    "Link",
    "NotVerified",
    "check_commitment",
    "check_extension",
    "check_inclusion",
    "check_sequence",
    "key_id",
    "open_checkpoint",
    "open_cosigned",
    "open_note",
    "parse_vkey",
    "valid_name",
]


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A tree head that a witness vouches for: when it signed, this was the largest tree of the log that it had seen, and all before were its prefixes.

    `time` is POSIX seconds by the witness's clock, which may be wrong: it is shown, and nothing is put in order by it.
    """

    checkpoint: Checkpoint
    time: int


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


def open_checkpoint(note: str, vkey: str) -> Checkpoint:
    """The tree head that a checkpoint of the log states, by either of the log's keys. Raises NotVerified if signature, name or form are wrong."""
    key = parse_vkey(vkey)
    if key.kind == COSIGNATURE:
        raise NotVerified("the log's key is a witness's")
    head = _head(open_signed(note, key).text)
    if head.origin != key.name:
        raise NotVerified("the checkpoint is of another log")
    return head


def open_cosigned(note: str, vkey: str) -> Cosigned:
    """What a witness cosigned (C2SP tlog-cosignature), of whichever log. Raises NotVerified.

    Whether the log signed it too is not looked at: `open_checkpoint` does that.
    """
    opened = open_signed(note, parse_vkey(vkey))
    if not opened.time:
        raise NotVerified("the cosignature states no time")
    return Cosigned(_head(opened.text), opened.time)


def _head(text: str) -> Checkpoint:
    head = parse_head(text)
    if head is None:
        raise NotVerified("the checkpoint is malformed")
    return head


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
