"""The Merkle tree of RFC 6962 (RFC 9162, 2.1): root, inclusion and consistency proofs, and their verification. Pure.

The tree's storage is a function `node(height, index)`: the hash of the complete subtree over the 2**height leaves from
index * 2**height on. Every function here asks for O(log size) nodes, so a tree of any size is proved
from a few tiles (see `tiles.py`). Hashes are 32 bytes; indices and sizes count leaves from 0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

Node = Callable[[int, int], bytes]
EMPTY_ROOT = hashlib.sha256(b"").digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962, 2.1: the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def parents(hashes: bytes) -> bytes:
    """The hashes of the inner nodes over pairs of 32-byte hashes, all joined; a last one without a partner is left out."""
    sha256 = hashlib.sha256
    return b"".join([sha256(b"\x01" + hashes[at : at + 64]).digest() for at in range(0, len(hashes) // 64 * 64, 64)])


def complete_root(hashes: Sequence[bytes]) -> bytes:
    """The root over 2**k hashes, k >= 0."""
    if not hashes or len(hashes) & (len(hashes) - 1):
        raise ValueError("a complete subtree has 2**k hashes")
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]


def root(size: int, node: Node) -> bytes:
    """MTH(D[size]), RFC 6962, 2.1."""
    return _range_hash(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """PATH(index, D[size]), RFC 6962, 2.1.1: from the leaf's sibling up. Raises ValueError if there is no such leaf."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of this size")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_hash(middle, end, node))
            end = middle
        else:
            proof.append(_range_hash(start, middle, node))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, node: Node) -> list[bytes]:
    """PROOF(old, D[new]), RFC 6962, 2.1.2: that the tree of `new` leaves extends that of `old`; 0 < old <= new."""
    if not 0 < old <= new:
        raise ValueError("sizes must be 0 < old <= new")
    proof: list[bytes] = []
    start, end, whole = 0, new, True
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range_hash(middle, end, node))
            end = middle
        else:
            proof.append(_range_hash(start, middle, node))
            start, whole = middle, False
    # The old root itself is left out when it is a node of the new tree: the verifier has it (RFC 6962's b = true).
    return proof[::-1] if whole else [_range_hash(start, end, node), *proof[::-1]]


def verify_inclusion(*, index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2. False for any proof that does not lead from this leaf hash at this index to this root."""
    if not 0 <= index < size or any(len(value) != 32 for value in (leaf, root, *proof)):
        return False
    fn, sn, computed = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            computed = node_hash(sibling, computed)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            computed = node_hash(computed, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and computed == root


def verify_consistency(*, old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162, 2.1.4.2. False for old = 0: an empty tree proves nothing, and who starts from it must know so."""
    if old == new > 0:
        return not proof and old_root == new_root
    if not 0 < old < new or any(len(value) != 32 for value in (old_root, new_root, *proof)):
        return False
    path = [old_root, *proof] if not old & (old - 1) else list(proof)
    if not path:
        return False
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and first == old_root and second == new_root


def _split(width: int) -> int:
    """The largest power of two smaller than `width` (k of RFC 6962, 2.1); width >= 2."""
    return 1 << ((width - 1).bit_length() - 1)


def _range_hash(start: int, end: int, node: Node) -> bytes:
    """MTH(D[start:end]) for a range that the recursion of RFC 6962 can reach, from its complete subtrees."""
    width = end - start
    if not width & (width - 1):
        height = width.bit_length() - 1
        return node(height, start >> height)
    middle = start + _split(width)
    return node_hash(_range_hash(start, middle, node), _range_hash(middle, end, node))
